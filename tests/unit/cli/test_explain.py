"""The manual on the command line: a page for each check and message, a list, and the nearest where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.cli.explain import command
from getvpn_ops.dialect.syslog_catalogue import CATALOGUE
from getvpn_ops.errors import NoSuchPageError
from getvpn_ops.reports.manual import spec_plain
from getvpn_ops.reports.parsed import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    Explain = Callable[..., str]


@pytest.fixture
def explain(tmp_path: Path) -> Explain:
    """What the command writes to a file."""

    def explained(name: str | None, output: Output, *, list_pages: bool = False) -> str:
        command(name, output=output, out=tmp_path / "page", list_pages=list_pages)
        return (tmp_path / "page").read_text()

    return explained


PAGES = {
    "check": ("coop-single-primary", ("coop-single-primary", "critical", "Two primaries", "tags: coop")),
    "check-in-capitals": ("Coop-Single-Primary", ("coop-single-primary", "critical")),
    "message": ("%GDOI-4-GM_RE_REGISTER", ("GM_RE_REGISTER", "look at next")),
}


@pytest.mark.parametrize(("name", "words"), PAGES.values(), ids=PAGES)
def test_page(explain: Explain, name: str, words: tuple[str, ...]) -> None:
    page = explain(name, Output.TABLE)
    assert [word for word in words if word not in page] == []


def test_the_list_has_every_check_and_every_message(explain: Explain) -> None:
    said = json.loads(explain(None, Output.JSON, list_pages=True))
    checks = {spec.id for registry in (GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS) for spec in registry}
    assert checks
    assert checks <= {item["id"] for item in said if item["kind"] != "log message"}
    assert [item["mnemonic"] for item in said if item["kind"] == "log message"] == [item.mnemonic for item in CATALOGUE]
    table = explain(None, Output.TABLE, list_pages=True)
    assert {name for name in (*checks, *(entry.mnemonic for entry in CATALOGUE)) if name not in table} == set()


NEAREST = {
    "check": ("coop-singel-primary", "no page 'coop-singel-primary'", "coop-single-primary"),
    "message": ("GM_RE_REGISTR", "no page 'GM_RE_REGISTR'", "GM_RE_REGISTER"),
    "nothing-near": ("zzzzzz", "no page 'ZZZZZZ'", None),
}


@pytest.mark.parametrize(("typed", "words", "near"), NEAREST.values(), ids=NEAREST)
def test_no_page(explain: Explain, typed: str, words: str, near: str | None) -> None:
    with pytest.raises(NoSuchPageError, match=words) as caught:
        explain(typed, Output.TABLE)
    assert next(iter(caught.value.nearest), None) == near


def test_on_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "getvpn_ops", "explain", "coop-singel-primary"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == 2
    assert "did you mean: coop-single-primary" in done.stderr


@pytest.mark.parametrize("registry", [GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS], ids=lambda item: item.kind)
def test_every_parameter_is_explained(registry: object) -> None:
    for spec in registry:  # type: ignore[attr-defined]
        page = spec_plain(spec, "check")
        assert page["doc"]
        assert {param["name"] for param in page["params"] if not param["about"]} == set(), spec.id
        json.dumps(page)


def test_action(explain: Explain) -> None:
    shown = explain("clear-member", Output.TABLE)
    assert "clear-member  action" in shown
    assert "One member at a time" in shown
    plain = json.loads(explain("clear-member", Output.JSON))
    assert (plain["kind"], plain["params"][0]["name"]) == ("action", "group")
