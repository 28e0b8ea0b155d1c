"""The form of a configuration that only changes when somebody changes it."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.volatile import stable

BODY = "version 15.2\nhostname r1\n!\nend\n"
HEAD_OF_15 = """Building configuration...

Current configuration : 1203 bytes
!
! Last configuration change at 10:02:03 UTC Mon Mar 2 2026 by kim
! NVRAM config last updated at 10:02:04 UTC Mon Mar 2 2026 by kim
!
"""
HEAD_AFTER_RELOAD = """Building configuration...
Current configuration : 9 bytes
!
! No configuration change since last restart
!
"""
BANNER = """banner motd ^C
Time source is the pier
! Last configuration change at noon

 ntp clock-period 5
^C
"""
PROMPT_TIME = """Load for five secs: 2%/0%; one minute: 3%; five minutes: 3%
Time source is NTP, 10:00:00.000 UTC
"""
CASES = {
    "as it is": (BODY, BODY),
    "the head of 15": (HEAD_OF_15 + BODY, BODY),
    "the head after a reload": (HEAD_AFTER_RELOAD + BODY, BODY),
    "with a time before it": (PROMPT_TIME + HEAD_OF_15 + BODY, BODY),
    "the head of startup-config": (f"Using 4312 out of 262136 bytes\n!\n{BODY}", BODY),
    "ends of lines": (BODY.replace("\n", "\r\n"), BODY),
    "what is behind it": (f"{BODY}\n \n\n", BODY),
    "no end of the last line": (BODY.rstrip("\n"), BODY),
    "the measured clock": (BODY.replace("!\n", "ntp clock-period 17179869\n"), "version 15.2\nhostname r1\nend\n"),
    "such words in a banner": (BANNER + BODY, BANNER + BODY),
    "a comment that is none of them": (f"!\n! made by kim\n{BODY}", f"! made by kim\n{BODY}"),
    "blanks at the end of a line": ("description x \nend", "description x \nend\n"),
    "nothing": ("\r\n\r\n", ""),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_stable(text: str, expected: str) -> None:
    assert stable(text) == expected
    assert stable(expected) == expected
