"""Words of trace events, and what they mean."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.syslog_catalogue import look_up
from getvpn_ops.dialect.trace_words import ENTRIES, MEANINGS, Meaning, meaning_of

CASES: dict[str, tuple[str | None, str, Meaning | None]] = {
    "by name": ("COOP_KS_UNREACH", "COOP_KS_UNREACH: peer 10.77.0.2", Meaning.PEER_LOST),
    "a name that means nothing here": ("GM_CM_ATTACH", "GM_CM_ATTACH: registration complete", None),
    "unauthorized": (None, "registration of 10.77.31.2 refused: Unauthorised", Meaning.BAD_RIGHTS),
    "not authorized": ("REG_FAIL", "GDOI_REG_EVENT: REG_FAIL: 10.77.31.2 is not authorized", Meaning.BAD_RIGHTS),
    "unauthorized key server": (None, "COOP: contact from unauthorized KS 10.77.0.9", None),
    "authorized": (None, "10.77.31.2 is authorized by list METRO-GM", None),
    "peer lost": (None, "GDOI_COOP_EVENT: peer 10.77.0.2 is dead", Meaning.PEER_LOST),
    "cooperative peer lost": (None, "Cooperative KS 10.77.0.2 Unreachable", Meaning.PEER_LOST),
    "peer back": (None, "GDOI_COOP_EVENT: peer 10.77.0.2 was lost, reachability restored", None),
    "signature": (None, "GDOI_EXIT: rekey from 10.77.0.1: signature verification failed", Meaning.BAD_SIGNATURE),
    "signature good": (None, "rekey from 10.77.0.1: signature verified", None),
    "signature of a certificate": (None, "signature verification failed for 10.77.31.2", None),
    "algorithm": (None, "hash algorithm sha256 of 10.77.31.2 does not match", None),
    "rekey fails": (None, "Processing of REKEY payloads failed", Meaning.BAD_REKEY),
    "rekey not sent": (None, "sending REKEY to 10.77.31.2 failed", None),
    "sanity": (None, "IKE message from 10.77.31.2 failed its sanity check", Meaning.BAD_KEY),
    "hash": (None, "HASH_1 payload of 10.77.31.2 is wrong: bad hash", Meaning.BAD_KEY),
    "main mode": (None, "Processing of Main mode failed with peer at 10.77.31.2", Meaning.BAD_MODE),
    "identity": (None, "group identity 999 of 10.77.31.2 does not match", Meaning.BAD_GROUP),
    "policy": (None, "policy of KS 10.77.0.1 rejected", Meaning.REFUSED_POLICY),
    "time is up": (None, "registration to 10.77.0.1 timed out", Meaning.NO_ANSWER),
    "no route": (None, "no route to 10.77.0.1", Meaning.NO_ANSWER),
    "timer": (None, "GDOI_INFRA_EVENT: timer started", None),
    "done": (None, "registration of 10.77.31.2 complete", Meaning.DONE),
    "not done": (None, "registration of 10.77.31.2 not complete", None),
    "half done": (None, "registration of 10.77.31.2 is incomplete", None),
    "rekeyed": ("REKEY_RCVD", "REKEY_RCVD: From 10.77.0.1 to 10.77.31.2 with seq no 12", Meaning.REKEYED),
    "nothing": (None, "", None),
}


@pytest.mark.parametrize("name", CASES)
def test_meaning(name: str) -> None:
    event, text, meaning = CASES[name]
    assert meaning_of(event, text) is meaning


def test_every_meaning_can_be_told_and_every_entry_exists() -> None:
    assert {item.meaning for item in MEANINGS} | set(ENTRIES.values()) == set(Meaning)
    for mnemonic, meaning in ENTRIES.items():
        entry = look_up(mnemonic)
        assert entry is None or entry.mnemonic == mnemonic, "a spelling, and no mnemonic: it would never be found"
        assert meaning_of(mnemonic, "") is meaning
