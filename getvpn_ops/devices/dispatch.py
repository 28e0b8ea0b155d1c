"""The one door to ``Nornir.run``: exactly one answer for each device that was selected.

Nornir skips hosts that failed in an earlier run, is content with no host at all, loses all results to one exception in
a processor, and logs what a task was given. None of that can happen through this door.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import Hosts
from nornir.core.inventory import Inventory as NornirInventory
from nornir.core.processor import Processors
from nornir.core.state import GlobalState

from getvpn_ops.errors import DispatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nornir.core.inventory import Host
    from nornir.core.plugins.runners import RunnerPlugin
    from nornir.core.processor import Processor
    from nornir.core.task import Task

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of a task on one device.

    Attributes:
        device: its name.
        value: what the task returned; None if it raised.
        error: what it raised; None if it returned.
    """

    device: str
    value: T | None
    error: BaseException | None = None


def dispatch(  # noqa: PLR0913 -- all but the first three have a usual value
    inventory: NornirInventory,
    names: Sequence[str],
    task: Callable[[Task], T],
    *,
    runner: RunnerPlugin,
    processors: Iterable[Processor] = (),
    options: Mapping[str, Any] | None = None,
) -> dict[str, Answer[T]]:
    """Run a task on devices.

    Args:
        inventory: that has them.
        names: of the devices; each once.
        task: called with Nornir's ``Task``, whose ``host`` is the device. What it closes over is never logged.
        runner: that runs it, such as ``PatientRunner``.
        processors: watch it; one that raises is logged and does no harm.
        options: for ``Config.user_defined`` of the Nornir object that tasks see.

    Returns:
        One answer for each name, in their order.

    Raises:
        DispatchError: no name, a name that the inventory has not, or a name twice.
    """
    if not names:
        raise DispatchError("no device is selected, so there is nothing to do")
    if unknown := [name for name in names if name not in inventory.hosts]:
        msg = f"not in the inventory: {', '.join(unknown)}"
        raise DispatchError(msg)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"{twice} is selected twice"
        raise DispatchError(msg)

    def closing(one: Task) -> T:
        try:
            return task(one)
        finally:
            _close(one.host)

    _quiet()
    nornir = Nornir(
        inventory=NornirInventory(
            Hosts({name: inventory.hosts[name] for name in names}), inventory.groups, inventory.defaults
        ),
        config=Config(user_defined=dict(options or {})),
        data=GlobalState(),  # of this run alone: hosts that failed elsewhere are asked all the same
        processors=Processors([_Guarded(item) for item in processors]),
        runner=runner,
    )
    results = nornir.run(task=closing, name=getattr(task, "__name__", "task"), raise_on_error=False)
    answers: dict[str, Answer[T]] = {}
    for name in names:
        result = results[name][0] if results.get(name) else None
        if result is None:
            answers[name] = Answer(name, None, DispatchError(f"{name} was selected and gave no answer"))
        elif result.exception is not None or result.failed:
            answers[name] = Answer(name, None, result.exception or DispatchError(f"{name}: the task failed"))
        else:
            answers[name] = Answer(name, result.result)
    return answers


def _quiet() -> None:
    """Nornir logs what tasks raise; where nobody set logs up, Python would print it."""
    logs = logging.getLogger("nornir")
    if not logs.handlers:
        logs.addHandler(logging.NullHandler())


def _close(host: Host) -> None:
    """No session outlives the task that opened it: lines of a router are few."""
    for name in tuple(host.connections):
        try:
            host.close_connection(name)
        except Exception:
            logger.exception("%s: closing %s failed", host.name, name)


class _Guarded:
    """A processor whose exceptions are logged: with Nornir one of them would lose all results."""

    def __init__(self, inner: Processor) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Callable[..., None]:
        def guarded(*args: object) -> None:
            try:
                getattr(self._inner, name)(*args)
            except Exception:
                logger.exception("%s of %s raised", name, type(self._inner).__name__)

        return guarded
