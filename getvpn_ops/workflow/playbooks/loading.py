"""What a YAML file says -> ``Playbook``: everything that is wrong with it at once, each with its line and its path.

The shape is the business of the models. What one part says about another (ids of actions, checks, options) is looked at
in what was written and not in a model, so that it is told also where the shape of something else is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from getvpn_ops.settings.mistakes import nearest, one_of
from getvpn_ops.workflow.playbooks.askable import About
from getvpn_ops.workflow.playbooks.schema import Playbook, Who
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS, ConfigureParams, Passive

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from getvpn_ops.settings.mistakes import Mistakes, Where
    from getvpn_ops.settings.yaml_file import Document
    from getvpn_ops.workflow.playbooks.askable import Askable

LARGEST = 1 << 20
"""Characters of a file; the longest that travels with the package has some 20 thousand."""

_ACTIONS = {action.id: action for action in STAGE_ACTIONS}
_UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Known:
    """What a playbook may name.

    Attributes:
        checks: by id; those that no gate can ask are told from those that do not exist.
        zones: names of time zones; only called where a file names another one than UTC.
    """

    checks: Mapping[str, Askable]
    zones: Callable[[], Collection[str]]


def playbook_of(document: Document, mistakes: Mistakes, known: Known) -> Playbook | None:
    """The playbook that a file says.

    Args:
        document: the file; its name without suffix is that of the playbook.
        mistakes: gets everything that is wrong.
        known: what it may name.

    Returns:
        None if anything is wrong.
    """
    if len(document.text) > LARGEST:
        mistakes.say(f"this is larger than {LARGEST >> 20} MB, and no playbook", path=document.path)
        return None
    before = len(mistakes)
    made = mistakes.check(Playbook, document.value, document)
    _Reader(document, mistakes, known).look()
    return made if len(mistakes) == before else None


class _Reader:
    """Looks at what the parts of one file say about each other."""

    def __init__(self, document: Document, mistakes: Mistakes, known: Known) -> None:
        self._document = document
        self._mistakes = mistakes
        self._known = known
        self._whole = _mapping(document.value)

    def look(self) -> None:
        name, expected = self._whole.get("name"), self._document.path.stem
        if isinstance(name, str) and name != expected:
            self._say(("name",), f"expected {expected}, the name of the file, found {name!r}")
        for place, window in enumerate(_items(self._whole.get("windows"))):
            self._zone(_mapping(window).get("zone"), ("windows", place, "zone"))
        ids: dict[str, int] = {}
        for place, item in enumerate(_items(self._whole.get("stages"))):
            stage, where = _mapping(item), ("stages", place)
            if isinstance(said := stage.get("id"), str) and (first := ids.setdefault(said, place)) != place:
                self._say((*where, "id"), f"stages[{first}] is called {said!r}, too: expected another name")
            self._action(stage, where)
            self._when(stage, where)
            for key in ("enter", "exit"):
                for number, gate in enumerate(_items(stage.get(key))):
                    self._gate(_mapping(gate), (*where, key, number), stage)

    def _zone(self, zone: object, where: Where) -> None:
        if isinstance(zone, str) and zone and zone != _UTC and zone not in (zones := self._known.zones()):
            self._say(where, f"there is no time zone {zone!r}; {_hint(zone, zones, 'such as Europe/London')}")

    def _action(self, stage: Mapping[str, Any], where: Where) -> None:
        said = stage.get("action")
        if not isinstance(said, str):
            return
        action = _ACTIONS.get(said)
        if action is None:
            hint = _hint(said, _ACTIONS, f"expected {one_of(_ACTIONS)}")
            self._say((*where, "action"), f"there is no action {said!r} for a stage; {hint}")
            return
        made = self._params(action.params, stage, where)
        if _who(stage) != Who.KEY_SERVERS:
            return
        if action.of_members:
            self._say((*where, "action"), f"{said} is about members, and this stage about key servers alone")
        if isinstance(made, ConfigureParams) and made.passive is not Passive.AS_IT_IS:
            self._say((*where, "params", "passive"), "members are passive, and this stage is about key servers alone")

    def _params(self, model: type[Any], holder: Mapping[str, Any], where: Where) -> object:
        """Parameters of an action or a check; None if they are wrong, or if what stands there is told as no mapping."""
        params = holder.get("params", {})
        if not isinstance(params, dict):
            return None
        made: object = self._mistakes.check(model, params, self._document, (*where, "params"))
        return made

    def _when(self, stage: Mapping[str, Any], where: Where) -> None:
        options = _mapping(self._whole.get("options"))
        for name, choice in _mapping(stage.get("when")).items():
            if name not in options:
                hint = _hint(name, options, f"expected {one_of(options)}" if options else "this playbook has none")
                self._say((*where, "when", name), f"there is no option {name!r}; {hint}")
                continue
            choices = [item for item in _items(_mapping(options[name]).get("choices")) if isinstance(item, str)]
            if choices and isinstance(choice, str) and choice not in choices:
                near = nearest(choice, choices)
                hint = f"did you mean {near}?" if near else ""
                self._mistakes.add(self._document, (*where, "when", name), one_of(choices), choice, hint)

    def _gate(self, gate: Mapping[str, Any], where: Where, stage: Mapping[str, Any]) -> None:
        said = gate.get("check")
        if not isinstance(said, str):
            return
        check = self._known.checks.get(said)
        place = (*where, "check")
        if check is None:
            able = [name for name, item in self._known.checks.items() if item.about is not About.NO_GATE]
            hint = _hint(said, able, "all are named by getvpn-ops explain --list")
            self._say(place, f"there is no check {said!r}; {hint}")
            return
        if check.about is About.NO_GATE:
            self._say(place, f"{said} is a {check.kind}, and a gate asks about the health of the devices of a run")
            return
        if check.about is About.MEMBER and _who(stage) == Who.KEY_SERVERS:
            text = "is about members, and this stage about key servers alone: the gate would never open"
            self._say(place, f"{said} {text}")
        self._params(check.spec.params, gate, where)

    def _say(self, where: Where, text: str) -> None:
        self._mistakes.at(self._document, where, text)


def _hint(word: object, known: Iterable[str], otherwise: str) -> str:
    near = nearest(word, known)
    return f"did you mean {near}?" if near else otherwise


def _who(stage: Mapping[str, Any]) -> object:
    return _mapping(stage.get("targets")).get("who", Who.ALL)


def _mapping(value: object) -> Mapping[str, Any]:
    """What stands there, if it is a mapping; what it should be is told by the models."""
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
