"""What a stage can do: each action has typed parameters, and a docstring that is its manual.

The lines come from the intent of the group: a stage that configures moves routers to a variant of it (``Variant``), so
that everything in between is rendered, proven and compared like the end itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, model_validator

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.registry import NoParams
from getvpn_ops.workflow.playbooks.preflight import PreflightParams
from getvpn_ops.workflow.playbooks.schema import Line, Minutes

P = TypeVar("P", bound=FrozenModel)


class Sending(StrEnum):
    """What key servers tell members to do."""

    RECEIVE_ONLY = "receive-only"
    AS_INTENDED = "as-intended"


class Covers(StrEnum):
    """What the group's list covers."""

    PILOT = "pilot"
    """Traffic between networks of the pilot members alone."""
    AS_IT_IS = "as-it-is"
    """What key servers serve before the stage."""
    AS_INTENDED = "as-intended"


class Passive(StrEnum):
    """What members with this stage do of themselves."""

    ON = "on"
    OFF = "off"
    AS_IT_IS = "as-it-is"


class ConfigureParams(FrozenModel):
    """The variant of the intent that devices are moved to.

    Attributes:
        sending: of the group.
        covers: of its list.
        passive: of the targets.
        remove_old: whether what nothing refers to any more is removed; otherwise it is left for a later stage.
    """

    sending: Sending = Sending.AS_INTENDED
    covers: Covers = Covers.AS_INTENDED
    passive: Passive = Passive.AS_IT_IS
    remove_old: bool = True


class KeyParams(FrozenModel):
    """The key that signs rekeys.

    Attributes:
        modulus: bits of a key that is made; None: that of the intent.
    """

    modulus: Annotated[int, Field(ge=1024, le=4096, strict=True)] | None = None


class RekeysParams(FrozenModel):
    """Rekeys to wait for.

    Attributes:
        count: rekeys that every target must receive without registering anew.
    """

    count: Annotated[int, Field(ge=1, le=20, strict=True)] = 2


class TrafficParams(FrozenModel):
    """Traffic between targets.

    Attributes:
        packets: pings from each target to each other one.
        pairs: compared at most; the pairs of a large fleet are drawn evenly over sites.
    """

    packets: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    pairs: Annotated[int, Field(ge=1, le=200, strict=True)] = 10


class ApplicationBy(StrEnum):
    """How applications are tested."""

    PROBES = "probes"
    COMMAND = "command"
    HUMAN = "human"


class ApplicationParams(FrozenModel):
    """How applications are tested.

    Attributes:
        by: probes of many sizes with DF, a command of one's own (its exit code counts), or a person's word.
        sizes: of probes, bytes of the IP packet.
        command: and its arguments; no shell.
        ask: what the person is asked.
    """

    by: ApplicationBy = ApplicationBy.PROBES
    sizes: tuple[Annotated[int, Field(ge=64, le=9216, strict=True)], ...] = (100, 1300, 1400, 1500)
    command: tuple[Line, ...] = ()
    ask: Line = "do the applications work?"

    @model_validator(mode="after")
    def _whole(self) -> ApplicationParams:
        if self.by is ApplicationBy.COMMAND and not self.command:
            raise ValueError("`command` with a program and its arguments, for `by: command`")
        if self.command and self.by is not ApplicationBy.COMMAND:
            raise ValueError("`by: command`, for there is a `command`, which nothing else runs")
        return self


class DrillBy(StrEnum):
    """How the primary is taken away."""

    ROLE_CHANGE = "role-change"
    HUMAN = "human"
    ISOLATE = "isolate"


class DrillParams(FrozenModel):
    """How another key server comes to be primary.

    Attributes:
        by: how the primary is taken away: by its own command, by a person, or cut off from its peers.
        wait: minutes that a person has for it.
    """

    by: DrillBy = DrillBy.ROLE_CHANGE
    wait: Minutes = 30


class WaitParams(FrozenModel):
    """How long.

    Attributes:
        minutes: by the clock of the devices.
    """

    minutes: Annotated[Minutes, Field(ge=1)] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAction(Generic[P]):
    """An action of stages.

    Attributes:
        id: of it, kebab-case.
        title: for people.
        params: model of its parameters.
        about: its manual.
        types: whether it types anything on a device.
        of_members: whether it is about members alone.
    """

    id: str
    title: str
    params: type[P]
    about: str
    types: bool = False
    of_members: bool = False


STAGE_ACTIONS: tuple[StageAction[Any], ...] = (
    StageAction(
        id="look",
        title="look, and type nothing",
        params=NoParams,
        about="Nothing is typed: the gates of the stage are all there is to it. For a look before a migration begins, "
        "and for the proof when it is over.",
    ),
    StageAction(
        id="preflight",
        title="ask the routers whether they are fit for it",
        params=PreflightParams,
        about="Nothing is changed: echoes are sent, and configurations read. One judged row for each question and "
        "router: every key server from every member, by the address and VRF that it will register from; UDP 848 and "
        "ESP past the lists of our routers; NAT; time servers; servers of certificates; `passive` by the release that "
        "runs; the archive for the timers; lock-out; and the largest packets with DF between sites, with the MSS that "
        "fits once they are encrypted. Each member speaks with the key servers and with a few other sites, so that the "
        "time grows with the members and not with their pairs. What fails holds the stage, and so does what cannot be "
        "told, unless the playbook lets that question stay `open`. What only a registration or encrypted packets can "
        "show (UDP 848 and ESP in the provider's network) is left to the later stage that shows it, which the row "
        "names; without such a stage it holds (guide, 'Migrating to GETVPN').",
    ),
    StageAction(
        id="rsa-key",
        title="the RSA key for rekeys on all key servers",
        params=KeyParams,
        about="The key that signs rekeys is made on one key server and copied to the others in memory, over their own "
        "sessions; then all are saved, and the public keys compared. A key server with another key under that label "
        "is shown, and refuses the plan (guide, 'RSA keys').",
        types=True,
    ),
    StageAction(
        id="configure",
        title="configure towards the intent",
        params=ConfigureParams,
        about="Moves the targets to the intent of their group, or to a variant of it: receive-only, a list that covers "
        "the pilot alone, `passive`. Lines, order, rekeys and the way back are those of `plan push`. Key servers go "
        "secondaries first and the primary last; members go in rings, those in front of key servers and of the "
        "manager last and alone. Nothing is removed while something refers to it.",
        types=True,
    ),
    StageAction(
        id="await-rekeys",
        title="rekeys arrive, and nobody registers anew",
        params=RekeysParams,
        about="Waits until every target received so many rekeys, by its own counter and its SPI, and shows that none "
        "of them registered anew meanwhile (guide, 'Test the control plane').",
        of_members=True,
    ),
    StageAction(
        id="prove-traffic",
        title="traffic between targets is encrypted and decrypted",
        params=TrafficParams,
        about="Pings between networks of the targets, and the counters of both ends over at least two intervals: "
        "encrypted on the one, decrypted on the other, in both directions (guide, 'Test the encryption').",
        of_members=True,
    ),
    StageAction(
        id="measure-passive",
        title="measure what passive does here",
        params=TrafficParams,
        about="Measures on the targets, per platform and release, what no public source attests: whether `passive` and "
        "`no passive` act at once and without a registration, whether a passive member still accepts clear packets, "
        "whether a change of direction leaves a gap, and how the device shows it. The answers are kept in the store, "
        "and every later plan rests on them.",
        types=True,
        of_members=True,
    ),
    StageAction(
        id="test-applications",
        title="applications work over it",
        params=ApplicationParams,
        about="A matrix of probes with sizes and DF between the targets, a command of one's own, or a person's word "
        "(guide, 'Application Testing'). Where large packets are lost it finds the largest that passes, and says which "
        "remedies there are: a smaller MSS, `crypto ipsec df-bit clear`, a local exception. Each is intent: the same "
        "playbook planned anew shows its lines, and begins where the devices stand. A command runs without a shell, "
        "for at most five minutes, and sees nothing of the environment but what a program needs.",
        of_members=True,
    ),
    StageAction(
        id="drill",
        title="another key server takes over",
        params=DrillParams,
        about="Takes the role from the primary, proves a rekey of the new one on every member, lets one member "
        "register anew and be known to a secondary, and gives the role back (guide, 'Configure COOP', 'Key Server Role "
        "Change'). By `role-change` one key server has another priority for the time of the drill, and key servers "
        "elect anew. By `human` somebody takes the primary away and brings it back, and is told when. `isolate` is "
        "refused: nothing says yet which router can be reached out of band.",
        types=True,
    ),
    StageAction(
        id="wait",
        title="let it soak",
        params=WaitParams,
        about="Waits by the clock of the devices, and then asks the gates.",
    ),
    StageAction(
        id="report",
        title="the report of the run",
        params=NoParams,
        about="Nothing is typed. The last look at every device, for the report.",
    ),
)
