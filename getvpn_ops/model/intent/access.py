"""Access lists as people write them: what is exempt, by service or prefix, and what is encrypted."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, model_validator

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.written import AceText, ListName, is_entry

_ADDRESS = r"(?:any|[0-9A-Fa-f.:]{2,45}(?:/[0-9]{1,3})?)"
_ITEM = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.:-]{{0,62}}|{_ADDRESS}|{_ADDRESS} -> {_ADDRESS}")
_MATCH = re.compile(r"(?:tcp|udp) (?:source )?[0-9]{1,5}|(?:tcp|udp) [0-9]{1,5} both|[a-z0-9][a-z0-9-]{0,31}")


def _item(value: object) -> str:
    if isinstance(value, str) and value.isprintable():
        text = " ".join(value.split())
        if _ITEM.fullmatch(text) or is_entry(text):
            return text
    raise ValueError("a service, a prefix, PREFIX -> PREFIX, any, or an entry of an access list")


def _match(value: object) -> str:
    if not isinstance(value, str) or not _MATCH.fullmatch(value):
        raise ValueError("tcp 1521, udp 500 both, tcp source 20, a protocol, or a service")
    return value


Item = Annotated[str, BeforeValidator(_item)]
"""One of: the name of a service; a prefix; ``PREFIX -> PREFIX``; ``any``; an entry as IOS has it. What it expands to:

- a service, such as ``ssh`` (``dialect.services``, or one of the group's own): its entries and their mirrors
- a prefix under ``exempt``: it towards any, in both directions; under ``encrypt``: within itself
- ``A -> B``: that pair and its mirror; either may be ``any``
- ``any`` under ``encrypt``: ``permit ip any any``
- an entry that begins with ``permit``, ``deny`` or ``remark``: exactly itself, without a mirror
"""

Match = Annotated[str, BeforeValidator(_match)]
"""What a service of one's own is: ``tcp 1521``, ``udp 500 both`` (that port at both ends), ``tcp source 20`` (answers
alone), a protocol, or a service of ``dialect.services``."""


class AccessListIntent(FrozenModel):
    """What an access list should say: ``exempt`` and ``encrypt``, or ``entries`` one by one.

    Attributes:
        name: base of its name: a changed list gets ``NAME_r2`` and so on. None: made from the group's name.
        exempt: stays in clear, in order, before everything that is encrypted.
        encrypt: is encrypted, in order.
        entries: the whole list as IOS has it, in place of the two.
    """

    name: ListName | None = None
    exempt: tuple[Item, ...] | None = None
    encrypt: tuple[Item, ...] | None = None
    entries: tuple[AceText, ...] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> AccessListIntent:
        if self.entries is not None and (self.exempt is not None or self.encrypt is not None):
            raise ValueError("either entries, or exempt and encrypt")
        return self
