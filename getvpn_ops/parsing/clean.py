"""Bytes or text from a terminal -> the lines of one command's output, and what was set aside.

Line numbers are those of the text as it was handed in: nothing is removed, a line that is not output becomes empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from getvpn_ops.dialect.secrets import redact
from getvpn_ops.dialect.terminal import ANSI, CLOCK, LOAD, PAGER, PROMPT, SYSLOG
from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.parsed import Noise, SetAside
from getvpn_ops.parsing.index import Resolved, resolve

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]")
_ASCII_CONTROLS = bytes(code for code in range(128) if _CONTROL.match(chr(code)))
_SYSLOG_HINT = re.compile(r"%[A-Z][A-Z0-9_\-]*-[0-7]-[A-Z]")
_PROMPT_HINT = re.compile(r"^[ \t]*(?:[A-Za-z0-9][\w.\-]{0,62})?(?:\([\w.\-]{1,40}\))?[#>]")
_SHOW = re.compile(r"(?:do\s+)?sh(?:o|ow)?\s+\S", re.IGNORECASE)
_ERASE_TO_END = re.compile(r"\x1b\[[0-2]?K")
_MARKS = re.compile(r"[\b\r]|\x1b\[[0-2]?K|[^\b\r\x1b]+|\x1b")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


LONGEST = 4096
"""Characters of the longest line that is read: no router prints a longer one, and rules take their time over it."""


@dataclass(slots=True)
class Cleaned:
    """A text, ready for a template.

    Attributes:
        lines: stripped of blanks on both sides; empty where a line is no output.
        raw: the same with indentation kept.
        set_aside: what is no output, by line.
        warnings: doubts about the text as a whole.
    """

    lines: list[str]
    raw: list[str]
    set_aside: list[SetAside] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def drop(self, number: int, kind: Noise) -> None:
        """Take line ``number`` (1 is the first) out of the output."""
        self.set_aside.append(SetAside(number, kind, redact(self.lines[number - 1])))
        self.lines[number - 1] = self.raw[number - 1] = ""


def decode(data: bytes) -> tuple[str, list[str]]:
    r"""Bytes of a capture -> text and warnings.

    UTF-8; a byte-order mark names other encodings (a redirect in PowerShell writes UTF-16). A byte that is no UTF-8
    stays visible as ``\xe9``: IOS passes through whatever someone typed into a description.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="backslashreplace"), []
    try:
        return data.decode(), []
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        return data.decode(errors="backslashreplace"), [f"line {line}: bytes that are no UTF-8 are shown as \\x.."]


def screen(text: str) -> str:
    """What a terminal would show: carriage returns, backspaces and erasures done, other control characters gone."""
    if "\r" in text:
        text = re.sub(r"\r+\n", "\n", text)
    text = text.replace("\x03", "^C")  # the delimiter of a banner, as IOS itself shows it
    if not _has_controls(text):
        return text
    return "\n".join(_screen_line(line) if _CONTROL.search(line) else line for line in text.split("\n"))


def _has_controls(text: str) -> bool:
    """Whether a control character is in a text; for plain ASCII, which outputs are, three times as fast as a regex."""
    if text.isascii():
        return len(text.encode().translate(None, _ASCII_CONTROLS)) != len(text)
    return _CONTROL.search(text) is not None


def _screen_line(line: str) -> str:
    """Play one line on a terminal: text overwrites what stands at the cursor."""
    line = ANSI.sub(lambda code: code[0] if _ERASE_TO_END.fullmatch(code[0]) else "", line)
    shown: list[str] = []
    cursor = 0
    for mark in _MARKS.findall(line):
        if mark == "\b":
            cursor = max(0, cursor - 1)
        elif mark == "\r":
            cursor = 0
        elif mark[0] == "\x1b":
            if len(mark) > 1 and mark[-2] != "1":
                del shown[cursor if mark[-2] != "2" else 0 :]
        else:
            body = _CONTROL.sub("", mark)
            shown[cursor : cursor + len(body)] = body
            cursor += len(body)
    return "".join(shown)


def clean(text: str, wanted: Resolved, *, syslog_is_data: bool = False) -> Cleaned:
    """Take the terminal's noise off a capture of one command.

    Args:
        text: the capture.
        wanted: the command it should answer.
        syslog_is_data: whether log messages are the output (``show logging``).

    Raises:
        ParseFailure: the text is empty, a line is too long for a router's, or its prompts say that it answers another
            command.
    """
    shown = screen(text)
    if not shown.strip():
        raise ParseFailure(wanted.canonical, "the text is empty")
    raw = [line.rstrip() for line in shown.split("\n")]
    if len(shown) > LONGEST and (number := next((n for n, line in enumerate(raw, 1) if len(line) > LONGEST), 0)):
        reason = f"{len(raw[number - 1])} characters: no router prints such a line"
        raise ParseFailure(wanted.canonical, reason, number)
    cleaned = Cleaned([line.strip() for line in raw], raw)
    if "ore" in shown and PAGER.search(shown):
        _drop_pager(cleaned)
    if "Load for five secs" in shown or "Time source is" in shown:
        _drop_timestamps(cleaned)
    if not syslog_is_data and _SYSLOG_HINT.search(shown):
        for number, line in enumerate(cleaned.lines, 1):
            if "%" in line and SYSLOG.fullmatch(line):
                cleaned.drop(number, Noise.SYSLOG)
    _drop_prompts(cleaned, shown, wanted)
    _drop_echo(cleaned, wanted)
    cleaned.set_aside.sort(key=lambda item: item.line)
    if not any(cleaned.lines):
        raise ParseFailure(wanted.canonical, "nothing is left of the text once prompts and echoes are set aside")
    return cleaned


def _drop_pager(cleaned: Cleaned) -> None:
    for index, line in enumerate(cleaned.raw):
        found = PAGER.search(line)
        if found is None:
            continue
        cleaned.set_aside.append(SetAside(index + 1, Noise.PAGER, found[0]))
        cleaned.raw[index] = PAGER.sub("", line).rstrip()
        cleaned.lines[index] = cleaned.raw[index].strip()


def _drop_timestamps(cleaned: Cleaned) -> None:
    for number, line in enumerate(cleaned.lines, 1):
        if LOAD.fullmatch(line):
            cleaned.drop(number, Noise.LOAD)
        elif CLOCK.fullmatch(line):
            cleaned.drop(number, Noise.CLOCK)


def _prompt_lines(cleaned: Cleaned, shown: str) -> list[tuple[int, str]]:
    """Number and typed text of every line that is a prompt.

    A word with ``#`` in it may stand in an output as well (``#pkts encaps: 4``). So a line is a prompt if nothing or a
    show command stands behind the mark, or if another line proves that its host name is one.
    """
    candidates: list[tuple[int, re.Match[str]]] = []
    for number, line in enumerate(shown.split("\n"), 1):
        if "#" not in line and ">" not in line:
            continue
        if _PROMPT_HINT.match(line) and (prompt := PROMPT.fullmatch(cleaned.lines[number - 1])):
            candidates.append((number, prompt))
    plain = [prompt for _, prompt in candidates if not prompt["typed"].strip() or _SHOW.match(prompt["typed"])]
    hosts = {prompt["host"] for prompt in plain if prompt["host"]}
    return [
        (number, prompt["typed"].strip())
        for number, prompt in candidates
        if not prompt["typed"].strip() or _SHOW.match(prompt["typed"]) or prompt["host"] in hosts
    ]


def _drop_prompts(cleaned: Cleaned, shown: str, wanted: Resolved) -> None:
    """Set prompts aside; keep only what answers the wanted command; doubt an end that shows no prompt."""
    typed_at: list[tuple[int, str]] = []
    last_prompt = 0
    for number, typed in _prompt_lines(cleaned, shown) if "#" in shown or ">" in shown else ():
        if typed and SYSLOG.fullmatch(typed):
            cleaned.drop(number, Noise.SYSLOG)
            continue
        cleaned.drop(number, Noise.ECHO if typed else Noise.PROMPT)
        last_prompt = number
        if typed:
            typed_at.append((number, typed))
    if typed_at:
        _keep_segment(cleaned, typed_at, wanted)
    last_output = next((number for number in range(len(cleaned.lines), 0, -1) if cleaned.lines[number - 1]), 0)
    if last_prompt > last_output:
        return
    if typed_at:
        cleaned.warnings.append("the prompt that ends an output is missing: the capture may be cut")
    elif shown[-1] != "\n":
        cleaned.warnings.append("the last line has no line end: if it was cut, that cannot be seen")


def _keep_segment(cleaned: Cleaned, typed_at: list[tuple[int, str]], wanted: Resolved) -> None:
    """Of a text with several prompts keep the lines of the first one that names the wanted command and has output."""
    starts = [number for number, _ in typed_at]
    ends = [*starts[1:], len(cleaned.lines) + 1]
    answers = [resolve(typed) for _, typed in typed_at]
    filled = [place for place, start in enumerate(starts) if any(cleaned.lines[start : ends[place] - 1])]
    mine = [place for place, answer in enumerate(answers) if answer is not None and answer.template == wanted.template]
    first, last = 1, starts[0]  # what stands before the first prompt
    if chosen := [place for place in mine if place in filled][:1]:
        first, last = starts[chosen[0]] + 1, ends[chosen[0]]
    elif not mine and not any(cleaned.lines[: starts[0] - 1]):
        number, typed = typed_at[filled[0] if filled else 0]
        if len(filled) != 1 or _SHOW.match(typed):  # else one alias of the router's: it may mean anything
            raise ParseFailure(wanted.canonical, f"the text answers another command, {redact(typed)!r}", number)
        first, last = starts[filled[0]] + 1, ends[filled[0]]
        cleaned.warnings.append(
            f"line {number}: {redact(typed)!r} is no command that is known; taken as the one asked for"
        )
    others = [number for number, line in enumerate(cleaned.lines, 1) if line and not first <= number < last]
    if others:
        for number in others:
            cleaned.lines[number - 1] = cleaned.raw[number - 1] = ""
        cleaned.warnings.append(
            f"lines {others[0]} to {others[-1]} answer other commands and were not read: "
            "`getvpn-ops parse --transcript` reads them all"
        )


def _drop_echo(cleaned: Cleaned, wanted: Resolved) -> None:
    """Set aside echoes of the command without a prompt before them: they stand first, and may stand twice."""
    for number, line in enumerate(cleaned.lines, 1):
        if not line:
            continue
        if not _SHOW.match(line):
            return
        answer = resolve(line)
        if answer is None:
            return
        if answer.template != wanted.template:
            raise ParseFailure(wanted.canonical, f"the text answers another command, {redact(line)!r}", number)
        cleaned.drop(number, Noise.ECHO)
