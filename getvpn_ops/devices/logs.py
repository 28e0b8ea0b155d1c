"""Logs without secrets, whoever writes them: every record of this process is redacted when it is made.

A filter on loggers would miss the records of their children, and one on handlers those of handlers that others add; so
records are made redacted. Libraries that log what they read and write (Netmiko) only tell how much it was: a secret
may come in two pieces, which no pattern finds.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from getvpn_ops.devices.redaction import Redactor

_TELLS_DATA = ("netmiko",)
"""Loggers whose messages hold what went over the wire."""

_QUIET = ("\n", ":")  # what ends the part of such a message that holds no data
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class RedactingFilter(logging.Filter):
    """Redacts what callers add to records (``extra=``), which comes after a record was made. For handlers of ours."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record; none is held back."""
        for key, value in record.__dict__.items():
            if key not in _OWN and not isinstance(value, int | float | bool | None):
                setattr(record, key, self._redactor.text(str(value)))
        return True


@contextlib.contextmanager
def redacted_logs(redactor: Redactor) -> Iterator[None]:
    """Make all records of this process without secrets, and all tracebacks that end a thread or the process.

    Args:
        redactor: knows the secrets; it may learn more later.
    """
    before = logging.getLogRecordFactory(), sys.excepthook, threading.excepthook

    def make(*args: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401 -- whatever logging gives
        return _clean(before[0](*args, **named), redactor)

    def on_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            _print(redactor, args.exc_type, args.exc_value, args.exc_traceback)

    def on_end(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        _print(redactor, kind, error, trace)

    logging.setLogRecordFactory(make)
    sys.excepthook, threading.excepthook = on_end, on_thread
    try:
        yield
    finally:
        logging.setLogRecordFactory(before[0])
        sys.excepthook, threading.excepthook = before[1], before[2]


def _print(
    redactor: Redactor, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    with contextlib.suppress(OSError, AttributeError, ValueError):  # nobody can read it
        sys.stderr.write(redactor.text(text))


def _clean(record: logging.LogRecord, redactor: Redactor) -> logging.LogRecord:
    record.msg, record.args = _message(record, redactor.text), ()
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = redactor.text("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
    record.exc_info = None  # who formats it anew would show what is in it
    if record.stack_info:
        record.stack_info = redactor.text(record.stack_info)
    return record


def _message(record: logging.LogRecord, redact: Callable[[str], str]) -> str:
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 -- logging itself would print the arguments; whoever logs must not fail for it
        message = f"a message that does not fit its arguments: {record.msg}"
    if record.name.partition(".")[0] in _TELLS_DATA:
        ends = [at for mark in _QUIET if (at := message.find(mark)) >= 0]
        if ends:
            first = min(ends)
            message = f"{message[:first]}: {len(message) - first - 1} characters"
    return redact(message)
