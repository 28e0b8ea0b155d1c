"""Steps of the key servers, which a rekey carries to the members one after the other; and time, which needs none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.members import LIVE, TrafficKey
from getvpn_ops.analysis.traffic.steps import Course, Policy, Stage, granted, turned, unchanged
from getvpn_ops.analysis.traffic.timing import old_life, registers_within

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.steps import Now
    from getvpn_ops.analysis.traffic.timing import Timing
    from getvpn_ops.model.acl import Ace

_FIRST_MADE = 1 << 32
"""From here on number SPIs of keys that only a prediction knows: real ones have 32 bits."""


@dataclass(frozen=True, slots=True)
class Rekey:
    """A rekey, with a change of policy or without.

    Attributes:
        title: for people.
        entries: the new list; None: as before.
        receive_only: the new direction; None: as before.
        replace_now: the old keys end at once (``crypto gdoi ks rekey replace-now``).
    """

    title: str
    entries: tuple[Ace, ...] | None = None
    receive_only: bool | None = None
    replace_now: bool = False

    @property
    def spreads(self) -> bool:
        """It reaches members one after the other."""
        return True

    @property
    def is_change(self) -> bool:
        """Whether it carries another policy, so that the old keys live on for a while only."""
        return self.entries is not None or self.receive_only is not None

    def skew(self, timing: Timing) -> float | None:
        """The spread of a rekey."""
        return timing.spread

    def moment(self, now: Now) -> datetime:
        """When it has spread."""
        return now.moment + timedelta(seconds=now.timing.spread or 0.0)

    def old_keys_live(self, now: Now) -> float | None:
        """Seconds until the old keys have ended; None if their ends are not known."""
        if self.replace_now:
            return 0.0
        left = [(key.ends - now.moment).total_seconds() for key in now.policy.keys if key.ends is not None]
        if not left:
            return None
        return old_life(max(left), now.timing.lifetime) if self.is_change else max(left)

    def straggler_registers(self, now: Now) -> float | None:
        """Seconds after which a member that missed it has registered again by its own timer; None if it is not known.

        It does not know that the old keys end sooner elsewhere: the newest key that it has runs to the end that it was
        made with, and it registers before that. If it has several keys for several ``sa ipsec``, the first counts.
        """
        ends: dict[str, list[datetime]] = {}
        for key in now.policy.keys:
            if key.ends is not None:
                ends.setdefault(key.policy, []).append(key.ends)
        if not ends or any(key.ends is None for key in now.policy.keys):
            return None
        left = min((max(found) - now.moment).total_seconds() for found in ends.values())
        return registers_within(left, now.timing.lifetime) + now.timing.registration

    def policy(self, now: Now) -> Policy:
        """New keys, and the old ones for as long as they live."""
        held = now.policy
        old = () if self.replace_now else tuple(self._shortened(key, now) for key in held.keys)
        first = max([_FIRST_MADE, *(key.spi + 1 for key in held.keys)])
        ends = now.moment + timedelta(seconds=now.timing.lifetime)
        newest = {key.policy: key for key in reversed(held.keys)} or {"": TrafficKey(0)}
        made = tuple(replace(key, spi=first + number, ends=ends) for number, key in enumerate(newest.values()))
        return Policy(
            held.downloaded if self.entries is None else self.entries,
            (*made, *old),
            held.receive_only if self.receive_only is None else self.receive_only,
        )

    def _shortened(self, key: TrafficKey, now: Now) -> TrafficKey:
        if key.ends is None or not self.is_change:
            return key
        lives = old_life((key.ends - now.moment).total_seconds(), now.timing.lifetime)
        return replace(key, ends=now.moment + timedelta(seconds=lives))

    def course(self, member: Member, now: Now) -> Course:
        """Who is registered takes it; who is not gets the new policy when it registers."""
        if member.mode not in LIVE or member.lists is None:
            return unchanged(member)
        policy = self.policy(now)
        brought = {key.spi for key in policy.keys}
        kept = () if self.replace_now else tuple(key for key in member.keys if key.spi not in brought)
        after = granted(member, replace(policy, keys=(*policy.keys, *kept)))
        return turned(member, after)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing but time: keys end."""

    seconds: float

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.seconds:.0f} s pass"

    @property
    def spreads(self) -> bool:
        """A key ends everywhere at the same moment."""
        return False

    def skew(self, _timing: Timing) -> float | None:
        """None at all."""
        return 0.0

    def course(self, member: Member, now: Now) -> Course:
        """Its keys may have ended."""
        later = member.at(self.moment(now))
        return unchanged(member) if later is member else Course((Stage(member), Stage(later)))

    def policy(self, now: Now) -> Policy:
        """The keys that have not ended."""
        moment = self.moment(now)
        return replace(now.policy, keys=tuple(key for key in now.policy.keys if key.ends is None or key.ends > moment))

    def moment(self, now: Now) -> datetime:
        """Then."""
        return now.moment + timedelta(seconds=self.seconds)
