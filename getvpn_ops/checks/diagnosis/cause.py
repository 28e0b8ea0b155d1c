"""The shape of a cause, and how its clues are weighed.

To add one: write a generator of clues over a scene, with a docstring that is its page in the manual, name it in a
``Cause``, and add that to its module's tuple; ``checks.diagnosis`` joins the tuples.

How clues are weighed, so that everyone can check it by hand: a clue counts its weight (hint 1, strong 3, decisive 10),
against a cause as much as for it. A cause with a decisive clue for it is *certain*; with decisive clues both ways it is
*possible* only, for then one of them is wrong. A decisive clue against it rules it out. Else the sum says: from 3 on
*likely*, from 1 on *possible*, and below that it is ruled out. What could not be seen never counts: a cause that
nothing speaks for is *open* as long as something of it was not seen, unless a decisive clue rules it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from getvpn_ops.errors import EvidenceMissingError, RegistryError
from getvpn_ops.model.diagnosis import Clue, Complaint, Likelihood, Points, Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.model.outcome import Seen

P = ParamSpec("P")
S = TypeVar("S")

MEMBER, SERVER, PEER = "member", "server", "other server"
"""Where a command that confirms a cause is typed: on the member, on the key server, on another one."""


class Scope(StrEnum):
    """What a cause is looked for on."""

    GROUP = "group"
    SERVER = "key server"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Generic[S]):
    """Something that may be behind symptoms.

    Attributes:
        id: stable, kebab-case; says what is wrong.
        title: one line, as a statement that holds when it is the cause.
        examine: yields a clue for each thing looked at; its docstring is the manual.
        explains: symptoms that it accounts for.
        confirm: where (``MEMBER``, ``SERVER``, ``PEER``) and which command would prove it; ``{group}``, ``{address}``
            (of the member), ``{server}`` (address of the key server; on one, that of its peer), ``{itself}`` (address
            of the key server that is looked at), ``{label}`` and the like stand for what the scene knows.
        heal: what mends it, for a person.
        shows: symptom that it is by itself once it is certain or likely; None if it needs others to be seen.
        spreads: whether packets of other members are dropped by it too.
    """

    id: str
    title: str
    examine: Callable[[S], Iterator[Clue]]
    explains: frozenset[Complaint]
    confirm: tuple[tuple[str, str], ...]
    heal: tuple[str, ...]
    shows: Complaint | None = None
    spreads: bool = False

    @property
    def doc(self) -> str:
        """Its page in the manual."""
        return self.examine.__doc__ or ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What clues make of a cause.

    Attributes:
        likelihood: of it.
        score: weights for it less weights against it.
        why: for one that is ruled out or open.
    """

    likelihood: Likelihood
    score: int
    why: str = ""


_LIKELY = 3


def weigh(clues: Iterable[Clue]) -> Verdict | None:
    """Combine clues by the rule of this module; None if there is none at all."""
    held = list(clues)
    pro = [clue for clue in held if clue.points is Points.FOR]
    contra = [clue for clue in held if clue.points is Points.AGAINST]
    score = sum(clue.weight for clue in pro) - sum(clue.weight for clue in contra)
    proves = any(clue.weight is Weight.DECISIVE for clue in pro)
    excludes = [clue for clue in contra if clue.weight is Weight.DECISIVE]
    if proves:
        return Verdict(Likelihood.POSSIBLE if excludes else Likelihood.CERTAIN, score)
    if excludes:
        return Verdict(Likelihood.RULED_OUT, score, excludes[0].says)
    if pro and score >= 1:
        return Verdict(Likelihood.LIKELY if score >= _LIKELY else Likelihood.POSSIBLE, score)
    missing = next((clue.says for clue in held if clue.points is Points.MISSING), None)
    if contra and (pro or missing is None):
        return Verdict(Likelihood.RULED_OUT, score, max(contra, key=lambda clue: clue.weight).says)
    return None if missing is None else Verdict(Likelihood.OPEN, 0, missing)


def speaks_for(weight: Weight, says: str, *seen: Seen) -> Clue:
    """A clue for a cause."""
    return Clue(Points.FOR, weight, says, seen)


def against(weight: Weight, says: str, *seen: Seen) -> Clue:
    """A clue against a cause."""
    return Clue(Points.AGAINST, weight, says, seen)


def missing(says: str) -> Clue:
    """Something that could not be looked at."""
    return Clue(Points.MISSING, Weight.STRONG, says)


def look(function: Callable[P, Iterator[Clue]]) -> Callable[P, Iterator[Clue]]:
    """Let missing evidence end this look only, and be a clue that points nowhere."""

    @wraps(function)
    def careful(*args: P.args, **kwargs: P.kwargs) -> Iterator[Clue]:
        try:
            yield from function(*args, **kwargs)
        except EvidenceMissingError as gap:
            yield missing(str(gap))

    return careful


def clues_of(cause: Cause[S], scene: S) -> tuple[Clue, ...]:
    """Everything that a cause looks at, those that count most first; missing evidence is a clue, never an exception."""
    found: list[Clue] = []
    try:
        found.extend(cause.examine(scene))
    except EvidenceMissingError as gap:
        found.append(missing(str(gap)))
    order = list(Points)
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda clue: (order.index(clue.points), -clue.weight)))


class Causes:
    """All causes, by what they are looked for on. Immutable once built."""

    def __init__(self, group: Iterable[Cause[Any]], server: Iterable[Cause[Any]], member: Iterable[Cause[Any]]) -> None:
        """Join causes; within each scope the order is that of equals in a diagnosis.

        Raises:
            RegistryError: an id stands twice, or a cause has no docstring.
        """
        self.group, self.server, self.member = tuple(group), tuple(server), tuple(member)
        self._by_id: dict[str, tuple[Scope, Cause[Any]]] = {}
        for scope, causes in ((Scope.GROUP, self.group), (Scope.SERVER, self.server), (Scope.MEMBER, self.member)):
            for cause in causes:
                if cause.id in self._by_id:
                    msg = f"cause {cause.id!r} stands twice"
                    raise RegistryError(msg)
                if not cause.doc.strip():
                    msg = f"cause {cause.id!r} has no docstring that is its page in the manual"
                    raise RegistryError(msg)
                self._by_id[cause.id] = (scope, cause)

    def __iter__(self) -> Iterator[Cause[Any]]:
        return iter((*self.group, *self.server, *self.member))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, cause_id: object) -> bool:
        return cause_id in self._by_id

    def __getitem__(self, cause_id: str) -> Cause[Any]:
        try:
            return self._by_id[cause_id][1]
        except KeyError:
            msg = f"no cause {cause_id!r}"
            raise RegistryError(msg) from None

    def scope(self, cause_id: str) -> Scope:
        """What a cause is looked for on."""
        return self._by_id[cause_id][0]

    def place(self, cause_id: str) -> int:
        """Its place among all."""
        return list(self._by_id).index(cause_id)
