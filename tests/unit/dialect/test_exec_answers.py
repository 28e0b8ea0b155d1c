"""What answers to commands mean."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.config_answers import Verdict
from getvpn_ops.dialect.exec_answers import judge_command

NAME = "The name for the keys will be: R\n\n% The key modulus size is 2048 bits\n"
CASES: dict[str, tuple[str, Verdict, str]] = {
    "nothing": ("", Verdict.ACCEPTED, ""),
    "saved": ("Building configuration...\n[OK]\n", Verdict.ACCEPTED, "Building configuration..."),
    "saved with a log line": (
        "Building configuration...\n*Mar  1 10:00:00.123: %SYS-5-CONFIG_I: Configured from console by ops\n[OK]\n",
        Verdict.ACCEPTED,
        "Building configuration...",
    ),
    "not saved": (
        "startup-config file open failed (Device or resource busy)\n",
        Verdict.REFUSED,
        "startup-config file open failed (Device or resource busy)",
    ),
    "generated": (
        f"{NAME}% Generating 2048 bit RSA keys, keys will be exportable...\n[OK] (elapsed time was 3 seconds)\n",
        Verdict.ACCEPTED,
        "The name for the keys will be: R",
    ),
    "imported": ("% Key pair import succeeded.\n\n", Verdict.ACCEPTED, "% Key pair import succeeded."),
    "not imported": ("% Key pair import failed.\n\n", Verdict.REFUSED, "% Key pair import failed."),
    "a label that is there": (
        "% You already have RSA keys named R.\n% If you replace them, all router certs issued using these keys\n",
        Verdict.REFUSED,
        "% You already have RSA keys named R.",
    ),
    "short passphrase": (
        "% Pass phrase must be at least 8 characters.\n",
        Verdict.REFUSED,
        "% Pass phrase must be at least 8 characters.",
    ),
    "no primary": (
        "% There is no primary key server of a group on this router; no rekey was sent.\n",
        Verdict.REFUSED,
        "% There is no primary key server of a group on this router; no rekey was sent.",
    ),
    "no timer": ("%No Rollback Confirmed Change pending\n", Verdict.REFUSED, "%No Rollback Confirmed Change pending"),
    "debugging": ("Crypto GDOI KS rekey debugging is on\n", Verdict.ACCEPTED, "Crypto GDOI KS rekey debugging is on"),
    "an answered question": ("Sure, Sir? [yes/no]: yes\n", Verdict.ACCEPTED, ""),
    "a caret": (
        "       ^\n% Invalid input detected at '^' marker.\n\n",
        Verdict.REFUSED,
        "% Invalid input detected at '^' marker.",
    ),
    "a caret without words": ("       ^\n", Verdict.UNCLEAR, ""),
    "a lock": (
        "Configuration mode is locked by process '3' user 'x' from terminal '2'. Please try later.\n",
        Verdict.LOCKED,
        "Configuration mode is locked by process '3' user 'x' from terminal '2'. Please try later.",
    ),
    "strange words": ("The moon is full\n[OK]\n", Verdict.UNCLEAR, "The moon is full"),
    "strange words and a refusal": ("The moon is full\n% Error in it\n", Verdict.REFUSED, "% Error in it"),
    "a question that nobody answered": ("Sure, Madam? [yes/no]: \n", Verdict.UNCLEAR, "Sure, Madam? [yes/no]:"),
}


@pytest.mark.parametrize(("text", "verdict", "words"), CASES.values(), ids=CASES)
def test_what_an_answer_means(text: str, verdict: Verdict, words: str) -> None:
    judged = judge_command(text, ["Sure, Sir? [yes/no]:"])
    assert (judged.verdict, judged.words) == (verdict, words)


def test_the_place_of_the_caret() -> None:
    assert judge_command(CASES["a caret"][0]).column == 7
