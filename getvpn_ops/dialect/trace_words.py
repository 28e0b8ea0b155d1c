"""What events of the GDOI event trace mean, told by their words.

The names and words that IOS gives to failures there are not published, so nothing depends on one spelling: an event
means something if its text says so in plain words. What no pattern knows means nothing, and counts for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from getvpn_ops.dialect.syslog_catalogue import look_up


class Meaning(StrEnum):
    """What an event says, whoever says it."""

    DONE = "a registration is complete"
    BAD_KEY = "IKE messages cannot be read"
    BAD_MODE = "IKE fails in main mode"
    BAD_RIGHTS = "a member is not authorized"
    BAD_GROUP = "a member asks for another identity"
    REFUSED_POLICY = "a member refuses the policy"
    BAD_SIGNATURE = "a rekey bears a signature that does not fit"
    BAD_REKEY = "a rekey cannot be processed"
    REKEYED = "a rekey came and was taken"
    NO_ANSWER = "nobody answers"
    PEER_LOST = "another key server cannot be reached"


@dataclass(frozen=True, slots=True)
class Words:
    """A pattern.

    Attributes:
        meaning: of a text that it finds.
        pattern: over the text in small letters, underscores as blanks.
        unless: words that turn it round.
    """

    meaning: Meaning
    pattern: re.Pattern[str]
    unless: re.Pattern[str]


_FAILS = (
    r"(?:fail(?:ed|s|ure)?|invalid|bad|wrong|mismatch(?:ed)?|incorrect|(?:do|does|did|is|are) not (?:match|fit|valid))"
)
_NOT = re.compile(r"\b(?:not|never|without|unsuccessful\w*|incomplete|fail\w*|reject\w*)\b|\bno (?!\d)")
_NOTHING = re.compile(r"(?!)")
_MENDED = re.compile(r"\b(?:restored|succe\w+|passed|again)\b")
_ALGORITHM = re.compile(r"\balgorithms?\b")


def _words(meaning: Meaning, pattern: str, unless: re.Pattern[str] = _NOTHING) -> Words:
    return Words(meaning, re.compile(pattern), unless)


MEANINGS: tuple[Words, ...] = (
    _words(
        Meaning.BAD_RIGHTS,
        r"\bunauthori[sz]ed\b(?! ks\b)|\bnot authori[sz]ed\b|\bauthori[sz]ation fail",
    ),
    _words(
        Meaning.PEER_LOST,
        r"\b(?:coop\b.*|cooperative ks\b.*)\b(?:unreach(?:able)?|dead|lost|not reachable)\b",
        _MENDED,
    ),
    _words(
        Meaning.BAD_SIGNATURE,
        rf"(?=.*\brekey\b).*(?:\bsig(?:nature)?\b.*\b{_FAILS}\b|\b{_FAILS}\b.*\bsignature\b)",
        _ALGORITHM,
    ),
    _words(Meaning.BAD_REKEY, r"\brekey\b.*\bfail(?:ed|ure)\b", re.compile(r"\b(?:send|sent|sending)\b")),
    _words(Meaning.BAD_KEY, rf"\bsanity check\b|\bmalformed\b|\bpre-?shared key\b.*\b{_FAILS}\b"),
    _words(Meaning.BAD_KEY, rf"\bhash\b.*\b{_FAILS}\b|\b{_FAILS}\b.*\bhash\b", _ALGORITHM),
    _words(Meaning.BAD_MODE, r"\bmain mode\b.*\bfail"),
    _words(
        Meaning.BAD_GROUP,
        rf"\bid(?:entity)? type/value\b.*\b{_FAILS}\b|\bgroup (?:id|identity)\b.*\b{_FAILS}\b",
    ),
    _words(
        Meaning.REFUSED_POLICY,
        r"\bpolic(?:y|ies)\b.*\breject(?:ed|s)?\b|\breject(?:ed|s|ing)?\b.*\bsa payload\b",
    ),
    _words(
        Meaning.NO_ANSWER,
        r"\btime(?:d)?[ -]?out\b|\bno (?:answer|response|reply|route)\b|\bmax(?:imum)? retransmi\w+"
        r"|\bretransmi\w+ (?:limit|exceeded|exhausted)|\bunreachable\b",
        _MENDED,
    ),
    _words(
        Meaning.DONE,
        r"\bregist(?:ration|ered)\b.*\b(?:completed?|success\w*)\b|\bcompleted? successful registration\b",
        _NOT,
    ),
    _words(Meaning.REKEYED, r"\breceived rekey\b|\brekey rcvd\b|\brekey received\b", _NOT),
)
"""The first that fits counts."""

ENTRIES: dict[str, Meaning] = {
    "KS_REGS_COMPL": Meaning.DONE,
    "GM_REGS_COMPL": Meaning.DONE,
    "IKMP_BAD_MESSAGE": Meaning.BAD_KEY,
    "KS_HASH_FAIL": Meaning.BAD_KEY,
    "IKMP_MODE_FAILURE": Meaning.BAD_MODE,
    "IKMP_SA_NOT_AUTH": Meaning.BAD_MODE,
    "UNAUTHORIZED_IPADDR": Meaning.BAD_RIGHTS,
    "UNAUTHORIZED_IDENTITY": Meaning.BAD_RIGHTS,
    "KS_UNAUTHORIZED": Meaning.BAD_RIGHTS,
    "KS_GM_REVOKED": Meaning.BAD_RIGHTS,
    "KS_BAD_ID": Meaning.BAD_GROUP,
    "KS_GM_REJECTS_SA_PAYLOAD": Meaning.REFUSED_POLICY,
    "GM_REJECTING_SA_PAYLOAD": Meaning.REFUSED_POLICY,
    "UNEXPECTED_SIGKEY": Meaning.BAD_SIGNATURE,
    "GDOI_REKEY_FAILURE": Meaning.BAD_REKEY,
    "GM_RECV_REKEY": Meaning.REKEYED,
    "COOP_KS_UNREACH": Meaning.PEER_LOST,
}
"""Events that bear the name of a log message mean what the message means."""


def meaning_of(name: str | None, text: str) -> Meaning | None:
    """What an event means; None if neither its name nor its words tell.

    Args:
        name: of the event, if it has one; that of a log message decides.
        text: the whole event.
    """
    entry = look_up(name) if name else None
    mnemonic = entry.mnemonic if entry else name or ""
    if entry is not None or mnemonic in ENTRIES:
        return ENTRIES.get(mnemonic)
    words = text.replace("_", " ").casefold()
    return next(
        (item.meaning for item in MEANINGS if item.pattern.search(words) and not item.unless.search(words)), None
    )
