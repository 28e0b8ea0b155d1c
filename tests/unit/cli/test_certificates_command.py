"""``certificates``: a table for people, JSON for programs, and an exit code that says whether somebody has to act."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = """r1#show clock
09:00:00.000 UTC Sun Mar 1 2026
r1#show crypto pki certificates
Certificate
  Status: Available
  Certificate Serial Number (hex): 6B01
  Certificate Usage: General Purpose
  Issuer:{blank}
    cn=Ravel Issuing CA
  Subject:
    Name: r1.example.net
    cn=r1
  Validity Date:{blank}
    start date: 09:00:00 UTC Jan 2 2026
    end   date: {ends}
  Associated Trustpoints: RAVEL{blank}

r1#
"""
LISTED = {
    "valid": ("10:00:00 UTC Mar 1 2027", 0, "valid", 365),
    "ended": ("10:00:00 UTC Feb 1 2026", 4, "ended", -28),
    "could not say": (None, 3, "unknown", None),
}


@pytest.mark.parametrize("name", LISTED)
def test_certificates_are_listed_with_their_days(name: str, tmp_path: Path) -> None:
    ends, code, standing, left = LISTED[name]
    log = CERTIFICATE.format(ends=ends, blank=" ") if ends else CERTIFICATE.partition("r1#show crypto")[0] + "r1#\n"
    (tmp_path / "log.txt").write_text(log)
    words = ["certificates", "--from", str(tmp_path / "log.txt")]
    done = CliRunner().invoke(app, [*words, "-o", "json"])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["exit_code"], said["counts"]) == (code, code, {standing: 1})
    (row,) = said["certificates"]
    assert (row["device"], row["standing"], row["days_left"]) == ("r1", standing, left)
    table = CliRunner().invoke(app, [*words, "-o", "table"])
    assert (table.exit_code, standing in table.stdout, "r1" in table.stdout) == (code, True, True)


def test_from_takes_no_filter(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["certificates", "--from", str(tmp_path), "--filter", "role=gm"])
    assert "leave --filter and --limit away" in str(done.exception)
