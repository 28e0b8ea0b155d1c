"""The shape that checks, audit rules and gates share.

To add one: write a pure generator of findings with a docstring that says why it matters to the network, name it in a
``Spec``, and add that spec to its module's tuple; the package joins the tuples into a ``Registry``. Nothing registers
itself as a side effect of an import.
"""

from __future__ import annotations

import difflib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from getvpn_ops.errors import EvidenceMissingError, RegistryError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Outcome, Severity, Status, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

logger = logging.getLogger(__name__)

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class View(Protocol):
    """Anything a spec is evaluated over: a device, a GDOI group, a configuration."""

    @property
    def name(self) -> str:
        """What the outcome calls it."""
        ...


V_contra = TypeVar("V_contra", bound=View, contravariant=True)
P = TypeVar("P", bound=FrozenModel)


class NoParams(FrozenModel):
    """For specs that take none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec(Generic[V_contra, P]):
    """A declared, pure, parametrised predicate.

    Attributes:
        id: stable, kebab-case, starting with the topic of its module.
        title: one line, as a statement that holds when all is well.
        severity: how much a failure matters.
        params: model of its parameters; its defaults are good practice.
        examine: yields one finding for each thing examined; its docstring is the manual.
        tags: words to select by.
    """

    id: str
    title: str
    severity: Severity
    params: type[P]
    examine: Callable[[V_contra, P], Iterable[Finding]]
    tags: frozenset[str] = frozenset()

    @property
    def doc(self) -> str:
        """Why it matters to the network."""
        return self.examine.__doc__ or ""


class Registry(Generic[V_contra]):
    """Specs over one kind of view, by id. Immutable once built."""

    def __init__(self, kind: str, specs: Iterable[Spec[V_contra, Any]]) -> None:
        """Join specs.

        Raises:
            RegistryError: an id stands twice or is not kebab-case, or a spec has no docstring.
        """
        self.kind = kind
        self._specs: dict[str, Spec[V_contra, Any]] = {}
        for spec in specs:
            if spec.id in self._specs:
                msg = f"{kind} {spec.id!r} stands twice"
                raise RegistryError(msg)
            if not _ID.fullmatch(spec.id):
                msg = f"{kind} {spec.id!r} is not kebab-case"
                raise RegistryError(msg)
            if not spec.doc.strip():
                msg = f"{kind} {spec.id!r} has no docstring that says why it matters"
                raise RegistryError(msg)
            self._specs[spec.id] = spec

    def __getitem__(self, spec_id: str) -> Spec[V_contra, Any]:
        try:
            return self._specs[spec_id]
        except KeyError:
            near = difflib.get_close_matches(spec_id, self._specs, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            msg = f"no {self.kind} {spec_id!r}{hint}"
            raise RegistryError(msg) from None

    def __contains__(self, spec_id: object) -> bool:
        return spec_id in self._specs

    def __iter__(self) -> Iterator[Spec[V_contra, Any]]:
        return iter(sorted(self._specs.values(), key=lambda spec: spec.id))

    def __len__(self) -> int:
        return len(self._specs)


def evaluate(spec: Spec[V_contra, P], view: V_contra, raw: Mapping[str, object] | None = None) -> Outcome:
    """Run one spec over one view; nothing in it can escape as an exception.

    Args:
        spec: what to ask.
        view: of what.
        raw: parameters as a person wrote them; validated here.

    Returns:
        The worst of the findings. At best UNKNOWN if evidence is missing or nothing was examined, at best ERROR if the
        parameters are wrong or the spec itself crashed: a failure seen before that stays a failure.
    """

    def conclude(status: Status, reason: str, findings: tuple[Finding, ...] = ()) -> Outcome:
        return Outcome(
            spec_id=spec.id,
            subject=view.name,
            severity=spec.severity,
            status=status,
            findings=findings,
            reason=reason,
        )

    try:
        params = spec.params.model_validate(dict(raw or {}))
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in exc.errors())
        return conclude(Status.ERROR, f"parameters: {faults}")
    seen: list[Finding] = []
    try:
        seen.extend(spec.examine(view, params))
    except EvidenceMissingError as exc:
        return conclude(_with(Status.UNKNOWN, seen), str(exc), tuple(seen))
    except Exception as exc:
        logger.exception("%s crashed on %s", spec.id, view.name)
        return conclude(_with(Status.ERROR, seen), f"{type(exc).__name__}: {exc}", tuple(seen))
    reason = "" if seen else "nothing was examined"
    return conclude(worst(finding.status for finding in seen), reason, tuple(seen))


def _with(status: Status, findings: Iterable[Finding]) -> Status:
    return worst((status, *(finding.status for finding in findings)))
