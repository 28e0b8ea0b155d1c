"""What a comparison looks like: on a screen, in a pipe, as Markdown, for programs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from getvpn_ops.model.change import ChangeLine, ChangeSet, ChangeStep, Drift, DriftKind, RekeyEffect, StepKind
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.config_diff import ConfigDiff, DeviceDiff, Remark, RemarkKind, Standing
from getvpn_ops.reports.config_diff import diff_text, diff_view
from getvpn_ops.reports.config_forms import COLUMNS, DiffForm, diff_document

NOW = datetime(2024, 3, 12, 12, 0, tzinfo=UTC)
IKE = ("crypto isakmp policy 10",)
DRIFTS = (
    Drift(DriftKind.CHANGED, IKE, "lifetime 1200", "lifetime 300"),
    Drift(DriftKind.EXTRA, ("crypto gdoi group WAN",), "server address ipv4 192.0.2.9", None),
    Drift(DriftKind.MISSING, (), None, "crypto isakmp key <secret:psk/a> address 192.0.2.1"),
)
STEP = ChangeStep(
    StepKind.SET,
    "change ISAKMP policy 10",
    (ChangeLine("lifetime 300", IKE), ChangeLine("group 14", IKE)),
    (ChangeLine("lifetime 1200", IKE),),
    RekeyEffect.REGISTRATION,
    ("WAN",),
    ("it costs seconds",),
)
SECRET = ChangeLine("key <redacted sha256:0123456789ab>", (), Secret.of("config-line", "key hunter2-x"))
DIFFERS = DeviceDiff(
    "one", Standing.DRIFT, ("WAN",), "gm", "17.6.5", drifts=DRIFTS, taken_at=NOW,
    change=ChangeSet("one", (STEP, replace(STEP, title="another", lines=(SECRET,), effect=RekeyEffect.NONE))),
)  # fmt: skip
SILENT = DeviceDiff("two", Standing.UNKNOWN, ("WAN",), reason="unreachable: no answer", next_step="look at the line")
KEPT = Remark(RemarkKind.NOT_MANAGED, ("crypto gdoi group WAN",), "frobnicate 3")
KEY = Remark(RemarkKind.NOT_COMPARED, (), "crypto isakmp key <redacted>", "psk/a is not known here: no source")
FLEET = ConfigDiff(
    "r1", "lab", NOW, NOW,
    (DIFFERS, SILENT, DeviceDiff("three", Standing.AS_INTENDED, ("WAN",), remarks=(KEY,))),
    ("group LAB is not compared",),
)  # fmt: skip

TEXTS = {
    "all kinds": (
        FLEET,
        False,
        """\
3 devices: 1 as intended but for 1 key not compared, 1 differs (3 lines), 1 could not be told
note: 1 key on 1 device not compared: no source
note: group LAB is not compared
- on the router, + intended

one  member of WAN, 17.6.5
  @ crypto isakmp policy 10
  - lifetime 1200
  + lifetime 300
  @ crypto gdoi group WAN
  - server address ipv4 192.0.2.9
  @ (global)
  + crypto isakmp key <secret:psk/a> address 192.0.2.1

two  could not be told
  ? unreachable: no answer
  > look at the line
""",
    ),
    "with the change": (
        replace(FLEET, devices=(DIFFERS,), notes=()),
        True,
        """\
1 device: 0 as intended, 1 differs (3 lines)
- on the router, + intended, < the way back of a step

one  member of WAN, 17.6.5
  @ crypto isakmp policy 10
  - lifetime 1200
  + lifetime 300
  @ crypto gdoi group WAN
  - server address ipv4 192.0.2.9
  @ (global)
  + crypto isakmp key <secret:psk/a> address 192.0.2.1
    change: 2 steps
    1. set: change ISAKMP policy 10
      ! keys of WAN: shows when a member registers again
      ! it costs seconds
        crypto isakmp policy 10
         lifetime 300
         group 14
      < crypto isakmp policy 10
         lifetime 1200
    2. set: another
      ! it costs seconds
        key <redacted sha256:0123456789ab>
      < crypto isakmp policy 10
         lifetime 1200
""",
    ),
    "all well": (
        replace(FLEET, devices=(DeviceDiff("three", Standing.AS_INTENDED, ("WAN",)),), notes=()),
        False,
        "1 device: 1 as intended\n",
    ),
    "all well, with a line that is kept": (
        replace(FLEET, devices=(DeviceDiff("three", Standing.AS_INTENDED, ("WAN",), remarks=(KEPT,)),), notes=()),
        False,
        "1 device: 1 as intended\n\nthree  as intended\n  ! not managed: 'frobnicate 3' in 'crypto gdoi group WAN'\n",
    ),
    "a thousand alike": (
        replace(
            FLEET, notes=(), devices=tuple(replace(DIFFERS, device=f"r{n}", drifts=DRIFTS[:1]) for n in range(1000))
        ),
        False,
        """\
1000 devices: 0 as intended, 1000 differ (1000 lines)
- on the router, + intended

r0, r1, r2, r3, r4, r5 and 994 more  1000 devices alike
  @ crypto isakmp policy 10
  - lifetime 1200
  + lifetime 300
""",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_one_line_a_line(name: str) -> None:
    diff, changes, text = TEXTS[name]

    assert diff_text(diff, changes=changes) == text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_screen_says_the_same_as_the_text(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(diff_view(FLEET, changes=True))

    assert max(map(len, shown.get().splitlines())) <= width
    assert "".join(shown.get().split()) == "".join(diff_text(FLEET, changes=True).split())


def test_a_reader_of_json_finds_every_device_and_no_secret() -> None:
    answer = json.loads(diff_document(FLEET, DiffForm.JSON, changes=True))

    assert (answer["schema"], answer["kind"], answer["exit_code"]) == (1, "config-diff", 4)
    assert answer["counts"] == {"as intended": 1, "drift": 1, "unknown": 1}
    assert [item["standing"] for item in answer["devices"]] == ["drift", "unknown", "as intended"]
    assert [set(item) for item in answer["devices"]] == [set(answer["devices"][0])] * 3
    assert answer["devices"][0]["drifts"][0] == {
        "kind": "changed", "path": list(IKE), "running": "lifetime 1200", "intended": "lifetime 300",
    }  # fmt: skip
    first = answer["devices"][0]["change"][0]
    assert first["effect"] == "registration"
    assert first["lines"][0] == {"path": list(IKE), "text": "lifetime 300"}
    assert "change" not in json.loads(diff_document(FLEET, DiffForm.JSON))["devices"][0]


def test_the_sheet_has_a_row_for_each_line_and_each_device() -> None:
    rows = list(csv.DictReader(io.StringIO(diff_document(FLEET, DiffForm.CSV))))

    assert tuple(rows[0]) == COLUMNS
    assert [(row["device"], row["kind"]) for row in rows] == [
        ("one", "changed"), ("one", "extra"), ("one", "missing"), ("two", ""), ("three", "not compared"),
    ]  # fmt: skip
    assert rows[3]["reason"] == "unreachable: no answer"


@pytest.mark.parametrize("form", [form for form in DiffForm if form is not DiffForm.TABLE])
def test_nothing_in_any_form_commands_a_terminal_or_tells_a_secret(form: DiffForm) -> None:
    evil = Drift(DriftKind.EXTRA, ("interface \x1b[31mX",), "description \x1b]0;x\x07 ``` =1+1", None)
    diff = replace(FLEET, devices=(replace(DIFFERS, drifts=(*DRIFTS, evil)),))

    said = diff_document(diff, form, changes=True)

    assert "\x1b" not in said
    assert "\x07" not in said
    assert "hunter2" not in said


def test_markdown_fences_what_holds_a_fence() -> None:
    evil = Drift(DriftKind.EXTRA, (), "banner ``` and ```` more", None)

    said = diff_document(replace(FLEET, devices=(replace(DIFFERS, drifts=(evil,)),)), DiffForm.MARKDOWN)

    assert "\n`````diff\n" in said
    assert "- banner ``` and ```` more\n`````\n" in said
