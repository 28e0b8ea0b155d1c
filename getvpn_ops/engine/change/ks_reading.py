"""What the key servers of a group say right before a step: all of them are asked, in one session each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.held_keys import lives
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ks_policy import KsReplay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.state.ks_policy import KekPolicy, ServerPolicy

COOP = "show crypto gdoi ks coop"
POLICY = "show crypto gdoi ks policy"
REPLAY = "show crypto gdoi ks replay"
SCREENS = (
    "show crypto gdoi",
    POLICY,
    "show crypto gdoi ks acl",
    "show crypto gdoi ks members",
    COOP,
    "show crypto gdoi ks rekey",
    REPLAY,
    "show crypto key mypubkey rsa",
)
_LEAST_SHARE, _LEAST, _LONG_SHARE, _SHORT = 0.2, 600.0, 0.08, 90.0
_KEK_EARLY = 200.0


@dataclass(frozen=True, slots=True)
class Due:
    """A rekey that comes by itself.

    Attributes:
        group: whose.
        what: ``the rekey of the TEK`` and so on.
        at: when, UTC; the earliest moment where the screen does not print it.
        ends: when the key ends that it renews, UTC; it has come by then. Of a pseudotime sync the same as ``at``.
        is_printed: whether the key server printed the moment.
    """

    group: str
    what: str
    at: datetime
    ends: datetime
    is_printed: bool = True


def ask_servers(scene: Scene, groups: Iterable[str]) -> FleetState:
    """Ask all key servers of these groups.

    Raises:
        DispatchError: the inventory names none.
    """
    servers: dict[Device, None] = {}
    for group in groups:
        servers |= dict.fromkeys(scene.inventory.key_servers(group))
    return scene.collector.collect(
        scene.run, scene.inventory, Wish(tuple(servers), interval=timedelta(), script=_script)
    )


def _script(_device: Device) -> Script:
    for screen in SCREENS:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield screen


def group_view(fleet: FleetState, group: str) -> GroupView:
    """A group of the inventory.

    Raises:
        EvidenceMissingError: there is none of that name.
    """
    found = next((view for view in group_views(fleet) if view.name == group), None)
    if found is None:
        msg = f"no key server of group {group} is known"
        raise EvidenceMissingError(msg)
    return found


def served_by(scene: Scene, device: str) -> tuple[str, ...]:
    """Groups that the inventory has a key server serve."""
    names = scene.inventory.group_names()
    return tuple(name for name in names if device in {item.name for item in scene.inventory.key_servers(name)})


def has_group(server: KeyServerView) -> bool:
    """Whether a key server has the group at all.

    Raises:
        EvidenceMissingError: it did not tell, or not for certain.
    """
    if server.state.silent(Gdoi) is not None:
        return False
    if server.configured():
        return True
    server.state.whole(Gdoi)
    return False


def is_running(view: GroupView) -> bool:
    """Whether anybody has keys of the group: a member is registered, or a key lives.

    Raises:
        EvidenceMissingError: nobody is known to have any, and some key server did not tell.
    """
    missing: EvidenceMissingError | None = None
    for server in view.key_servers:
        try:
            if has_group(server) and (_members(server) or _keys(server)):
                return True
        except EvidenceMissingError as exc:
            missing = missing or exc
    if missing is not None:
        raise missing
    return False


def _members(server: KeyServerView) -> bool:
    count = server.gdoi().value.group_members
    if count is None:
        msg = f"{server.device}: show crypto gdoi does not count the members of group {server.group}"
        raise EvidenceMissingError(msg)
    return bool(count)


def _keys(server: KeyServerView) -> bool:
    policies = server.policy().certain().value
    teks = (tek for policy in policies for tek in policy.teks)
    keks = (kek for policy in policies for kek in policy.keks)
    return any(map(lives, teks)) or any(map(lives, keks))


def dues(view: GroupView) -> tuple[Due, ...]:
    """The rekeys of a group that come by themselves, as its primary tells them: only that one sends any.

    Raises:
        EvidenceMissingError: there is no single primary, or it does not tell all that could come.
    """
    return dues_of(view.primary(), view)


def dues_of(server: KeyServerView, view: GroupView) -> tuple[Due, ...]:
    """The same as one key server tells it.

    Raises:
        EvidenceMissingError: it does not tell all that could come.
    """
    sample = server.policy().certain()
    ring = view.served.rings.get(server.device)
    current = ring.current() if ring is not None else ()
    if not current:
        msg = f"{server.device}: {sample.seen.command} shows no TEK of group {view.name} that lives"
        raise EvidenceMissingError(msg)
    found: list[Due] = []
    for key in current:
        assert key.ends is not None  # noqa: S101 -- current() leaves others out
        if key.due is None and key.born is None:
            msg = f"{server.device}: {sample.seen.command} does not say when {key.hex} is renewed"
            raise EvidenceMissingError(msg)
        early = _early((key.ends - key.born).total_seconds()) if key.born is not None else 0.0
        at = key.due or key.ends - timedelta(seconds=early)
        found.append(Due(view.name, "the rekey of the TEK", at, key.ends, key.due is not None))
    found += _kek(server, sample.value, sample.taken_at)
    found += _sync(server)
    return tuple(found)


def _early(lifetime: float) -> float:
    """Seconds before the end of a key at which its successor comes at the earliest.

    A fifth of its life, at most some minutes (DOMAIN, "Rekey"); long lives keep a share, as captures of 15.x and later
    print it. Releases that do not print the moment are only known not to be earlier than that.
    """
    return max(min(_LEAST_SHARE * lifetime, max(_LEAST, _LONG_SHARE * lifetime)), min(_SHORT, lifetime / 2))


def _kek(server: KeyServerView, policies: tuple[ServerPolicy, ...], now: datetime) -> Iterator[Due]:
    keks = [kek for item in policies for kek in item.keks if lives(kek)]
    newest = max(
        keks, key=lambda kek: kek.remaining if isinstance(kek.remaining, timedelta) else timedelta(), default=None
    )
    if newest is None:
        return
    if not isinstance(newest.remaining, timedelta):
        msg = f"{server.device}: {POLICY} does not say how long the KEK lives"
        raise EvidenceMissingError(msg)
    yield _due_of(server, newest, newest.remaining, now)


def _due_of(server: KeyServerView, kek: KekPolicy, remaining: timedelta, now: datetime) -> Due:
    ends = now + remaining
    if isinstance(kek.time_to_rekey, timedelta):
        return Due(server.group, "the rekey of the KEK", now + kek.time_to_rekey, ends)
    life = kek.lifetime.total_seconds() if kek.lifetime is not None else 0.0
    early = timedelta(seconds=max(_KEK_EARLY, _early(life)))
    return Due(server.group, "the rekey of the KEK", ends - early, ends, is_printed=False)


def _sync(server: KeyServerView) -> Iterator[Due]:
    """The note of the pseudotime, every two hours, is a rekey as well (DOMAIN, "Rekey")."""
    if server.state.refused(KsReplay):
        methods = [sa.replay_method for sa in server.gdoi().value.ipsec_sas]
        if not methods or any(method is None or "time" in method.casefold() for method in methods):
            msg = f"{server.device}: it refuses {REPLAY}: when the pseudotime is synchronised is not known"
            raise EvidenceMissingError(msg)
        return
    sample = server.replay()
    if sample.value.enabled is False:
        return
    if not isinstance(sample.value.next_sync, timedelta):
        msg = f"{server.device}: {REPLAY} does not say when the pseudotime is synchronised"
        raise EvidenceMissingError(msg)
    at = sample.taken_at + sample.value.next_sync
    yield Due(server.group, "the note of the pseudotime", at, at)
