"""The journal as a run writes it: under its lease, intent before the first byte, outcome after (promises P2-P5)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.model.journal import (
    OperatorWord,
    RunHeld,
    StateSeen,
    StepIntended,
    StepOutcome,
    StepProven,
    StepReconciled,
    StepResult,
    Word,
)
from getvpn_ops.model.journal_story import StepStory, fold, told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from getvpn_ops.engine.change.ports import Journal, Leases
    from getvpn_ops.model.journal import Event
    from getvpn_ops.model.lease import Lease

LEASE = timedelta(minutes=10)
"""That a lease is taken and renewed for: a controller that was killed blocks its devices no longer than that."""
TRANSACTION = timedelta(minutes=3)
"""That a lease must at least last when something is sent; more than any stay on a device takes."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How far something came on a device.

    Attributes:
        result: of it.
        detail: for people, redacted: what was seen, refused or read.
    """

    result: StepResult
    detail: str = ""


_ORDERS = frozenset({Word.HOLD, Word.ABORT})
_LISTENS = 1.0
"""Seconds between two looks at whether an operator said something meanwhile; more where a look takes long."""
_SHARE = 20
_MOMENT = 0.1  # seconds that a lease is believed without reading it again, while something is typed


class RunLog:
    """What one run did so far, and the only way to do more. Safe to use from many threads."""

    def __init__(self, run: str, journal: Journal, leases: Leases, lease: Lease) -> None:
        """Read what the run did before, if it is resumed.

        Args:
            run: its id.
            journal: of the store.
            leases: likewise.
            lease: on all devices and groups of the plan.
        """
        self.run = run
        self._leases = leases
        self._lease = lease
        self._lock = Lock()
        self._renewed = time.monotonic()
        self._read = 0.0
        story = fold(run, journal.entries(run))
        self._steps = {(step.intended.step, step.intended.device): step for step in story.steps}
        self._proven = dict(story.proven)
        self._seen = {about: dict(facts) for about, facts in story.seen.items()}
        self.words = story.words
        self.tell: Callable[[Event], None] = lambda _event: None
        """Told of every event that was written; it must not raise."""
        self.listens = _LISTENS
        """Seconds between two looks for words."""
        self._journal = journal
        self._known_words = len(story.words)
        self._heard: tuple[OperatorWord, ...] = ()
        self._listen_at = 0.0

    @property
    def in_hand(self) -> tuple[StepStory, ...]:
        """Steps of which nobody knows how far they came."""
        with self._lock:
            return tuple(step for step in self._steps.values() if step.result is StepResult.UNKNOWN)

    @property
    def by_word(self) -> tuple[StepStory, ...]:
        """Steps of which only an operator said how far they came."""
        with self._lock:
            return tuple(step for step in self._steps.values() if step.word is not None)

    @property
    def stories(self) -> tuple[StepStory, ...]:
        """All that was intended, with what is known of it."""
        with self._lock:
            return tuple(self._steps.values())

    def step(self, name: str, device: str) -> StepStory | None:
        """What is known of a step; None: it was never intended."""
        with self._lock:
            return self._steps.get((name, device))

    def is_applied(self, name: str, device: str) -> bool:
        """Whether a step is known to be on the device."""
        known = self.step(name, device)
        return known is not None and known.result is StepResult.APPLIED

    def proven(self, name: str) -> str | None:
        """What devices showed after a step; None: nothing yet."""
        with self._lock:
            return self._proven.get(name)

    def facts(self, about: str) -> Mapping[str, str]:
        """What was read before a step."""
        with self._lock:
            return dict(self._seen.get(about, {}))

    def heard(self) -> tuple[OperatorWord, ...]:
        """Words that operators wrote down since this process took up the run; read again every second or so."""
        with self._lock:
            if (began := time.monotonic()) >= self._listen_at:
                events = [entry.event for entry in self._journal.entries(self.run)]
                said = [event for event in events if isinstance(event, OperatorWord)]
                self._heard = tuple(said[self._known_words :])
                now = time.monotonic()
                self._listen_at = now + max(self.listens, _SHARE * (now - began)) if self.listens else now
            return self._heard

    def order(self) -> OperatorWord | None:
        """The last word to hold or to abort since this process took up the run; an abort counts more."""
        said = [word for word in self.heard() if word.word in _ORDERS]
        return next((word for word in said if word.word is Word.ABORT), said[-1] if said else None)

    def send(  # noqa: PLR0913 -- the fields of an intent
        self, step: str, device: str, title: str, lines: tuple[str, ...], do: Callable[[], Settled], *, once: bool
    ) -> Settled:
        """Write down what is about to be sent, send it, and write down what came of it.

        Args:
            step: its name in the run; parts of a step have names such as ``STEP.rekey``.
            device: that gets it.
            title: for people.
            lines: that are typed, with placeholders.
            do: sends; called once, only after the intent is on disk and the lease was read again.
            once: whether it must not be sent twice.

        Raises:
            LeaseLostError: somebody else may be writing: nothing was sent.
            StepRefusedError: the device is not reconciled, or it must not be sent again: nothing was sent.
            StoreError: the intent could not be kept: nothing was sent. Or the outcome could not: it is then unknown.
        """
        self._renew()
        intended = StepIntended(step, device, title, lines, once, self._lease.id)
        self._append(intended, TRANSACTION)
        with self._lock:
            known = self._steps.get((step, device))
            self._steps[step, device] = StepStory(intended, tries=known.tries + 1 if known else 1)
        try:
            settled = do()
        except BaseException as exc:
            self._settle(StepOutcome(step, device, StepResult.UNKNOWN, type(exc).__name__))
            raise
        self._settle(StepOutcome(step, device, settled.result, settled.detail))
        return settled

    def reconciled(self, step: str, device: str, settled: Settled) -> None:
        """Write down what reading a device again said about a step in hand."""
        self._settle(StepReconciled(step, device, settled.result, settled.detail))

    def prove(self, step: str, device: str, evidence: str) -> None:
        """Write down what devices showed after a step."""
        self._append(StepProven(step, device, evidence))
        with self._lock:
            self._proven[step] = evidence

    def saw(self, about: str, facts: Mapping[str, str]) -> None:
        """Write down what was read before a step, which cannot be read after it."""
        self._append(StateSeen(about, tuple(facts.items())))
        with self._lock:
            self._seen.setdefault(about, {}).update(facts)

    def hold(self, step: str, reason: str) -> None:
        """Write down why the run stops."""
        self._append(RunHeld(step, reason))

    def keep_alive(self) -> None:
        """Renew the lease if half of it is over; called while waiting for devices.

        Raises:
            LeaseLostError: it is gone.
        """
        self._renew()

    def watch(self) -> None:
        """Read the lease again if that was more than a moment ago: this process may have been stopped, and woken.

        Raises:
            LeaseLostError: it is gone: nothing more may be typed.
        """
        self._renew()
        with self._lock:
            if time.monotonic() - self._read > _MOMENT:
                self._leases.check(self._lease)
                self._read = time.monotonic()

    def _renew(self) -> None:
        with self._lock:
            half = LEASE / 2  # this machine's clock may differ from the store's: its own count of seconds does not
            if self._lease.ends - datetime.now(UTC) < half or time.monotonic() - self._renewed > half.total_seconds():
                self._lease = self._leases.renew(self._lease, LEASE)
                self._renewed = time.monotonic()

    def _settle(self, event: StepOutcome | StepReconciled) -> None:
        self._append(event)
        with self._lock:
            known = self._steps[event.step, event.device]
            self._steps[event.step, event.device] = StepStory(known.intended, event.result, known.tries, told_of(event))

    def _append(self, event: Event, lasts: timedelta = timedelta()) -> None:
        self._leases.append(self._lease, event, lasts)
        self.tell(event)
