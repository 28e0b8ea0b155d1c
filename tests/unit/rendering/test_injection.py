"""No text that someone writes in an intent, wherever it stands, gets out of the line that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from intents import fleet, texts
from pydantic import ValidationError
from test_one_change import DATA, GROUP, ROUTERS

from getvpn_ops.errors import MistakesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CASES: dict[str, dict[str, Any]] = yaml.safe_load(DATA.read_text())
BAD = {
    "a second line": "\nno crypto isakmp enable",
    "a return": "\rend",
    "a question mark": "?",
    "control-C": "\x03",
    "control-Z": "\x1a",
    "an escape": "\x1b[A",
    "a tab": "\t",
    "a letter that IOS lacks": "é",
    "a line separator": "\u2028end",
    "a quotation mark": '"',
    "a pipe": "|",
    "a comment": "!",
    "a thousand letters": "x" * 1000,
}


def spoiled(data: Any, bad: str) -> Iterator[Any]:  # noqa: ANN401 -- as YAML has it
    """The same with one text in it spoiled, once for each text; keys are texts as well."""
    if isinstance(data, str):
        yield data + bad
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from ({**data, key: other} for other in spoiled(value, bad))
            rest = {name: held for name, held in data.items() if name != key}
            yield {**rest, f"{key}{bad}": value}
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from ([*data[:place], other, *data[place + 1 :]] for other in spoiled(value, bad))


def written(group: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    routers = {
        name: {
            "addresses": [address],
            "groups": {"G": {**({} if "ks" in name else {"interfaces": ["Serial0/0"]}), **own.get(name, {})}},
        }
        for name, address in ROUTERS.items()
    }
    return texts(fleet(routers, {**GROUP, **group}))


@pytest.mark.parametrize("kind", BAD)
def test_a_spoiled_text_is_refused_wherever_it_stands(kind: str) -> None:
    tried = 0
    for case in CASES.values():
        own = case.get("routers", {})
        for group in spoiled(case.get("group", {}), BAD[kind]):
            tried += _refused(group, own)
        for name, said in own.items():
            for other in spoiled(said, BAD[kind]):
                tried += _refused(case.get("group", {}), {**own, name: other})
    assert tried > 300


def _refused(group: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> int:
    with pytest.raises((ValidationError, MistakesError)):
        written(group, own)
    return 1


@pytest.mark.parametrize("name", ["G\nend", "G?", "G G", "é", "x" * 64, ""])
def test_a_groups_name_is_one_of_a_group(name: str) -> None:
    with pytest.raises((ValidationError, MistakesError)):
        texts(fleet({"ks1": {"addresses": ["192.0.2.1"], "groups": {name: {}}}}, {**GROUP, "name": name}))
