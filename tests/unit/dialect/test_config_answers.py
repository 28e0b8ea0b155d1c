"""What IOS says to a line of configuration, and what it means for the line."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.config_answers import Verdict, judge

INVALID = "% Invalid input detected at '^' marker."
LOG = "*Mar  1 00:02:11.003: %LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel900, changed state to down"
NOTE = "% NOTE: This new crypto map will remain disabled until a peer\n\tand a valid access list have been configured."

CASES: dict[str, tuple[str, Verdict, str, int | None]] = {
    "nothing": ("", Verdict.ACCEPTED, "", None),
    "blank lines": ("\r\n \r\n", Verdict.ACCEPTED, "", None),
    "welcome": ("Enter configuration commands, one per line.  End with CNTL/Z.\r\n", Verdict.ACCEPTED, "Enter", None),
    "invalid": (f"            ^\r\n{INVALID}\r\n\r\n", Verdict.REFUSED, INVALID, 12),
    "incomplete": ("% Incomplete command.\n\n", Verdict.REFUSED, "% Incomplete", None),
    "ambiguous": ('% Ambiguous command:  "cry"\n', Verdict.REFUSED, "% Ambiguous", None),
    "authorization": ("Command authorization failed.\n", Verdict.REFUSED, "Command auth", None),
    "in use": ("% Crypto-map M is in use by interface(s): Gi3\n", Verdict.REFUSED, "% Crypto-map", None),
    "duplicate": ("% Duplicate sequence number\n", Verdict.REFUSED, "% Dup", None),
    "kind of list": ("%A named standard IP access list with this name already exists\n", Verdict.REFUSED, "%A", None),
    "overlap": ("% 10.1.1.0 overlaps with GigabitEthernet0/0/1\n", Verdict.REFUSED, "% 10.1.1.0", None),
    "no VRF": ("% VRF BLUE does not exist or is not configured\n", Verdict.REFUSED, "% VRF", None),
    "no route": ("%No matching route to delete\n", Verdict.REFUSED, "%No", None),
    "IPv6 group": (
        "Group X is an IPv6 group and Crypto map is for IPv4.Please set an IPv4 group.\n",
        Verdict.REFUSED,
        "Group X",
        None,
    ),
    "bad mask": ("Bad mask 0xFFFFFF00 for address 10.1.1.0\n", Verdict.REFUSED, "Bad mask", None),
    "note": (f"{NOTE}\n", Verdict.ACCEPTED, "% NOTE", None),
    "note, then a refusal": (f"{NOTE}\n% Incomplete command.\n", Verdict.REFUSED, "% Incomplete", None),
    "note, then other words": (f"{NOTE}\nSomething else.\n", Verdict.UNCLEAR, "Something else.", None),
    "warning": ("%Warning Rekey Config is Incomplete, Rekey is disabled\n", Verdict.ACCEPTED, "%Warning", None),
    "group to come": ("% group X doesn't yet exist.\n", Verdict.ACCEPTED, "% group", None),
    "log lines": (f"{LOG}\r\n{LOG}\r\n", Verdict.ACCEPTED, "", None),
    "a refusal among log lines": (f"{LOG}\n% Incomplete command.\n{LOG}\n", Verdict.REFUSED, "% Incomplete", None),
    "locked": (
        "Configuration mode is locked by process '331' user 'ops' from terminal '2'. Please try later.\n",
        Verdict.LOCKED,
        "Configuration mode is locked",
        None,
    ),
    "locked, old words": (
        "Configuration mode locked exclusively by user 'ops' process '3' from terminal '2'. Please try later.\n",
        Verdict.LOCKED,
        "Configuration mode locked",
        None,
    ),
    "unknown error": ("% The moon is in the wrong phase\n", Verdict.UNCLEAR, "% The moon", None),
    "unknown words": ("All done, nearly.\n", Verdict.UNCLEAR, "All done", None),
    "words behind blanks": ("   All done, nearly.\n", Verdict.UNCLEAR, "All done", None),
    "a caret alone": ("      ^\n", Verdict.UNCLEAR, "", 6),
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_and_its_meaning(case: str) -> None:
    text, verdict, words, column = CASES[case]
    judged = judge(text)
    assert (judged.verdict, judged.column) == (verdict, column)
    assert judged.words.startswith(words)
    assert bool(judged.words) == bool(words)
