"""What may be typed on a device, decided in the transport and not by who asks (promise P16).

Every line goes through ``permit`` right before its bytes are written. What is not surely harmless is refused: a missing
feature costs a look at this list, a wrong word on a key server costs a network.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum

from getvpn_ops.dialect.commands import (
    FILTERS,
    LINE_MAX,
    PROBES,
    READS,
    SHOW,
    SIDE_EFFECTS,
    STAND_IN,
    UNRESOLVED,
    UNTYPABLE,
    URL,
    VRF_NAME,
    WRITERS,
    Probe,
)
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.errors import NotAllowedError

_QUOTED = 120  # characters of a refused line that the message shows


class Purpose(StrEnum):
    """The list that a line is sent under; each has all that the ones before it have."""

    READ = "read"
    PROBE = "probe"
    CHANGE = "change"


def permit(line: str, purpose: Purpose) -> None:
    """Let a line pass, or not.

    Args:
        line: as it is to be typed, without the Enter behind it.
        purpose: the list it is sent under. ``CHANGE`` only looks at whether it is one line of text: what may be changed
            is the matter of plans.

    Raises:
        NotAllowedError: it may not be sent; says why.
    """
    reason = _unfit(line)
    if reason is None and purpose is not Purpose.CHANGE:
        reason = _not_read(line)
        if reason is not None and purpose is Purpose.PROBE:
            probe = next((item for item in PROBES if line.split()[:1] == [item.word]), None)
            reason = _not_probe(line.split(), probe) if probe else reason
    if reason is not None:
        shown = redact(line[:_QUOTED])
        raise NotAllowedError(ascii(shown)[1:-1] + ("..." if len(line) > _QUOTED else ""), reason)


def _unfit(line: str) -> str | None:
    """Why this is not one line of text; None if it is."""
    if found := UNTYPABLE.search(line):
        if found[0] == "?":
            return "a question mark asks for help and leaves the line standing"
        return f"it holds {found[0]!a}, which is no text but a command to the terminal"
    if STAND_IN in line or UNRESOLVED in line:
        return "it holds the placeholder of a secret in place of the secret"
    if len(line.encode(errors="replace")) > LINE_MAX:
        return f"it has more than {LINE_MAX} characters, the most that IOS takes in a line"
    return None


def _not_read(line: str) -> str | None:
    """Why a line may do more than read; None if it surely only reads."""
    if not line.isascii():
        return "a command is plain ASCII"
    if not line.strip():
        return "it is empty, and an Enter may answer a question"
    command, *pipes = line.split("|")
    words = command.split()
    if any(form.fullmatch(" ".join(words)) for form in READS) and not pipes:
        return None
    if not words or not SHOW.fullmatch(words[0]):
        return "it is no show command, and the tool is only reading"
    if len(words) == 1:
        return "it shows nothing: name what to show"
    return _side_effect(words, line) or _not_filter(pipes)


def _side_effect(words: list[str], line: str) -> str | None:
    if URL.search(line):
        return "it names a file elsewhere, which would make the device connect to it"
    topic = words[1].lower()
    for word in words[2:]:
        for item in SIDE_EFFECTS:
            here = not item.below or any(name.startswith(topic) for name in item.below)
            if here and item.is_meant(word):
                return f"{word!r} may mean {item.word!r}, which {item.effect}"
    return None


def _not_filter(pipes: list[str]) -> str | None:
    if not pipes:
        return None
    first, *rest = pipes[0].split() or [""]
    if not any(name.startswith(first.lower()) for name in FILTERS) or not first:
        return f"behind | only {', '.join(FILTERS)} read; {first!r} may write"
    if not rest and len(pipes) == 1:
        return f"the filter {first!r} has nothing to look for"
    for pipe in pipes[1:]:  # part of the regular expression, or a second filter where the release knows that
        words = pipe.split()
        if len(words) > 1 and any(name.startswith(words[0].lower()) for name in WRITERS):
            return f"{words[0]!r} behind the second | may mean a filter that writes"
    return None


def _not_probe(words: list[str], probe: Probe) -> str | None:
    """Why a line is no bounded probe; None if it is one."""
    rest = words[1:]
    if rest[:1] == ["vrf"]:
        if len(rest) < 2 or not VRF_NAME.fullmatch(rest[1]):  # noqa: PLR2004 -- the word and its name
            return "the name of the VRF is missing or none"
        rest = rest[2:]
    if rest[:1] == ["ip"]:
        rest = rest[1:]
    try:
        ipaddress.ip_address(rest[0] if rest else "")
    except ValueError:
        return f"{probe.word} needs an IP address as its target"
    rest = rest[1:]
    while rest:
        word, rest = rest[0], rest[1:]
        if word not in probe.options:
            return f"{probe.word} may have {', '.join(probe.options)}; {word!r} is none of them"
        forms = probe.options[word]
        values, rest = rest[: len(forms)], rest[len(forms) :]
        if len(values) < len(forms) or not all(
            re.fullmatch(form, value) for form, value in zip(forms, values, strict=True)
        ):
            return f"{probe.word}: {word} {' '.join(values)}: missing, or beyond what a probe may take"
    return None
