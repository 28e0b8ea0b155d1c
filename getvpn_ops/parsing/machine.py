"""A tight loop over compiled TextFSM templates.

The templates are plain TextFSM, and stock ``textfsm`` gives the same rows (a contract test holds both against each
other). What stock TextFSM does not give, and this loop does: the state a row was recorded in (one state of a template
is one section of the output), the line each value came from, the lines no rule knows, and no overwriting: a value that
a record already has is damage (a header was lost, or a line came twice), and is reported instead of assigned. (A line
may name a value again, if it agrees and brings a new one with it: "Duration of the last rekey for group G1 : 5 msec".)

Speed: within a state, equal lines have equal matches, so each distinct line meets the rules once; outputs repeat
themselves (``GM State : Registered``). A line meets only those rules that can match the characters it begins with. And
the line that sets one value, which most lines are, takes a short way.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import textfsm

from getvpn_ops.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MEMO_LIMIT = 4096  # distinct lines remembered per state and text: bounds memory, and is far above any real repetition
_HEAD = 12  # characters of a line that choose the rules it meets: enough to tell "Rekey Acks Rcvd" from its siblings
_HEAD_LIMIT = 512  # distinct heads remembered per state and text; lines that begin with a value have no end of them

Assignments = tuple[tuple[int, str], ...]
Step = tuple[Assignments, bool, str | None]
"""What one matched rule does: values to assign, whether to record, and the next state."""
Action = tuple[int, str, tuple[Step, ...] | None]
"""What one line does: place and value if that is all (and no steps), else -1, nothing, and its steps."""

_LEAD = re.compile(r"\^(?:\\s\*)?([\w #%:,=/-]+)")
_ESCAPE_OR_CLASS = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_GROUP = re.compile(r"\([^()]*\)")
_NOTHING: Action = (-1, "", ())


@dataclass(frozen=True, slots=True)
class _Rule:
    regex: re.Pattern[str]
    match: Callable[[str], re.Match[str] | None]  # of the regex, bound once
    captures: tuple[tuple[int, int], ...]  # number of the group, place of the Value
    lead: str  # what a line that it matches begins with, as far as that is plain
    records: bool
    continues: bool
    new_state: str | None
    sets_one: bool  # a value that is no list, and does nothing else


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        state: the template's state it was recorded in.
        values: a text, a list of texts (``Value List``) or None for each Value of the template, in their order.
        lines: the line number each value came from, shaped like ``values``.
    """

    state: str
    values: list[str | list[str] | None]
    lines: list[int | list[int] | None]

    def line_numbers(self) -> list[int]:
        """Every line that gave the record a value, in order, each once."""
        found: set[int] = set()
        for line in self.lines:
            if isinstance(line, list):
                found.update(line)
            elif line is not None:
                found.add(line)
        return sorted(found)

    def first_line(self) -> int:
        """The first of them, without the work of all."""
        return min([line[0] if isinstance(line, list) else line for line in self.lines if line])


@dataclass(slots=True)
class Run:
    """What one pass over a text leaves besides its rows.

    Attributes:
        unknown: numbers of lines that no rule of their state matched.
        repeated: numbers of lines that set a value their record already has, or follow such a line.
        doubled: numbers of lines that repeat the line right above them; they count once.
        matched: how many lines matched a rule.
    """

    unknown: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    matched: int = 0


def _says_more(
    assigned: Assignments, values: list[str | list[str] | None], places: list[int | list[int] | None], number: int
) -> bool:
    """Whether a line that names a value again also brings a new one, as "... for group G1 : 3" does."""
    return any(values[place] is None or places[place] == number for place, _ in assigned)


def _lead(regex: str) -> str:
    """The literal text with which every stripped line begins that the regex matches; too short rather than too long."""
    found = _LEAD.match(regex)
    if found is None:
        return ""
    bare = _ESCAPE_OR_CLASS.sub("", regex)
    while bare != (inner := _GROUP.sub("", bare)):
        bare = inner
    if "|" in bare:  # another alternative may begin in another way
        return ""
    return found[1][:-1] if regex[found.end() : found.end() + 1] in {"?", "*", "+", "{"} else found[1]


class Machine:
    """A compiled template. Holds no state of a run: one instance serves every thread."""

    def __init__(self, name: str, template: str) -> None:
        """Compile.

        Args:
            name: for errors.
            template: the text of a TextFSM template.

        Raises:
            TemplateError: TextFSM rejects it, or it uses an option that this loop does not have.
        """
        self.name = name
        try:
            fsm = textfsm.TextFSM(io.StringIO(template))
        except textfsm.TextFSMTemplateError as exc:
            msg = f"template {name}: {exc}"
            raise TemplateError(msg) from exc
        self.values: tuple[str, ...] = tuple(value.name for value in fsm.values)
        self.lists: frozenset[int] = frozenset(
            place for place, value in enumerate(fsm.values) if "List" in value.OptionNames()
        )
        for value in fsm.values:
            if extra := set(value.OptionNames()) - {"List"}:
                # Filldown and Required hide damage: the models and the tree of records do their work visibly.
                options = ", ".join(sorted(extra))
                msg = f"template {name}: Value {value.name} has the option {options}; only List is used"
                raise TemplateError(msg)
        place_of = {value: place for place, value in enumerate(self.values)}
        self.states: dict[str, tuple[_Rule, ...]] = {}
        for state, rules in fsm.states.items():
            if state == "EOF":
                msg = f"template {name}: an EOF state would drop the last record"
                raise TemplateError(msg)
            compiled = []
            for rule in rules:
                if rule.line_op == "Error" or rule.record_op in {"Clear", "Clearall"}:
                    msg = f"template {name}: line {rule.line_num}: {rule.line_op} {rule.record_op} is not used here"
                    raise TemplateError(msg)
                regex = re.compile(rule.regex)
                captures = tuple(
                    (number, place_of[group]) for group, number in regex.groupindex.items() if group in place_of
                )
                acts = rule.record_op == "Record" or rule.line_op == "Continue" or bool(rule.new_state)
                compiled.append(
                    _Rule(
                        regex=regex,
                        match=regex.match,
                        captures=captures,
                        lead=_lead(rule.regex),
                        records=rule.record_op == "Record",
                        continues=rule.line_op == "Continue",
                        new_state=rule.new_state or None,
                        sets_one=not acts and len(captures) == 1 and captures[0][1] not in self.lists,
                    )
                )
            self.states[state] = tuple(compiled)
        names = [value.lower() for value in self.values]
        self.line_fields = frozenset(
            frozenset(names[place] for _, place in rule.captures) for rules in self.states.values() for rule in rules
        )

    def _near(self, state: str, head: str) -> tuple[_Rule, ...]:
        """The rules of a state that may match a line which begins so."""
        rules = self.states[state]
        if head[0].isspace():
            return rules
        return tuple(rule for rule in rules if head.startswith(rule.lead) or rule.lead.startswith(head))

    def _action(self, rules: tuple[_Rule, ...], text: str) -> Action:
        """Everything that rules of a state do with one line; nothing if none matches."""
        steps: list[Step] = []
        for rule in rules:
            found = rule.match(text)
            if found is None:
                continue
            if rule.sets_one and not steps:
                group, place = rule.captures[0]
                value = found[group]
                return (-1, "", (((), False, None),)) if value is None else (place, value, None)
            assigned = tuple([(place, value) for group, place in rule.captures if (value := found[group]) is not None])
            steps.append((assigned, rule.records, rule.new_state))
            if not rule.continues:
                break
        else:
            # Only Continue rules matched, or none: TextFSM goes on to the next line, and so nothing knew this one
            # unless a Continue rule took a value from it.
            if not any(assigned for assigned, _, _ in steps):
                return _NOTHING
        return (-1, "", tuple(steps))

    def run(  # noqa: C901, PLR0912, PLR0915 -- one loop without calls: most of the time goes into it
        self, lines: Sequence[str], run: Run, *, doubles_count: bool = False
    ) -> Iterator[Row]:
        """Run over stripped lines; blank ones are passed over.

        Args:
            lines: the text; its first line has the number 1.
            run: filled while the rows are drawn.
            doubles_count: whether a line that equals the one right above it is data (log messages) and not damage.

        Yields:
            Each record that holds a value, in order; the last one at the end of the text.
        """
        width = len(self.values)
        lists = self.lists
        memos: dict[str, dict[str, Action]] = {state: {} for state in [*self.states, "End"]}
        nears: dict[str, dict[str, tuple[_Rule, ...]]] = {state: {} for state in self.states}
        state = "Start"
        memo = memos[state]
        values: list[str | list[str] | None] = [None] * width
        places: list[int | list[int] | None] = [None] * width
        spoilt = False  # a value came twice: what follows in this record may belong to another one
        previous, above = "", 0
        matched = 0
        for number, text in enumerate(lines, 1):
            if not text:
                continue
            if text == previous and number == above + 1 and not doubles_count:
                run.doubled.append(number)
                above = number
                continue
            previous, above = text, number
            action = memo.get(text)
            if action is None:
                if state == "End":
                    action = _NOTHING
                else:
                    near = nears[state]
                    head = text[:_HEAD]
                    rules = near.get(head)
                    if rules is None:
                        if len(near) < _HEAD_LIMIT:
                            rules = near[head] = self._near(state, head)
                        else:
                            rules = self.states[state]
                    action = self._action(rules, text)
                if len(memo) < _MEMO_LIMIT:
                    memo[text] = action
            place, value, steps = action
            if steps is None:
                if values[place] is None and not spoilt:
                    values[place] = value
                    places[place] = number
                    matched += 1
                    continue
                steps = ((((place, value),), False, None),)
            elif not steps:
                run.unknown.append(number)
                continue
            matched += 1
            for assigned, records, new_state in steps:
                if assigned:
                    if spoilt and not records and new_state is None:
                        run.repeated.append(number)
                        continue
                    for place, value in assigned:
                        if place in lists:
                            held = values[place]
                            if held is None:
                                values[place], places[place] = [value], [number]
                            else:
                                held.append(value)  # type: ignore[union-attr]
                                places[place].append(number)  # type: ignore[union-attr]
                        elif values[place] is None:
                            values[place] = value
                            places[place] = number
                        elif values[place] != value or not _says_more(assigned, values, places, number):
                            run.repeated.append(number)
                            spoilt = True
                            break
                if records:
                    if any(places):
                        yield Row(state, values, places)
                        values, places = [None] * width, [None] * width
                    spoilt = False
                if new_state is not None:
                    state = new_state
                    memo = memos[state]
        run.matched = matched
        if any(places):
            yield Row(state, values, places)
