"""How the output of one command is read: a template with its models, or a reader of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import TemplateError
from getvpn_ops.parsing.build import Builder, Damage
from getvpn_ops.parsing.layouts import doubts
from getvpn_ops.parsing.machine import Machine, Run
from getvpn_ops.resources import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from getvpn_ops.parsing.clean import Cleaned
    from getvpn_ops.parsing.convert import Converter

TEMPLATE_SUFFIX = ".textfsm"


@dataclass(slots=True)
class Reading:
    """What a reader made of a text.

    Attributes:
        data: an instance of the command's model, or None if an essential value is missing.
        recognized: how many lines it knew.
        left_out: line number -> why its value is not in ``data``.
        warnings: doubts that belong to no single line, or to a line that lost nothing.
    """

    data: Any
    recognized: int
    left_out: dict[int, str]
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One parser.

    Attributes:
        template: name in ``parsers/index``; a file of ``parsers/`` if it ends in ``.textfsm``.
        model: class of the whole state.
        records: state of the template -> class of its records.
        converters: from text to types that only this command has.
        verify: looks at the finished state and yields doubts (a total that does not agree with the rows).
        syslog_is_data: log messages between the lines are the output, and equal lines are all counted.
        reader: reads the text without a template.
    """

    template: str
    model: type
    records: Mapping[str, type] = field(default_factory=dict)
    converters: Mapping[object, Converter] = field(default_factory=dict)
    verify: Callable[[Any], Iterable[str]] | None = None
    syslog_is_data: bool = False
    reader: Callable[[Cleaned], Reading] | None = None

    @cached_property
    def machine(self) -> Machine:
        """The compiled template; compiled once per process.

        Raises:
            TemplateError: the file is missing or wrong.
        """
        path = data_dir("parsers") / self.template
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as exc:
            msg = f"template {self.template} cannot be read: {exc}"
            raise TemplateError(msg) from exc
        return Machine(self.template.removesuffix(TEMPLATE_SUFFIX), text)

    @cached_property
    def builder(self) -> Builder:
        """The plan from rows to models; made once per process."""
        if unknown := set(self.records) - set(self.machine.states):
            msg = f"template {self.template}: no state {', '.join(sorted(unknown))}"
            raise TemplateError(msg)
        return Builder(self.machine, self.records, self.model, self.converters)

    def read(self, cleaned: Cleaned) -> Reading:
        """Text -> state and the account of what is not in it."""
        if self.reader is not None:
            reading = self.reader(cleaned)
        else:
            run = Run()
            damage = Damage(unknown=run.unknown)
            rows = self.machine.run(cleaned.lines, run, doubles_count=self.syslog_is_data)
            data = self.builder.build(rows, damage)
            left_out = dict.fromkeys(run.unknown, "no rule knows this line")
            left_out |= dict.fromkeys(
                run.repeated, "a value that this record already has: a heading above it may be lost"
            )
            left_out |= damage.lines
            doubled = [f"line {number} repeats the line above it and counts once" for number in run.doubled]
            reading = Reading(data, run.matched, left_out, [*doubled, *damage.warnings])
        if self.verify is not None and reading.data is not None:
            reading.warnings.extend(self.verify(reading.data))
        if self.reader is None and reading.data is not None:
            reading.warnings.extend(doubts(reading.data, self.template, self.machine.line_fields))
        return reading
