"""Whether the crypto map stands where packets pass, and closes where it should (guide: "Fail-Close Mode")."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.verdict import not_applicable, verdict
from getvpn_ops.checks.held import map_names, traffic_keys
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Severity
from getvpn_ops.model.state.crypto_map import CryptoMaps, FailCloses
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.outcome import Finding, Seen

_STEPS = ("show crypto map", "show running-config interface of the link to the provider: crypto map M")


def applied(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """Without its crypto map on an interface a configured group does nothing.

    The router then forwards in clear, and the other members drop what it sends.
    """
    if (silent := member.state.silent(CryptoMaps)) is not None:
        yield _absent(member, silent)
        return
    sample = member.state.latest(CryptoMaps)
    ports: dict[str, list[str]] = defaultdict(list)
    for entry in sample.value.entries:
        ports[entry.crypto_map] += entry.interfaces  # only the last entry of a map prints them
    ours = [entry for entry in sample.value.entries if entry.group_name == member.local_name]
    if not ours:
        _sure(member, sample)
        yield _absent(member, sample.seen)
    for entry in ours:
        found = ports[entry.crypto_map]
        if not found and not entry.warnings:
            _sure(member, sample)
        yield verdict(
            member,
            bool(found) and not entry.warnings,
            f"crypto map {entry.crypto_map} {entry.sequence}",
            expected="complete, and on an interface",
            actual="; ".join([*entry.warnings, f"on {', '.join(found)}" if found else "on no interface"]),
            seen=[sample],
            next_steps=_STEPS,
        )


def _sure(member: MemberView, sample: Sample[CryptoMaps]) -> None:
    """Ask before a map is called unused.

    Raises:
        EvidenceMissingError: the text may have lost the names of interfaces: another command shows keys on some.
    """
    sample.certain()
    try:
        ports = [name for name, keys in traffic_keys(member).value.by_interface.items() if keys]
    except EvidenceMissingError:
        return
    if ports:
        msg = f"{member.device}: {sample.seen.command} shows no interface, and there are keys on {', '.join(ports)}"
        raise EvidenceMissingError(msg)


def _absent(member: MemberView, seen: Seen) -> Finding:
    return verdict(
        member,
        good=False,
        message="crypto map",
        expected=f"an entry for group {member.local_name}",
        actual="none",
        seen=[seen],
        next_steps=_STEPS,
    )


def fail_close(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """A member that starts is open until it is registered: with fail-open its traffic leaves in clear meanwhile.

    Where fail-close is intended it must be activated, or it does nothing; where it is not, an active one takes the site
    off the network whenever no key server answers.
    """
    intent = member.whole.intent
    if intent is None or intent.fail_close is None:
        yield not_applicable(member, "fail-close", "the inventory does not say whether it is intended")
        return
    wanted, state = intent.fail_close, member.state
    seen: Seen
    active: list[str] = []
    open_: list[str] = []
    if (silent := state.silent(FailCloses)) is not None:
        seen, actual = silent, "not configured"
    elif state.refused(FailCloses):
        if wanted:
            yield verdict(
                member,
                good=False,
                message="fail-close",
                expected="active",
                actual="this release does not know it",
                next_steps=("an access list on the interface may stand in for it", "a newer release"),
            )
        else:
            yield verdict(
                member, good=True, message="fail-close", expected="not active", actual="unknown to this release"
            )
        return
    else:
        sample = state.latest(FailCloses)
        names = _names(member)
        ours = [item for item in sample.value.maps if names is None or item.crypto_map in names]
        active = [item.crypto_map for item in ours if item.activate]
        open_ = sorted((names or frozenset()) - set(active))
        if open_ or not ours or len(active) < len(ours):
            sample.certain()
        seen = sample.seen
        if any(item.activate is None for item in ours) and not active:
            msg = f"{member.device}: {seen.command} does not tell whether fail-close is activated"
            raise EvidenceMissingError(msg)
        actual = (
            f"active on {', '.join(active)}" if active else "configured, not activated" if ours else "not configured"
        )
        if active and open_:
            actual += f", not on {', '.join(open_)}"
    yield verdict(
        member,
        bool(active) and not open_ if wanted else not active,
        "fail-close",
        expected="active" if wanted else "not active",
        actual=actual,
        seen=[seen],
        next_steps=("show crypto map gdoi fail-close", "does its list let SSH, AAA, routing, PKI and UDP 848 pass?")
        if wanted
        else (
            "is it intended? Then say so: `fail_close` in the group's file",
            "if not: `no activate` under `crypto map M gdoi fail-close`, while the member is registered",
        ),
    )


def _names(member: MemberView) -> frozenset[str] | None:
    """The group's crypto maps, those that are on an interface if any is; None if that is not known."""
    try:
        names = map_names(member)
        entries = member.state.latest(CryptoMaps).value.entries
        applied_ = {entry.crypto_map for entry in entries if entry.interfaces and entry.crypto_map in names}
        return frozenset(applied_) or names or None
    except EvidenceMissingError:
        return None


MEMBER_CHECKS = (
    Spec(
        id="maps-applied",
        title="The group's crypto map is on an interface",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=applied,
        tags=frozenset({"crypto-map"}),
    ),
    Spec(
        id="maps-fail-close",
        title="Fail-close is as intended",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=fail_close,
        tags=frozenset({"crypto-map", "fail-close"}),
    ),
)
