"""A line that is lost without a trace in its record shows against the layouts of known outputs."""

from __future__ import annotations

from pathlib import Path

import layouts as generator
import pytest

from getvpn_ops.parsing import parse
from getvpn_ops.parsing.layouts import known_layouts
from getvpn_ops.resources import data_dir

CAPTURES = Path(__file__).parents[2] / "data" / "captures" / "show_crypto_gdoi_ks_policy"


def test_the_stored_layouts_are_those_of_the_captures() -> None:
    stored = (data_dir("parsers") / "layouts.json").read_text(encoding="utf-8")
    assert stored == generator.text(), "run: python tests/layouts.py"


def test_layouts_name_templates_that_exist() -> None:
    assert {name for name in known_layouts() if not (data_dir("parsers") / name).is_file()} == set()


@pytest.mark.parametrize("lost", ["orig life", "sig hash algorithm", "acknowledgement"])
def test_a_lost_line_is_doubted(lost: str) -> None:
    whole = next(iter(sorted(CAPTURES.glob("xe17*.txt")))).read_text()
    assert not [
        warning for warning in parse("show crypto gdoi ks policy", whole).warnings if "was a line lost" in warning
    ]
    lines = whole.split("\n")
    place = next(index for index, line in enumerate(lines) if line.strip().startswith(lost))
    text = "\n".join(lines[:place] + lines[place + 1 :])
    warnings = parse("show crypto gdoi ks policy", text).warnings
    assert any("was a line lost?" in warning for warning in warnings), warnings
