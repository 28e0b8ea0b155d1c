"""Whoever logs must not fail for it, whatever is logged."""

from __future__ import annotations

import io
import logging

import pytest

from getvpn_ops.devices.logs import redacted_logs
from getvpn_ops.devices.redaction import Redactor

CANARY = "Canary-Pass-1"


class Odd:
    """Something that cannot be shown."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def __str__(self) -> str:
        raise self._failure


FAILURES = {"attribute": AttributeError(CANARY), "value": ValueError(CANARY), "runtime": RuntimeError(CANARY)}


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_shown_is_still_a_record(case: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("plugin")
    logger.addHandler(handler)
    try:
        with redacted_logs(Redactor()):
            logger.warning("got %s", Odd(FAILURES[case]))
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == "a message that does not fit its arguments: got %s\n"
