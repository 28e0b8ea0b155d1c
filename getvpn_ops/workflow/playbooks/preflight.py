"""What is asked of routers before anything is changed on them, and what may stay unanswered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from getvpn_ops.model.base import FrozenModel

FACTS = "preflight"
"""End of the names under which the journal has the rows of a device: a question, and its verdict in words."""


class Question(StrEnum):
    """A question to each router; its value is what a playbook calls it."""

    KEY_SERVERS = "key-servers"
    """Do echoes to every key server come back, from the address and the VRF that it will register from?"""
    GDOI = "udp-848"
    """Does any list of our routers drop UDP 848 between it and a key server, in either direction?"""
    ESP = "esp"
    """Does any list of our routers drop IP protocol 50 between its networks and those of others?"""
    NAT = "nat"
    """Are addresses translated where the group's packets leave it?"""
    NTP = "ntp"
    """Do its time servers set its clock, and do they answer?"""
    PKI = "pki"
    """Do the servers of certificates and revocation lists answer?"""
    PASSIVE = "passive"
    """Can the release that it runs be passive, as the plan takes it?"""
    ARCHIVE = "archive"
    """Is there the archive on which the timers of the plan rest?"""
    LOCKOUT = "lock-out"
    """Does the plan cut what routers need? Judged when it was made."""
    MTU = "mtu"
    """How large are packets that reach another site, and do they still once they are encrypted?"""


Bytes = Annotated[int, Field(ge=576, le=9216, strict=True)]


class PreflightParams(FrozenModel):
    """What is asked.

    Attributes:
        open: questions that may stay unanswered; one that is answered badly holds the stage whatever stands here.
        skip: questions that are not asked.
        repeat: echoes of a series.
        peers: other sites to which each member sends echoes of growing size.
        largest: bytes of the largest echo.
    """

    open: tuple[Question, ...] = ()
    skip: tuple[Question, ...] = ()
    repeat: Annotated[int, Field(ge=2, le=50, strict=True)] = 3
    peers: Annotated[int, Field(ge=1, le=4, strict=True)] = 1
    largest: Bytes = 1500

    @model_validator(mode="after")
    def _apart(self) -> PreflightParams:
        if both := [item.value for item in self.open if item in self.skip]:
            msg = f"{both[0]} is in `skip` and in `open`: what is not asked cannot stay open"
            raise ValueError(msg)
        return self

    @property
    def asked(self) -> tuple[Question, ...]:
        """In the order of their rows."""
        return tuple(item for item in Question if item not in self.skip)


def told_questions(params: PreflightParams) -> tuple[str, ...]:
    """What a plan says of them."""
    found = [f"asks of each router: {', '.join(params.asked)}; what fails, or cannot be told, holds the run"]
    if params.open:
        found.append(f"these may stay open, as the playbook says: {', '.join(params.open)}")
    if params.skip:
        found.append(f"these are not asked: {', '.join(params.skip)}")
    return tuple(found)
