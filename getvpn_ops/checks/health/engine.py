"""What encrypts: the crypto engine and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.verdict import not_applicable, verdict
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.state.engine import EliEngine


_HEALTHY = "active"


class EngineParams(FrozenModel):
    """How full is too full.

    Attributes:
        percent: of what the engine can hold.
    """

    percent: float = Field(default=90, gt=0, le=100)


def crypto_engine(device: DeviceView, params: EngineParams) -> Iterator[Finding]:
    """An engine that is full refuses the next SA: with a long list that is the new TEK of a rekey.

    A member then keeps its old key until that ends.
    """
    if not _encrypts(device):
        yield not_applicable(device, "crypto engine", "it is no member of a group")
        return
    sample = device.state.latest(Eli)
    failed = _failed(device)
    if not sample.value.engines:
        yield verdict(
            device,
            Status.UNKNOWN,
            "crypto engine",
            actual=f"{sample.seen.command} lists none",
            seen=[sample],
            next_steps=("show crypto engine configuration",),
        )
    for engine in sample.value.engines:
        yield _state(device, sample, engine)
        for item in engine.resources:
            share = 100 * item.active / item.maximum if item.maximum else 0.0
            before = failed.get((engine.engine, item.resource), 0)
            refused = (item.failed or 0) - before if (item.failed or 0) >= before else item.failed or 0
            yield verdict(
                device,
                share < params.percent and not refused,
                f"{item.resource} of crypto engine {engine.engine}",
                expected=f"under {params.percent:g} % in use, none refused{' since the last look' * bool(failed)}",
                actual=f"{item.active} of {item.maximum} in use, {refused} refused",
                seen=[sample],
                next_steps=("show crypto eli", "fewer lines in the group's list; one SA pair stands for each permit"),
            )


def _encrypts(device: DeviceView) -> bool:
    state = device.state
    if state.has(Gdoi):
        sample = state.latest(Gdoi)
        if any(not group.is_key_server for group in sample.value.groups):
            return True
        sample.certain()  # a group that was cut off is no group that is absent
        return False
    return state.device.role in {Role.MEMBER, None}


def _state(device: DeviceView, sample: Sample[Eli], engine: EliEngine) -> Finding:
    state = (engine.state or "").casefold()
    cut = state != _HEALTHY and _HEALTHY.startswith(state)  # not told, or the text broke off within the word
    return verdict(
        device,
        Status.UNKNOWN if cut else state == _HEALTHY,
        f"crypto engine {engine.engine}",
        expected="Active",
        actual=engine.state or "not told",
        seen=[sample],
        next_steps=("show crypto engine configuration", "crypto engine accelerator"),
    )


def _failed(device: DeviceView) -> dict[tuple[str, str], int]:
    """Requests that had been refused at the last look."""
    earlier = device.earlier
    if earlier is None or not earlier.has(Eli):
        return {}
    return {
        (engine.engine, item.resource): item.failed or 0
        for engine in earlier.latest(Eli).value.engines
        for item in engine.resources
    }


DEVICE_CHECKS = (
    Spec(
        id="engine-room",
        title="The crypto engine works and has room",
        severity=Severity.MAJOR,
        params=EngineParams,
        examine=crypto_engine,
        tags=frozenset({"device", "load"}),
    ),
)
