"""The file format of a playbook: stages in order, each with its action, its targets and its gates. No expressions.

What varies between networks is an option with named choices (``when: {cutover: hitless}``), a filter of targets, or the
intent of the group itself: a playbook never says lines of configuration.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.written import Name

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError("a name in small letters, digits and single hyphens, such as verify-acl")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("one line of text, without anything unseen in it")
    return text


def _lines(text: str) -> str:
    if not all(line.isprintable() for line in text.split("\n")):
        raise ValueError("lines of text, without anything unseen in them")
    return text


def _time_of_day(value: object) -> object:
    """``22`` would be 22 seconds after midnight."""
    if isinstance(value, time) or (isinstance(value, str) and _TIME.fullmatch(value)):
        return value
    raise ValueError("a time of day, such as 22:30")


def _moment(value: object) -> datetime:
    """A text, or what YAML takes for a time; a day alone does not say where it begins."""
    try:
        made = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        made = None
    if made is None or made.utcoffset() is None:
        raise ValueError("a moment with its time zone, such as 2026-12-20T00:00:00+01:00")
    return made


Slug = Annotated[str, Field(max_length=48), AfterValidator(_slug)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
MaybeLine = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(_lines)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 30, strict=True)]
Percent = Annotated[int, Field(ge=1, le=100, strict=True)]


class OnFail(StrEnum):
    """What becomes of the run when a gate does not open."""

    HOLD = "hold"
    """It stops with everything in a known state, until somebody resumes it."""
    ROLLBACK = "rollback"
    """The stage is taken back by its own way back, and the run then holds."""
    ABORT = "abort"
    """It ends, and cannot be resumed; what was done stays until it is rolled back."""


class Who(StrEnum):
    """Part of a group."""

    KEY_SERVERS = "key-servers"
    MEMBERS = "members"
    PILOT = "pilot"
    """Members that were chosen to go first."""
    REST = "rest"
    """All members but the pilot."""
    ALL = "all"


class Gate(FrozenModel):
    """A check that must pass, by its id; unknown is not passed.

    Attributes:
        check: id of a health check.
        params: of it.
        on_fail: what becomes of the run.
        max_age: seconds; evidence that is older is read anew, and the gates of one ring share a look. 0: always.
        patience: minutes that a failing check is asked again for, before it counts.
    """

    check: Slug
    params: dict[str, Any] = Field(default_factory=dict)
    on_fail: OnFail = OnFail.HOLD
    max_age: Annotated[int, Field(ge=0, le=3600, strict=True)] = 0
    patience: Minutes = 0


class Targets(FrozenModel):
    """Whom a stage is about, out of the group that the run is for; each field narrows.

    Attributes:
        who: part of the group.
        devices: these alone.
        sites: devices of these alone.
        rings: members of these rings of the inventory alone.
    """

    who: Who = Who.ALL
    devices: tuple[Name, ...] = ()
    sites: tuple[Name, ...] = ()
    rings: tuple[Annotated[int, Field(ge=0, strict=True)], ...] = ()


class Batch(FrozenModel):
    """How many at a time.

    Attributes:
        at_once: devices in hand; never two of one site, and key servers one by one whatever stands here.
        rings: cumulative percent of the members after which the exit gates are asked; empty: once, at the end.
        soak: minutes between a ring and its gates.
        budget: failed members after which no more are begun; an unreachable one counts.
    """

    at_once: Annotated[int, Field(ge=1, le=100, strict=True)] = 5
    rings: tuple[Percent, ...] = ()
    soak: Minutes = 0
    budget: Annotated[int, Field(ge=0, strict=True)] = 0

    @model_validator(mode="after")
    def _ascending(self) -> Batch:
        if any(b <= a for a, b in zip(self.rings, self.rings[1:], strict=False)):
            raise ValueError("rings that ascend, such as [5, 25, 100]")
        if self.rings and self.rings[-1] != 100:  # noqa: PLR2004 -- percent
            raise ValueError("100 as the last ring: nobody is left out")
        return self


class Window(FrozenModel):
    """When forward steps may begin; the way back is always allowed (promise P13).

    Attributes:
        days: of the week, ``mon`` to ``sun``; empty: all.
        start: time of day.
        end: likewise; before ``start``: on the next day.
        zone: IANA name of the time zone.
    """

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    start: TimeOfDay
    end: TimeOfDay
    zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"

    @model_validator(mode="after")
    def _open(self) -> Window:
        if self.start == self.end:
            raise ValueError("an end that is not the start: nothing could ever begin")
        return self


class Freeze(FrozenModel):
    """When no forward step may begin.

    Attributes:
        start: with its time zone.
        end: likewise.
        reason: for people.
    """

    start: Moment
    end: Moment
    reason: Line = "freeze"

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        if self.end <= self.start:
            raise ValueError("an end after the start")
        return self


class Option(FrozenModel):
    """A choice that the person who plans may make.

    Attributes:
        choices: that there are.
        default: of them.
        about: for people.
    """

    choices: Annotated[tuple[Slug, ...], Field(min_length=1)]
    default: Slug
    about: MaybeLine = ""

    @model_validator(mode="after")
    def _of_them(self) -> Option:
        if self.default not in self.choices:
            raise ValueError("a default that is one of the choices")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("each choice once")
        return self


class Stage(FrozenModel):
    """One stage.

    Attributes:
        id: unique in the playbook.
        title: for people; empty: that of the action.
        action: of ``workflow.playbooks.stages``.
        params: of it.
        targets: whom it is about.
        when: options with the choice that they must have for the stage to be taken at all.
        batch: how many at a time.
        enter: gates before anything is sent.
        exit: gates after each ring, and after the stage.
        timeout: minutes that all its waits may take together.
        windowed: whether it only begins within the windows of the playbook.
        approval: what a person has to say yes to before it; empty: nothing.
        save: whether configurations are saved once the exit gates are open (promise P17).
    """

    id: Slug
    title: MaybeLine = ""
    action: Slug
    params: dict[str, Any] = Field(default_factory=dict)
    targets: Targets = Targets()
    when: dict[Slug, Slug] = Field(default_factory=dict)
    batch: Batch = Batch()
    enter: tuple[Gate, ...] = ()
    exit: tuple[Gate, ...] = ()
    timeout: Annotated[Minutes, Field(ge=1)] = 240
    windowed: bool = True
    approval: MaybeLine = ""
    save: bool = True


class Playbook(FrozenModel):
    """A playbook.

    Attributes:
        name: as it is called on the command line; that of its file.
        title: one line for people.
        about: the manual of it.
        options: choices.
        windows: when forward stages may begin; empty: always.
        freezes: when none may.
        stages: in order.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Slug
    title: Line
    about: Text = ""
    options: dict[Slug, Option] = Field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
