"""The catalogue is whole, and people find in it what they type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from getvpn_ops.dialect.syslog_catalogue import CATALOGUE, LATER, TABLE_5, Source, explain, look_up
from getvpn_ops.model.outcome import Severity

if TYPE_CHECKING:
    from getvpn_ops.dialect.syslog_catalogue import CatalogueEntry

GUIDE_ROWS = 62  # rows of the guide's Table 5, counted in the guide
HOSTILE = {
    "COOP_KS_UNAUTH", "COOP_KS_UNREACH", "KS_BLACKHOLE_ACK", "KS_GM_REVOKED", "KS_UNAUTHORIZED", "KS_UNSOL_ACK",
}  # fmt: skip


def test_table_5_is_whole() -> None:
    assert len(TABLE_5) == GUIDE_ROWS
    assert {entry.source for entry in TABLE_5} == {Source.GUIDE}
    assert Source.GUIDE not in {entry.source for entry in LATER}


def test_hostile_as_in_the_guide() -> None:
    assert {entry.mnemonic for entry in TABLE_5 if entry.hostile} == HOSTILE


def test_no_name_twice() -> None:
    names = [name.upper() for entry in CATALOGUE for name in (entry.mnemonic, *entry.spellings)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.mnemonic)
def test_entry(entry: CatalogueEntry) -> None:
    assert entry.meaning.endswith(".") or entry.meaning.endswith(")")
    assert entry.next_steps
    assert all(step == step.strip() and step for step in entry.next_steps)
    assert look_up(entry.mnemonic.lower()) is entry
    assert explain(f"%GDOI-5-{entry.mnemonic}").entry is entry
    assert entry.hostile is False or entry.severity in {Severity.MAJOR, Severity.CRITICAL}


@pytest.mark.parametrize(
    ("typed", "mnemonic"),
    [
        ("%GDOI-5-KS_SEND_UNICAST_REKEY", "KS_SEND_UNICAST_REKEY"),
        ("gdoi-5-ks_send_unicast_rekey", "KS_SEND_UNICAST_REKEY"),
        ("  GM_REGSTER ", "GM_REGISTER"),
        ("%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.1.1", "GM_REGISTER"),
        ("*Mar  1 00:00:12.003: %GDOI-1-UNAUTHORIZED_IDENTITY: Group G", "UNAUTHORIZED_IDENTITY"),
        ("GDOI-3-GM_NO_CRYPT_ENGINE", "GM_NO_CRYPT_ENGINE"),
        ("KS_FIRST_GM, GDOI, LOG_INFO", "KS_FIRST_GM"),
        ("ks_first_gm", "KS_FIRST_GM"),
        ("GM_REKEY_NOT_REC'D", "GM_REKEY_NOT_REC'D"),
        ("gm_rekey_not_recd", "GM_REKEY_NOT_REC'D"),
    ],
)
def test_explain(typed: str, mnemonic: str) -> None:
    answer = explain(typed)
    assert answer.entry is not None
    assert answer.entry.mnemonic == mnemonic
    assert answer.nearest == ()


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("KS_SEND_REKEY", "KS_SEND_MCAST_REKEY"),
        ("unreach", "COOP_KS_UNREACH"),
        ("%GDOI-5-GM_REG_COMPL", "GM_REGS_COMPL"),
    ],
)
def test_explain_names_the_nearest(typed: str, near: str) -> None:
    answer = explain(typed)
    assert answer.entry is None
    assert near in {entry.mnemonic for entry in answer.nearest}


@pytest.mark.parametrize("typed", ["", "%", "42", "wholly_different_thing_zzz"])
def test_explain_finds_nothing(typed: str) -> None:
    answer = explain(typed)
    assert answer.entry is None
    assert answer.nearest == ()
