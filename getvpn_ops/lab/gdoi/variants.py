"""What nobody attests about real devices, switchable for each: a product must be right under every choice."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {"yes": True, "true": True, "no": False, "false": False}


class Takes(Enum):
    """When ``passive`` and ``no passive`` take effect on a registered member."""

    AT_ONCE = "at once"
    NEXT_REKEY = "next rekey"
    REREGISTRATION = "re-registration"


@dataclass(frozen=True, slots=True)
class Variants:
    """The choices for one device; the defaults are the good ones.

    Attributes:
        passive: when a change of ``passive`` takes effect; a re-registration follows at once and destroys the SAs.
        passive_accepts_clear: whether a passive member accepts clear packets when the key server says Both.
        direction_gap: seconds without any SA when the direction changes.
        rekeys_on_leaving: whether leaving configuration mode sends a changed policy; None: as its release does.
        removes_gently: whether ``clear crypto gdoi ks members`` lets SAs live until members have registered again.
    """

    passive: Takes = Takes.AT_ONCE
    passive_accepts_clear: bool = True
    direction_gap: float = 0.0
    rekeys_on_leaving: bool | None = None
    removes_gently: bool = True


GOOD = Variants()
BAD = Variants(passive=Takes.REREGISTRATION, passive_accepts_clear=False, direction_gap=2.0)


def chosen(given: Mapping[str, Any], usual: Variants = GOOD) -> Variants:
    """The choices that someone wrote down, over the usual ones.

    Args:
        given: field -> value, as in ``{passive: next rekey, direction_gap: 2, passive_accepts_clear: no}``; ``release``
            for ``rekeys_on_leaving`` means as the release does.
        usual: what is not given.

    Raises:
        ValueError: there is no such choice, or its value is none.
    """
    known = {field.name for field in fields(Variants)}
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            msg = f"no variant is called {name!r}; there are {', '.join(sorted(known))}"
            raise ValueError(msg)
        made[name] = _value(name, value)
    return replace(usual, **made)


def _value(name: str, value: object) -> object:
    text = str(value).strip().lower()
    if name == "passive":
        return _one_of(name, text, {item.value: item for item in Takes})
    if name == "direction_gap":
        try:
            return max(0.0, float(text))
        except ValueError:
            msg = f"{name}: expected seconds, found {value!r}"
            raise ValueError(msg) from None
    words: dict[str, object] = {**_WORDS, **({"release": None} if name == "rekeys_on_leaving" else {})}
    return _one_of(name, text, words)


def _one_of(name: str, text: str, words: Mapping[str, object]) -> object:
    if text not in words:
        msg = f"{name}: expected one of {', '.join(words)}; found {text!r}"
        raise ValueError(msg)
    return words[text]
