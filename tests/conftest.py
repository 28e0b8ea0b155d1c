"""Shared set-up: where the tests' own modules are, how long hypothesis looks, and figures shown at the end of a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from getvpn_ops.model.config import secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["lab_routers", "databases"]

SOAK = bool(os.environ.get("GETVPN_OPS_SOAK"))

settings.register_profile(
    "short", max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("soak" if SOAK else "short")


_SALT = secret._salt[0]  # noqa: SLF001 -- what modules computed when they were imported rests on it


@pytest.fixture(scope="module", autouse=True)
def _same_fingerprints() -> Iterator[None]:
    """Commands that run in this process key the fingerprints of secrets: the next module gets those it began with."""
    secret._salt[0] = _SALT  # noqa: SLF001
    yield
    secret._salt[0] = _SALT  # noqa: SLF001


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Show a line at the end of the run, also where workers run the tests."""
    return lambda line: record_property("figure", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured."""
    lines = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == "figure"
    ]
    if lines:
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
