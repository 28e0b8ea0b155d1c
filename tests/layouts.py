"""The layouts that the captures show: ``python tests/layouts.py`` writes them to ``parsers/layouts.json``.

Commands whose lines come and go with the platform or the configuration have no layouts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from captures import good_cases

from getvpn_ops.parsing import parse
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import resolve
from getvpn_ops.parsing.layouts import layout_of, records

FREE = {
    "show_version.textfsm",
    "show_logging.textfsm",
    "show_monitor_event_trace_gdoi.textfsm",
    "show_ip_access_lists.textfsm",
    "show_archive.textfsm",
    "show_clock.textfsm",
    "show_crypto_session.textfsm",
    "show_crypto_session_brief.textfsm",
    "show_crypto_map.textfsm",
    "show_crypto_pki_certificates.textfsm",
    "show_crypto_pki_trustpoints.textfsm",
    "show_crypto_engine.textfsm",
}


def collect() -> dict[str, dict[str, list[list[str]]]]:
    """Template -> class -> sorted layouts, from every capture that is whole."""
    found: dict[str, dict[str, set[frozenset[str]]]] = {}
    for case in good_cases():
        resolved = resolve(case.command)
        assert resolved is not None
        command = commands_by_template()[resolved.template]
        if command.reader is not None or resolved.template in FREE or case.unrecognized or case.release == "any":
            continue  # "any" cases are made to meet rules in every order: no release prints like that
        mine = {command.model, *command.records.values()}
        for _, record, _ in records(parse(case.command, case.text).data):
            if type(record) in mine:
                layouts = found.setdefault(resolved.template, {}).setdefault(type(record).__name__, set())
                layouts.add(layout_of(record))
    return {
        template: {name: sorted(sorted(layout) for layout in layouts) for name, layouts in sorted(classes.items())}
        for template, classes in sorted(found.items())
    }


def text() -> str:
    """The file: a line a layout, so that a change shows."""
    parts = []
    for template, classes in collect().items():
        rows = [
            f"    {json.dumps(name)}: [\n" + ",\n".join(f"      {json.dumps(layout)}" for layout in layouts) + "\n    ]"
            for name, layouts in classes.items()
        ]
        parts.append(f"  {json.dumps(template)}: {{\n" + ",\n".join(rows) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "parsers" / "layouts.json"
    if not target.exists():
        target.write_text("{}\n", encoding="utf-8")
    target.write_text(text(), encoding="utf-8")
