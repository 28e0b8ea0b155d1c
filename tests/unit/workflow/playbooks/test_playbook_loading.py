"""Every mistake of a playbook is told at once, with its line and path; what is right comes back as it was written."""

from __future__ import annotations

import os
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from getvpn_ops.resources import data_dir
from getvpn_ops.settings.mistakes import Mistakes
from getvpn_ops.settings.yaml_file import Document, parse_yaml, to_yaml
from getvpn_ops.workflow.playbooks.askable import CHECKS, About
from getvpn_ops.workflow.playbooks.loading import LARGEST, Known, playbook_of
from getvpn_ops.workflow.playbooks.schema import Playbook
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS, ConfigureParams

KNOWN = Known(CHECKS, lambda: {"Europe/Lisbon", "Europe/London"})
HEAD = "schema: 1\nname: move\ntitle: a move\n"
ONE = f"{HEAD}stages:\n- {{id: see, action: look, "


def read(text: str, name: str = "move") -> tuple[Playbook | None, list[str]]:
    """What a text says, and its mistakes without the name of the file."""
    mistakes = Mistakes()
    document = Document(Path(f"/p/{name}.yaml"), parse_yaml(text), text)
    made = playbook_of(document, mistakes, KNOWN)
    return made, [said.removeprefix(f"/p/{name}.yaml:").lstrip() for said in mistakes.told()]


WRONG = sorted((Path(__file__).parents[3] / "data" / "playbooks" / "wrong").glob("*.yaml"))


@pytest.mark.parametrize("case", WRONG, ids=lambda path: path.stem)
def test_every_mistake_with_its_line(case: Path) -> None:
    """To accept a change of words on purpose: ``GETVPN_OPS_GOLDEN=write``, and read the difference."""
    said = yaml.safe_load(case.read_text(encoding="utf-8"))
    made, told = read(said["text"])
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        head, _, _ = case.read_text(encoding="utf-8").partition("said: |\n")
        case.write_text(head + "said: |\n" + "".join(f"  {line}\n" for line in told), encoding="utf-8")
    assert told == said["said"].splitlines()
    assert told
    assert made is None


def test_there_are_cases() -> None:
    assert len(WRONG) > 15


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    made, told = read(f"{ONE}}}\n#{' ' * LARGEST}")
    assert (made, told) == (None, ["this is larger than 1 MB, and no playbook"])


def test_zones_are_only_looked_up_where_another_one_than_utc_is_named() -> None:
    def never() -> set[str]:
        raise AssertionError

    text = f"{HEAD}windows: [{{start: '22:00', end: '05:00', zone: UTC}}]\nstages: [{{id: a, action: look}}]\n"
    mistakes = Mistakes()
    document = Document(Path("move.yaml"), parse_yaml(text), text)
    assert playbook_of(document, mistakes, Known(CHECKS, never)) is not None
    assert not mistakes


def test_what_yaml_takes_for_a_moment_is_one() -> None:
    made, told = read(
        f"{HEAD}freezes: [{{start: 2026-12-20T00:00:00Z, end: '2026-12-21T00:00:00+00:00'}}]\n"
        "stages: [{id: a, action: look}]\n"
    )
    assert told == []
    assert made is not None
    assert [(item.start, item.end) for item in made.freezes] == [
        (datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 12, 21, tzinfo=UTC))
    ]


SLUGS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8).map(lambda text: f"s{text}")
LINES = st.text(st.characters(max_codepoint=0x17F).filter(str.isprintable), max_size=30)
TITLES = LINES.map(lambda text: f"t{text}")
ASKED = [name for name, item in CHECKS.items() if item.about is not About.NO_GATE]
GATES = st.fixed_dictionaries(
    {"check": st.sampled_from(ASKED)},
    optional={
        "on_fail": st.sampled_from(["hold", "rollback", "abort"]),
        "max_age": st.integers(0, 3600),
        "patience": st.integers(0, 60),
    },
)
RINGS = st.sets(st.integers(1, 99), max_size=4).map(lambda found: [*sorted(found), 100])
ZONES = st.sampled_from(["UTC", "Europe/Lisbon", "Europe/London"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 -- hypothesis wants bounds without a zone


@st.composite
def playbooks(draw: st.DrawFn) -> dict[str, Any]:
    options = {
        name: {"choices": choices, "default": choices[0], "about": draw(TITLES)}
        for name, choices in draw(
            st.dictionaries(SLUGS, st.lists(SLUGS, min_size=1, max_size=3, unique=True), max_size=2)
        ).items()
    }
    stages = []
    for name in draw(st.lists(SLUGS, min_size=1, max_size=4, unique=True)):
        action = draw(st.sampled_from(STAGE_ACTIONS))
        stages.append(
            {
                "id": name,
                "action": action.id,
                "title": draw(LINES),
                "params": {"passive": "off"} if action.params is ConfigureParams else {},
                "targets": {"who": draw(st.sampled_from(["members", "pilot", "rest", "all"]))},
                "when": {key: draw(st.sampled_from(item["choices"])) for key, item in options.items()},
                "batch": {"rings": draw(RINGS), "soak": draw(st.integers(0, 60))},
                "enter": draw(st.lists(GATES, max_size=2)),
                "exit": draw(st.lists(GATES, max_size=2)),
                "approval": draw(LINES),
                "windowed": draw(st.booleans()),
            }
        )
    start, end = draw(st.lists(st.times(), min_size=2, max_size=2, unique=True))
    first, last = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=2, unique=True)))
    return {
        "schema": 1,
        "name": "move",
        "title": draw(TITLES),
        "about": draw(LINES),
        "options": options,
        "windows": [{"start": f"{start:%H:%M}", "end": f"{end:%H:%M:%S}", "zone": draw(ZONES)}]
        if f"{start:%H:%M}:00" != f"{end:%H:%M:%S}"
        else [],
        "freezes": [{"start": first.isoformat(), "end": last.isoformat(), "reason": draw(TITLES)}],
        "stages": stages,
    }


@given(playbooks())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_what_is_read(plain: dict[str, Any]) -> None:
    made, told = read(to_yaml(plain))
    assert told == []
    assert made == Playbook.model_validate(plain)
    again, told = read(to_yaml(made.model_dump(mode="json", by_alias=True)))
    assert (again, told) == (made, [])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["look", "a", "way"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["stages", "options", "when", "exit", "check", "params", "action", "windows", "zone", "id"])
            | st.integers(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(ANYTHING, st.sampled_from(["stages", "options", "windows", "freezes"]))
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_stands_in_a_file_becomes_mistakes(value: object, key: str) -> None:
    made, told = read(to_yaml({"schema": 1, "name": "move", "title": "t", key: value}))
    assert (made is None) == bool(told)


SHIPPED = sorted(path for path in data_dir("playbooks").iterdir() if path.suffix == ".yaml")


def test_some_travel_with_the_package() -> None:
    assert {path.stem for path in SHIPPED} >= {"migrate-to-getvpn", "coop-drill", "swap-acl"}


def shipped(path: Path) -> Playbook:
    made, told = read(path.read_text(encoding="utf-8"), path.stem)
    assert told == []
    assert made is not None
    return made


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_those_of_the_package_are_right(path: Path) -> None:
    made = shipped(path)
    assert made.about
    taken = {name: {stage.when[name] for stage in made.stages if name in stage.when} for name in made.options}
    for name, option in made.options.items():
        assert taken[name] <= {*option.choices}
        assert {*option.choices} - taken[name] <= {"none"}, f"nothing is done for a choice of {name}"


def test_the_migration_goes_through_all_that_the_guide_asks_for() -> None:
    made = shipped(next(path for path in SHIPPED if path.stem == "migrate-to-getvpn"))
    chosen = {name: option.default for name, option in made.options.items()}
    hitless = [stage.id for stage in made.stages if all(chosen[key] == word for key, word in stage.when.items())]
    assert hitless == [
        "preflight", "rsa-key", "key-servers-receive-only", "pilot", "control-plane", "verify-acl", "passive-test",
        "measure", "pilot-traffic", "applications", "passive-test-off", "coop", "drill", "members", "acl-swap",
        "passive-waves", "receive-only-off", "conformant-first", "conformant", "verify", "rekey-without-registration",
        "clean-up", "report",
    ]  # fmt: skip
    stages = {stage.id: stage for stage in made.stages}
    assert stages["receive-only-off"].batch.budget == 0
    assert {"roster-known", "roster-registered"} <= {gate.check for gate in stages["receive-only-off"].enter}
    assert "traffic-both-ways" in {gate.check for gate in stages["passive-waves"].exit}
    assert stages["cut-over"].approval
    assert [stage.id for stage in made.stages if stage.action == "configure" and not stage.exit] == []
