"""The event trace alone names a cause, over SSH: the logs of key servers and member were cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS
from hands import configure, type_on
from worksites import Worksite, part_of_example

from getvpn_ops.engine.questions import EVENT_TRACE
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED, OLD, LACKS = "ork-gm1", "nor-gm1", "bre-gm1"
"""A member that is not authorized; one of 12.4, which is not asked; one of 15.1, which refuses the command here."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("trace")
    example = part_of_example(root / "source", (*KEY_SERVERS, REFUSED, OLD, LACKS))
    with Worksite(root / "workspace", example) as site:
        state = site.lab.call(lambda: site.lab.router(REFUSED).gdoi.members[0])
        for name in reversed(KEY_SERVERS):
            configure(site.lab, name, "ip access-list standard GETVPN_WAN_MEMBERS", f"no permit {state.address}")
        type_on(site.lab, REFUSED, "clear crypto gdoi", "yes")
        site.lab.advance(240)
        for name in (*KEY_SERVERS, REFUSED):
            type_on(site.lab, name, "clear logging", "")
        yield site


def test_the_trace_alone_names_the_cause(site: Worksite) -> None:
    code, report, err = site.ask("diagnose", "-q", "--interval", "0", "WAN")
    assert code == ExitCode.FINDINGS, err
    (diagnosis,) = report["diagnoses"]
    first = diagnosis["suspects"][0]
    assert (first["cause"], first["likelihood"], first["devices"]) == ("not-authorized", "likely", [REFUSED])
    proof = first["clues"][0]
    assert "unauthorized" in proof["says"]
    assert proof["evidence"][0]["command"] == EVENT_TRACE
    assert proof["evidence"][0]["device"] in KEY_SERVERS


def test_a_release_without_the_trace_is_no_fault(site: Worksite) -> None:
    _, report, _ = site.ask("diagnose", "-q", "--interval", "0", "WAN")
    (diagnosis,) = report["diagnoses"]
    looked = {item["device"]: item for item in diagnosis["looked_at"]}
    assert any(EVENT_TRACE in gap for gap in looked[LACKS]["gaps"])
    assert not any(EVENT_TRACE in gap for gap in looked[OLD]["gaps"])
    assert {item["device"] for item in diagnosis["symptoms"]} == {REFUSED}
