"""How long things of a rekey take, in seconds at most (guide, "Rekey Triggering"; DOMAIN notes of newer releases)."""

from __future__ import annotations

from dataclasses import dataclass

_LEAST_OLD_LIFE, _SHARE_OLD_LIFE, _MOST_OLD_LIFE = 90.0, 0.05, 3600.0
_LEAST_MARGIN, _SHORTEST_SHARE, _LONGEST_SHARE = 60.0, 0.03, 0.06
SYNC = 7200.0
"""Seconds between two notes of the pseudotime, each of which is a rekey."""


def old_life(remaining: float, lifetime: float) -> float:
    """Seconds that a replaced SA still lives after a policy rekey.

    Args:
        remaining: of it.
        lifetime: as configured when it was made.
    """
    return min(remaining, max(_LEAST_OLD_LIFE, min(_SHARE_OLD_LIFE * lifetime, _MOST_OLD_LIFE)))


def margin(lifetime: float) -> float:
    """Seconds before the end of its TEK at which a member registers again at the earliest."""
    return max(_LEAST_MARGIN, _LONGEST_SHARE * lifetime)


def registers_within(remaining: float, lifetime: float) -> float:
    """Seconds until a member has begun to register again by itself, at most, as no other key follows its own.

    Args:
        remaining: of its key.
        lifetime: as configured when it was made.
    """
    return max(0.0, remaining - max(_LEAST_MARGIN, _SHORTEST_SHARE * lifetime))


@dataclass(frozen=True, slots=True)
class Timing:
    """What a group takes its time for.

    Attributes:
        members: that get a rekey one after the other; None if it is not known.
        unicast: how rekeys travel.
        interval: seconds between two copies of a rekey (``rekey retransmit``).
        copies: that follow the first.
        batch: members that a key server serves at a time.
        pause: seconds between two such batches. Nobody attests batch and pause: measure them with the largest group.
        travel: seconds of a packet and of its work on a member.
        registration: seconds of a registration.
        boot: seconds of a reload until the router forwards packets.
        lifetime: of a TEK, as configured.
        next_rekey: seconds until the next scheduled rekey; None if it is not known.
        time_based: whether the pseudotime is synchronised every two hours, which is a rekey.
    """

    members: int | None = None
    unicast: bool = True
    interval: float = 10.0
    copies: int = 2
    batch: int = 8
    pause: float = 0.25
    travel: float = 1.0
    registration: float = 10.0
    boot: float = 300.0
    lifetime: float = 3600.0
    next_rekey: float | None = None
    time_based: bool = True

    @property
    def spread(self) -> float | None:
        """Seconds from the first member that has a rekey to the last that gets a copy of it; None if not known.

        Who gets none of the copies has missed it: that member is named by its SPI, and registered again alone.
        """
        copies = self.copies * self.interval + self.travel
        if not self.unicast:
            return copies
        if self.members is None:
            return None
        return copies + (self.copies + 1) * max(0, -(-self.members // self.batch) - 1) * self.pause

    @property
    def command_lives(self) -> float | None:
        """Seconds after which a direction by command has certainly died; None if nothing tells."""
        known = [self.next_rekey] if self.next_rekey is not None else []
        return min([*known, SYNC]) if self.time_based else min(known, default=None)
