"""A sweep as JUnit XML, for the test pages of CI servers.

JUnit never had a standard. What is written here is valid against the two schemas in common use, that of Ant's reports
(Windy Road) and that of Jenkins' xUnit plugin (``junit-10``): every attribute that either demands, in the order of the
stricter. One ``testsuite`` a GDOI group and one for devices, one ``testcase`` a check and subject. FAIL is a
``failure``, UNKNOWN and ERROR are an ``error`` (CI must not be green on what nobody knows), NOT_APPLICABLE and WAIVED
are ``skipped``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from getvpn_ops.model.outcome import Outcome, Severity, Status
from getvpn_ops.model.verdict import findings_of, status_of
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_words import evidence, facts, heading, overall, sentence, verdict

if TYPE_CHECKING:
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.report import Sweep

_ELEMENTS = {
    Status.FAIL: "failure", Status.ERROR: "error", Status.UNKNOWN: "error",
    Status.WAIVED: "skipped", Status.NOT_APPLICABLE: "skipped",
}  # fmt: skip
_ELEMENTS_OPEN = frozenset({Status.FAIL, Status.ERROR, Status.UNKNOWN})
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sweep_junit(sweep: Sweep) -> str:
    """The document as text, with its declaration."""
    digest = Digest(sweep)
    suites: dict[str, list[Outcome]] = {}
    for outcome in sweep.outcomes:
        suites.setdefault(digest.subject_of(outcome).group, []).append(outcome)
    root = ET.Element("testsuites")
    if not overall(digest).opens_gate and not any(status_of(item) in _ELEMENTS_OPEN for item in sweep.outcomes):
        suites.setdefault("", []).append(_unproven(digest))
    for number, (name, outcomes) in enumerate(suites.items()):
        root.append(_suite(number, name, outcomes, digest))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(number: int, name: str, outcomes: list[Outcome], digest: Digest) -> ET.Element:
    sweep = digest.sweep
    elements = [_ELEMENTS.get(status_of(outcome)) for outcome in outcomes]
    suite = ET.Element(
        "testsuite",
        {
            "name": _token(heading(name, digest)),
            "package": _token(f"getvpn-ops.{sweep.kind}"),
            "id": str(number),
            "timestamp": f"{sweep.started:%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
            "tests": str(len(outcomes)),
            "failures": str(elements.count("failure")),
            "errors": str(elements.count("error")),
            "skipped": str(elements.count("skipped")),
            "time": "0.000",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in facts(digest):
        ET.SubElement(properties, "property", {"name": key, "value": _text(value)})
    for outcome in outcomes:
        suite.append(_case(outcome, digest))
    said = [verdict(digest)]
    if not number:
        said += [f"not looked at: {item.device}: {item.why}" for item in sweep.not_looked_at]
        said += sweep.notes
    ET.SubElement(suite, "system-out").text = _text("\n".join(said))
    ET.SubElement(suite, "system-err")
    return suite


def _unproven(digest: Digest) -> Outcome:
    """A case for a sweep that is not well though none of its own says so: CI takes an empty suite for a good one."""
    silent = [f"{visit.device}: {visit.trouble}: {visit.reason}" for visit in digest.troubled.values()]
    return Outcome(
        spec_id="examined",
        subject=digest.sweep.kind,
        severity=Severity.MAJOR,
        status=Status.UNKNOWN,
        reason="\n".join(["nothing was examined" if not silent else verdict(digest), *silent]),
    )


def _case(outcome: Outcome, digest: Digest) -> ET.Element:
    status = status_of(outcome)
    title = digest.spec_of(outcome).title
    case = ET.Element(
        "testcase",
        {
            "name": _token(f"{outcome.subject}: {title}"),
            "classname": _token(f"{digest.sweep.kind}.{outcome.spec_id}"),
            "time": "0.000",
        },
    )
    element = _ELEMENTS.get(status)
    if element is None:
        return case
    findings = [
        finding for finding in outcome.findings if status is Status.WAIVED or finding.status.rank > Status.WAIVED.rank
    ]
    first = next(findings_of(outcome, status), None)
    message = sentence(first) if first is not None else outcome.reason or status.value
    kind = f"{outcome.severity.value} {status.value}" if element == "failure" else status.value
    made = ET.SubElement(case, element, {"message": _token(message), "type": kind})
    lines = [line for finding in findings for line in _lines(finding, digest)]
    made.text = _text("\n".join([*lines, *([outcome.reason] if outcome.reason else [])]))
    return case


def _lines(finding: Finding, digest: Digest) -> list[str]:
    lines = [f"{finding.status.value}: {sentence(finding)}"]
    lines += [f"  from: {evidence(finding.evidence, digest)}"] if finding.evidence else []
    return lines + [f"  next: {step}" for step in finding.next_steps]


def _text(text: str) -> str:
    """What XML can carry: everything unseen in it as an escape."""
    return _NO_XML.sub(lambda bad: ascii(bad[0])[1:-1], visible(text))


def _token(text: str) -> str:
    """One line without blanks at its ends; never empty."""
    return " ".join(_text(text).split()) or "-"
