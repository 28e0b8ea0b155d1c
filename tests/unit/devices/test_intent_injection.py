"""No field of any YAML lets anything through that could end a line, begin a command, ask for help or open a comment.

The fields are found by walking the schema, so that a new one is tested by itself.
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.devices.inventory.hosts import HostData
from getvpn_ops.errors import MistakesError
from getvpn_ops.model.intent import GdoiGroupIntent, KeyServerIntent, MemberIntent
from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Where = tuple[str | int, ...]

HOSTILE = {
    "line end": "{0}\nreload",
    "line end alone": "{0}\n",
    "carriage return": "{0}\rreload",
    "line separator": "{0}\u2028reload",
    "paragraph separator": "{0}\u2029reload",
    "next line": "{0}\x85reload",
    "question mark": "{0}?",
    "escape": "{0}\x1b[A",
    "null": "{0}\x00",
    "tab": "{0}\treload",
    "vertical tab": "{0}\x0breload",
    "delete": "{0}\x7f",
    "continuation": "{0}\\",
    "comment": "{0} ! no",
    "pipe": "{0} | redirect tftp://192.0.2.1/x",
    "template": "{{{{ {0} }}}}",
    "template statement": "{0}{{% include 'x' %}}",
    "python format": "{0}{{0.__class__}}",
    "quotation mark": '{0}" x',
    "caret": "{0}^C",
    "look-alike letter": "{0}\u0430",  # Cyrillic a
    "look-alike digit": "{0}\u0661",  # Arabic one
    "full width": "{0}\uff11",
    "invisible": "{0}\u200b",
    "right to left": "\u202e{0}",
    "over-long": "{0}" + "a" * 10_000,
}
NAMES_ONLY = {"over-long name": "a" * 64, "blank": "a b", "way out": "../a"}
ANY_ALPHABET = {("site",)}
"""Free text that becomes part of no command: letters of any alphabet may stand in it."""
LETTERS = {"look-alike letter", "look-alike digit", "full width"}
KIND = re.compile(r"[A-Z]|[a-z-]+\[")
"""What pydantic calls the kinds in a union."""
SAMPLES = {
    "name": "A1",
    "identity": "10.0.0.1",
    "exempt": "ssh",
    "encrypt": "10.0.0.0/8",
    "entries": "deny tcp any any eq 22",
    "acl": "permit 10.0.0.1",
    "names": "dn ou=GETVPN",
    "enrollment_url": "http://ca.example",
    "subject": "cn=gm1",
    "ssm_range": "232.0.0.0/8",
    "mask": "255.255.255.0",
    "services": "tcp 1521",
    "prefixes": "10.0.0.0/8",
}
MODELS: dict[str, type[BaseModel]] = {
    "group": GdoiGroupIntent,
    "member": MemberIntent,
    "key server": KeyServerIntent,
    "host": HostData,
}


@dataclass(frozen=True)
class Spot:
    """Where a text may stand: ``before`` builds what is around it; ``key`` if it is a key of a mapping."""

    model: str
    where: Where
    kind: Any
    key: bool = False


def around(where: Where, value: object) -> Any:  # noqa: ANN401 -- what YAML says
    """A value with what is around it."""
    made: Any = value
    for step in reversed(where):
        made = [made] if step == 0 else {step: made}
    return made


def walk(model: str, kind: Any, where: Where, seen: tuple[Any, ...] = ()) -> Iterator[Spot]:  # noqa: ANN401 -- a type
    """Every place in a schema where a scalar, or a key, may stand."""
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            for name, field in kind.model_fields.items():
                whole: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
                yield from walk(model, whole, (*where, field.alias or name), (*seen, kind))
    elif origin is Annotated and any(is_composite(part) for part in leaves(args[0])):
        yield from walk(model, args[0], where, seen)
    elif origin in {Union, types.UnionType}:
        for part in args:
            yield from walk(model, part, where, seen)
    elif origin is tuple:
        yield from walk(model, args[0], (*where, 0), seen)
    elif origin is dict:
        yield Spot(model, where, args[0], key=True)
        yield from walk(model, args[1], (*where, "key1"), seen)
    elif kind is not type(None):
        yield Spot(model, where, kind)


def leaves(kind: Any) -> Iterator[Any]:  # noqa: ANN401 -- a type
    yield kind
    for part in get_args(kind):
        yield from leaves(part)


def is_composite(kind: Any) -> bool:  # noqa: ANN401 -- a type
    return get_origin(kind) in {tuple, dict} or (isinstance(kind, type) and issubclass(kind, BaseModel))


SPOTS = [spot for name, kind in MODELS.items() for spot in walk(name, kind, ())]
IDS = [f"{spot.model}: {'.'.join(map(str, spot.where))}{' (key)' if spot.key else ''}" for spot in SPOTS]


def sample(spot: Spot) -> str:
    """A text that is right, or nearly, so that what is hostile about the next one is what is refused."""
    for step in reversed(spot.where):
        if step in SAMPLES and not spot.key:
            return SAMPLES[str(step)]
    return "GigabitEthernet0/0" if spot.key else "10.0.0.1" if "address" in str(spot.where) else "A1"


def mistaken(spot: Spot, text: str) -> list[Where]:
    """Where, at or below a place, the schema finds fault with a text that stands there."""
    value = around(spot.where, {text: 1} if spot.key else text)
    try:
        TypeAdapter(MODELS[spot.model]).validate_python(value)
    except ValidationError as exc:
        found = [tuple(step for step in error["loc"] if not KIND.match(str(step))) for error in exc.errors()]
        return [loc for loc in found if loc[: len(spot.where)] == spot.where and (loc[-1] == "[key]") is spot.key]
    return []


@pytest.mark.parametrize("spot", SPOTS, ids=IDS)
def test_every_field_refuses_what_is_hostile(spot: Spot) -> None:
    base = sample(spot)
    for name, pattern in HOSTILE.items():
        if spot.where in ANY_ALPHABET and name in LETTERS:
            continue
        assert mistaken(spot, pattern.format(base)), name


def is_name(spot: Spot) -> bool:
    functions = {getattr(getattr(part, "func", None), "__name__", "") for part in leaves_with_metadata(spot.kind)}
    return bool(functions & {"object_name", "_list_name"})


def leaves_with_metadata(kind: Any) -> Iterator[Any]:  # noqa: ANN401 -- a type
    yield kind
    for part in (*get_args(kind), *getattr(kind, "__metadata__", ())):
        yield from leaves_with_metadata(part)


NAMED = [spot for spot in SPOTS if is_name(spot)]


@pytest.mark.parametrize("spot", NAMED, ids=[IDS[SPOTS.index(spot)] for spot in NAMED])
def test_names_are_names_of_ios(spot: Spot) -> None:
    for name, text in NAMES_ONLY.items():
        assert mistaken(spot, text), name
    assert not mistaken(spot, "a" * 63)


def test_the_walk_finds_what_it_should() -> None:
    found = set(IDS)
    assert len(SPOTS) > 200
    assert len(NAMED) > 25
    for expected in (
        "group: policies.0.acl.exempt.0",
        "group: services (key)",
        "group: services.key1.0",
        "group: member_defaults.fail_close.acl.name",
        "group: coop.priorities (key)",
        "group: rekey.multicast.ssm_acl",
        "member: adjust_mss (key)",
        "member: keys.0.reference",
        "key server: hold_queue_interfaces.0",
        "host: site",
        "host: gdoi_groups.0",
    ):
        assert expected in found


class Loose(BaseModel):
    """A schema as it must not be."""

    names: tuple[str, ...] | None = None


def test_a_field_that_takes_anything_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "loose", Loose)
    spots = list(walk("loose", Loose, ()))
    assert [spot.where for spot in spots] == [("names", 0)]
    assert not mistaken(spots[0], "A\nreload")


def test_literals_and_flags_are_walked_too() -> None:
    kinds = {get_origin(spot.kind) or spot.kind for spot in SPOTS}
    assert {Literal, bool} <= kinds


FILES: dict[str, tuple[str, Where]] = {
    "a member's own word": ("hosts", ("gm1", "data", "getvpn", "WAN", "map_name")),
    "a host group's word": ("groups", ("branch", "data", "getvpn", "WAN", "keyring")),
    "a word of the defaults": ("defaults", ("data", "getvpn", "WAN", "vrf")),
    "a name of a GDOI group": ("hosts", ("gm1", "data", "gdoi_groups", 0)),
    "a value of a group": ("gdoi_groups/WAN", ("policies", 0, "acl", "name")),
}


def joined(first: Any, second: Any) -> Any:  # noqa: ANN401 -- what YAML says
    """Two mappings as one, all the way down."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: joined(first.get(key), second.get(key)) for key in {**first, **second}}
    return first if second is None else second


@pytest.mark.parametrize("case", FILES)
def test_the_path_is_told(tmp_path: Path, case: str) -> None:
    name, where = FILES[case]
    usual: dict[str, Any] = {
        "hosts": {
            "gm1": {"hostname": "10.0.0.2", "groups": ["branch"], "data": {"role": "gm", "gdoi_groups": ["WAN"]}}
        },
        "groups": {"branch": {}},
        "defaults": {},
        "gdoi_groups/WAN": {"name": "WAN"},
    }
    for hostile in ("A\nreload", "A?", "A" * 64):
        files = joined(usual, {name: around(where, hostile)})
        for file, value in files.items():
            path = tmp_path / f"{file}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(to_yaml(value), encoding="utf-8")
        with pytest.raises(MistakesError) as caught:
            load_folder(tmp_path)
        dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)[1:]
        assert f"{name}.yaml" in str(caught.value)
        assert f": {dotted}: expected a name" in str(caught.value)


ATTRIBUTES = {"hostname": HOSTILE, "username": {name: HOSTILE[name] for name in (
    "line end", "carriage return", "line separator", "next line", "question mark", "escape", "null", "tab", "delete",
    "comment", "pipe", "over-long",
)}}  # fmt: skip
"""A user's name is given to SSH alone, and may have more letters than what becomes part of a command."""


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_how_a_host_is_reached(tmp_path: Path, attribute: str) -> None:
    for name, pattern in ATTRIBUTES[attribute].items():
        host = {"hostname": "gm1.example", "username": "ops", attribute: pattern.format("A1")}
        (tmp_path / "hosts.yaml").write_text(to_yaml({"gm1": host}), encoding="utf-8")
        with pytest.raises(MistakesError) as caught:
            load_folder(tmp_path)
        assert f"gm1.{attribute}: expected" in str(caught.value), name
