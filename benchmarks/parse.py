"""Our parser beside what its users would take instead: time, and how time and memory grow.

    python benchmarks/parse.py [--json FILE] [--quick]

The runs are interleaved (A B C A B C), so that a busy moment of the machine hits all; every run reads a text that
nobody has read before, and every result must prove that it holds all records. Times are medians. genie takes part
if it is installed: ``pip install -e '.[bench]'``.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contenders as who
import corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUNS = 5
MEMBERS, MANY_MEMBERS, ACES = 2000, 8000, 100
AIMS = ((who.GENIE, 5.0), (who.CLITABLE, 2.0))  # how many times as long as ours it should take, at least
FLOOR_AIM = 20.0  # how many times as long as the floor ours may take


class NotReadError(Exception):
    """A contender did not see what the text holds."""


@dataclass(frozen=True)
class Subject:
    """One output to read.

    Attributes:
        title: for people.
        command: what it answers.
        make: edition -> text.
        seen: edition -> what every witness must say.
    """

    title: str
    command: str
    make: Callable[[int], str]
    seen: Callable[[int], tuple[int, str]]


def member_subject(count: int) -> Subject:
    """``show crypto gdoi ks members`` of so many members."""
    return Subject(
        f"{who.MEMBERS}: {count} members",
        who.MEMBERS,
        lambda edition: corpus.members(count, edition),
        lambda edition: (count, corpus.member_address(count - 1, edition)),
    )


def sa_subject(aces: int) -> Subject:
    """``show crypto ipsec sa`` of so many entries."""
    sas = aces * corpus.SAS_PER_ACE
    return Subject(
        f"{who.IPSEC_SA}: {aces} entries, {sas} SAs",
        who.IPSEC_SA,
        lambda edition: corpus.ipsec_sa(aces, edition),
        lambda _: (sas, str(corpus.FIRST_CONNECTION + sas - 1)),
    )


def prove(subject: Subject, contender: who.Contender, edition: int, result: object) -> None:
    """See that a contender saw every record.

    Raises:
        NotReadError: it did not.
    """
    seen, wanted = contender.witness(result), subject.seen(edition)
    if seen != wanted:
        msg = f"{subject.title}: {contender.name} saw {seen} where there is {wanted}"
        raise NotReadError(msg)


def measure(subject: Subject, runs: int) -> dict[str, list[float]]:
    """Seconds of every run, by contender."""
    contending = who.contenders(subject.command)
    first = subject.make(0)
    for contender in contending:  # not timed: templates are compiled once per process, genie looks for its parsers
        prove(subject, contender, 0, contender.read(first))
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contending}
    for edition in range(1, runs + 1):
        text = subject.make(edition)
        for contender in contending:
            start = time.perf_counter()
            result = contender.read(text)
            seconds[contender.name].append(time.perf_counter() - start)
            prove(subject, contender, edition, result)
            del result  # so that the next one starts with the memory that this one started with
    return seconds


def peaks(subject: Subject) -> dict[str, int]:
    """Most bytes that each contender's reading holds at a time, by contender; the text itself is not counted."""
    text = subject.make(0)
    found = {}
    tracemalloc.start()
    try:
        for contender in who.contenders(subject.command):
            contender.read(text)  # what is made once per process is no part of it
            gc.collect()  # of cycles that an earlier reading left
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            result = contender.read(text)
            found[contender.name] = tracemalloc.get_traced_memory()[1] - before
            del result
    finally:
        tracemalloc.stop()
    return found


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns: the first to the left, the others to the right."""
    widths = [max(len(row[place]) for row in [header, *rows]) for place in range(len(header))]
    for row in [header, *rows]:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells]))


def report(subject: Subject, seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Print one subject's table; the same for ``--json``."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    lines = subject.make(0).count("\n")
    runs = len(seconds[who.OURS])
    print(f"\n{subject.title}, {lines} lines; median of {runs} run{'s' if runs > 1 else ''}")
    rows = [
        (name, f"{median * 1000:.1f}", f"{median / medians[who.FLOOR]:.1f}", f"{median / medians[who.OURS]:.2f}")
        for name, median in sorted(medians.items(), key=lambda item: item[1])
    ]
    table(("", "ms", "x floor", "x ours"), rows)
    return {
        "subject": subject.title,
        "lines": lines,
        "seconds": seconds,
        "median_seconds": medians,
        "aims": aims(medians) if runs > 1 else [],
    }


def aims(medians: dict[str, float]) -> list[dict[str, Any]]:
    """Print what was aimed at and what was reached; the same for ``--json``."""
    found = []
    ours = medians[who.OURS]
    for name, aim in AIMS:
        if name in medians:
            ratio = medians[name] / ours
            found.append({"aim": f"{name} takes at least {aim:g} times as long", "is": ratio, "met": ratio >= aim})
    ratio = ours / medians[who.FLOOR]
    found.append({"aim": f"at most {FLOOR_AIM:g} times the floor", "is": ratio, "met": ratio <= FLOOR_AIM})
    for item in found:
        print(f"  {'met   ' if item['met'] else 'MISSED'} {item['aim']}: {item['is']:.1f}")
    return found


def growth(
    small: Subject, large: Subject, factor: float, seconds: tuple[dict[str, list[float]], dict[str, list[float]]]
) -> dict[str, Any]:
    """Print how time and memory grow with the text; the same for ``--json``."""
    before, after = peaks(small), peaks(large)
    times = {name: statistics.median(seconds[1][name]) / statistics.median(seconds[0][name]) for name in seconds[0]}
    print(f"\ngrowth with {factor:g} times the members ({factor:.2f} is linear)")
    rows = [
        (name, f"{times[name]:.2f}", f"{after[name] / before[name]:.2f}", f"{after[name] / 2**20:.1f}")
        for name in times
    ]
    table(("", "time", "memory", "peak MiB"), rows)
    return {"factor": factor, "time": times, "peak_bytes": {"small": before, "large": after}}


def main() -> int:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's time there")
    parser.add_argument("--quick", action="store_true", help="small outputs, one run: proves the benchmark, not speed")
    options = parser.parse_args()
    runs = 1 if options.quick else RUNS
    shrink = 40 if options.quick else 1
    small, large = member_subject(MEMBERS // shrink), member_subject(MANY_MEMBERS // shrink)
    print(f"Python {platform.python_version()}, {platform.machine()}")
    if who.genie_is_missing():
        print("genie is not installed, and takes no part; to have it: pip install -e '.[bench]'")
    subjects = (small, large, sa_subject(max(1, ACES // shrink)))
    seconds = [measure(subject, runs) for subject in subjects]
    results = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "runs": runs,
        "subjects": [report(subject, times) for subject, times in zip(subjects, seconds, strict=True)],
        "growth": growth(small, large, MANY_MEMBERS / MEMBERS, (seconds[0], seconds[1])),
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
