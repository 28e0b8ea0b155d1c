"""Commands that are only imported when they are run: most need few of the libraries that the others bring.

Typer brings its own Click, whose place differs between its versions: contexts and commands have no type here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Mapping


PREFIX = "GETVPN_OPS"
"""What the names of all environment variables begin with."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is.

    Attributes:
        module: that holds it.
        attribute: a function, or a ``Typer`` with commands of its own.
        says: one line for the help of the whole.
    """

    module: str
    attribute: str
    says: str


class LazyGroup(TyperGroup):
    """A group whose commands stand in a table; ``commands_of`` makes one."""

    table: Mapping[str, Lazy]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Names, in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Import a command."""
        del ctx
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        found: Any = getattr(import_module(entry.module), entry.attribute)
        parent = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        parent.callback()(_nothing)  # else a command alone would be taken for the whole program
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=cmd_name)
        else:
            parent.command(cmd_name, short_help=entry.says)(found)
        made = typer.main.get_group(parent).commands[cmd_name]
        _name_variables(made, f"{PREFIX}_{cmd_name}")
        return made

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Find a command, or say which one was meant."""
        near = difflib.get_close_matches(args[0], self.table, n=1) if args and args[0] not in self.table else []
        if near:
            ctx.fail(f"No such command {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """The list of the help, without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.says) for name, entry in self.table.items()])


def _name_variables(command: Any, name: str) -> None:  # noqa: ANN401
    """Name the environment variable of each flag after the flag: ``GETVPN_OPS_HEALTH_FROM`` for ``--from``.

    Click would name it after the parameter of the function, which is another word where the flag's is Python's own or
    stands for a list; who sets the variable that the flag suggests would be ignored without a word.
    """
    for below, item in getattr(command, "commands", {}).items():
        _name_variables(item, f"{name}_{below}")
    for option in command.params:
        flag = next((word for word in option.opts if word.startswith("--")), "")
        if flag and option.envvar is None:
            option.envvar = f"{name}_{flag.removeprefix('--')}".replace("-", "_").upper()


def _nothing() -> None:
    """The parent of a command; does nothing."""


def commands_of(commands: Mapping[str, Lazy]) -> type[LazyGroup]:
    """A group of these commands."""
    return type("Commands", (LazyGroup,), {"table": commands})
