"""Why key servers do not register a member: IKE, the way between them, and what they say of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.cause import MEMBER, SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import (
    BAD_GROUP,
    BAD_KEY,
    BAD_MODE,
    BAD_RIGHTS,
    DONE,
    EJECTED,
    REFUSED_POLICY,
    in_words,
    times,
)
from getvpn_ops.checks.diagnosis.trace import hears, traced, unanswered
from getvpn_ops.dialect.trace_words import Meaning
from getvpn_ops.model.diagnosis import Complaint, Points, Weight
from getvpn_ops.model.state.crypto_map import CryptoMaps
from getvpn_ops.model.state.isakmp import IsakmpSas
from getvpn_ops.model.state.pki import Certificates
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.model.state.system import Clock, NtpStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.diagnosis.witness import Witness
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.state.pki import Certificate

HINT, STRONG, DECISIVE = Weight.HINT, Weight.STRONG, Weight.DECISIVE
CONFIGURED = "show running-config | section ^crypto (gdoi|gkm) group"
"""The group as it is configured, under both keywords; it holds no keys and no passwords."""
OUT = frozenset(
    {
        Complaint.NOT_REGISTERED,
        Complaint.RETRIES,
        Complaint.MISSED_REKEYS,
        Complaint.NOT_DECRYPTING,
        Complaint.DROPS,
    }
)
"""Symptoms of whatever keeps a member from registering: without keys it reads neither packets nor rekeys."""
_AFTER_IKE = DONE | BAD_RIGHTS | BAD_GROUP | REFUSED_POLICY | EJECTED
"""Words of a key server that come only after IKE has agreed."""
_HEARD = timedelta(minutes=15)
"""A member that is refused tries again within so long (the gaps grow to about 7 min)."""
_CLOCK_STEP = timedelta(minutes=15)
_CLOCK_OFF = timedelta(minutes=2)


@look
def said(member: MemberScene, names: Collection[str], weight: Weight, what: str) -> Iterator[Clue]:
    """What key servers said last of the member's registration, if it is one of some messages.

    What came before a completed registration is over. A last word of another sort points elsewhere.
    """
    fit = [item for item in member.last_words if item[1].name in names]
    if fit:
        servers = ", ".join(server.device for server, _, _ in fit)
        event, number = fit[0][1], sum(number for _, _, number in fit)
        says = f"{servers} said last of {member.device}: {event.name}, {times(number)}{event.ago}: {what}"
        if weight is DECISIVE and not member.is_out:
            weight = STRONG  # it is in by another key server, and what was mended since is not said here
        yield speaks_for(weight, says, *(server.log.seen for server, _, _ in fit))
    elif other := [item for item in member.last_words if item[1].name not in DONE]:
        server, event, _ = other[0]
        says = f"{server.device} said last of {member.device}: {event.name}{event.ago}, which is another fault"
        yield against(STRONG, says, server.log.seen)
    if not member.last_words:
        mute = [item.device for item in member.group.servers if not (item.has_log and item.log.holds(_HEARD))]
        if mute:
            yield missing(f"what key servers say of {member.device}: there is no whole log of {', '.join(mute)}")


@look
def works(member: MemberScene) -> Iterator[Clue]:
    """A registration that stands, and that no key server complains of, speaks against all that would prevent it."""
    standing = member.standing
    complaints = [event for _, event, _ in member.last_words if event.name not in DONE]
    if standing.value.registered and standing.value.teks and not complaints:
        with_whom = f" with {standing.value.server}" if standing.value.server else ""
        yield against(DECISIVE, f"{member.device} is registered{with_whom}", standing.seen)


def _with_ike_state(member: MemberScene, clues: Iterable[Clue]) -> Iterator[Clue]:
    """Clues, and where one is for the cause, the IKE SA that fits: alone it would fit too much."""
    found = list(clues)
    yield from found
    if any(clue.points is Points.FOR for clue in found):
        yield from _ike_state(member)


@look
def _ike_state(member: MemberScene) -> Iterator[Clue]:
    """An IKE SA that never gets anywhere."""
    if not member.is_out:
        return
    sas = member.state.latest(IsakmpSas)
    stuck = [sa for sa in sas.value.sas if sa.state.startswith(("MM_", "AG_")) and sa.destination != sa.source]
    if stuck:
        yield speaks_for(HINT, f"IKE to {stuck[0].destination} stays in {stuck[0].state}", sas.seen)


def psk_mismatch(member: MemberScene) -> Iterator[Clue]:
    """The pre-shared key for the other end is not the same on the member and on the key server.

    The key server cannot read the first encrypted IKE message and logs IKMP_BAD_MESSAGE. A changed
    key shows only at the next registration, so a member may live on for the rest of its TEK. With several key servers
    it may be wrong on one of them only: then the member registers with another one, and nobody notices.
    """
    yield from works(member)
    what = "IKE messages from it cannot be read, as with another pre-shared key"
    clues = chain(said(member, BAD_KEY, STRONG, what), traced(member, Meaning.BAD_KEY, BAD_KEY))
    yield from _with_ike_state(member, clues)


@look
def own_certificate(member: MemberScene) -> Iterator[Clue]:
    """Whether the member's certificate is valid by its own clock."""
    if (nothing := member.state.silent(Certificates)) is not None:
        yield against(STRONG, f"{member.device} holds no certificate, as with pre-shared keys", nothing)
        return
    sample = member.state.latest(Certificates)
    now = member.state.latest(Clock).value.now.time
    own = [item for item in sample.value.certificates if _is_own(item) and item.end_date is not None]
    bad = [words for item in own if (words := _validity(item, now))]
    refused = any(event.name in BAD_MODE for _, event, _ in member.last_words)
    for words in bad:
        yield speaks_for(DECISIVE if refused else STRONG, f"its certificate {words}", sample.seen)
    if own and not bad:
        yield against(STRONG, f"its certificate is valid until {own[0].end_date}", sample.seen)


def _is_own(item: Certificate) -> bool:
    """Whether IKE may show it: self-signed ones are for HTTPS, and those of IOS ended for all at the end of 2019."""
    return "CA" not in item.kind and "self-signed" not in item.kind.casefold()


def _validity(item: Certificate, now: datetime) -> str:
    """What is wrong with the dates of a certificate; empty if nothing is."""
    if isinstance(item.end_date, datetime) and item.end_date < now:
        return f"of {', '.join(item.trustpoints) or 'no trustpoint'} ended on {item.end_date}"
    if isinstance(item.start_date, datetime) and item.start_date > now:
        return f"of {', '.join(item.trustpoints) or 'no trustpoint'} begins only on {item.start_date}"
    return ""


def certificate_invalid(member: MemberScene) -> Iterator[Clue]:
    """The member's certificate has ended, or has not begun by its own clock.

    IKE with RSA signatures then fails in main mode on the key server (IKMP_MODE_FAILURE), or because the CRL cannot be
    had. The member lives on until its TEK ends. A clock that lost its time makes good certificates bad.
    """
    yield from own_certificate(member)
    if member.state.silent(Certificates) is None:
        yield from said(member, BAD_MODE, STRONG, "IKE failed in main mode, where certificates are checked")
        yield from traced(member, Meaning.BAD_MODE, BAD_MODE)


def ike_policy_mismatch(member: MemberScene) -> Iterator[Clue]:
    """Member and key server have no ISAKMP policy in common: cipher, hash, group or method of authentication differ.

    Stronger IKE is to be added as a second policy on the key servers before members move to it; whoever replaces the
    only policy stops everyone who must register again.
    """
    yield from works(member)
    what = "main mode failed, as without a common ISAKMP policy"
    clues = chain(said(member, BAD_MODE, STRONG, what), traced(member, Meaning.BAD_MODE, BAD_MODE))
    yield from _with_ike_state(member, clues)
    if any(clue.weight is DECISIVE for clue in own_certificate(member)):
        yield against(STRONG, f"the certificate of {member.device} is not valid, which does the same")


def not_authorized(member: MemberScene) -> Iterator[Clue]:
    """The key server does not admit the member: its address or identity is missing from ``authorization``.

    The key server says so itself (UNAUTHORIZED_IPADDR, UNAUTHORIZED_IDENTITY). The member shows only that it tries. An
    address that is none of yours is an attack, not a fault of configuration.
    """
    yield from said(member, BAD_RIGHTS, DECISIVE, "`authorization` of the group does not admit it")
    yield from traced(member, Meaning.BAD_RIGHTS, BAD_RIGHTS)


@look
def unheard(member: MemberScene) -> Iterator[Clue]:
    """The member asks, and no key server that could have heard it has."""
    if not member.is_out:
        return
    standing = member.standing
    if member.state.has(CryptoMaps) and not any(entry.interfaces for entry in member.maps):
        yield against(STRONG, "no crypto map with the group is on an interface, so it does not ask at all")
        return
    heard = [(server, event) for server, event, _ in member.last_words if event.name not in DONE]
    for server, event in heard:
        yield against(DECISIVE, f"{server.device} hears it: {event.name}{event.ago}", server.log.seen)
    traces = list(hears(member))
    yield from traces
    if heard or traces:
        return
    wanted = member.wanted_servers
    serving = [item for item in member.group.servers if item.has_log and item.serves and item.addresses & wanted]
    listening = [item for item in serving if item.log.holds(_HEARD)]
    if not listening:
        yield missing("no key server of its list is known to serve the group and to have a log of it all")
        return
    blocked = [item.device for item in listening if item.blocks_new]
    if len(blocked) == len(listening):
        return
    if (closed := member.shuts_itself) is not None:
        yield against(STRONG, "its own fail-close keeps UDP 848 out, which does the same", closed)
    if member.is_fresh:
        yield missing(f"{member.device} came up a moment ago and may not have asked yet")
        return
    failed = (standing.value.attempts or 0) - (standing.value.successes or 0)
    asks = member.log.last("GM_REGISTER", "GM_REGS_COMPL") if member.has_log else None
    if failed > 0 or (asks is not None and asks.name == "GM_REGISTER"):
        names = ", ".join(server.device for server in listening)
        tries = f"{failed} failed {'try' if failed == 1 else 'tries'}" if failed > 0 else "it tries"
        yield speaks_for(
            STRONG,
            f"{standing.value.words}: {tries}, and {names}, which serve others, have heard nothing of it",
            standing.seen,
            *(server.log.seen for server in listening[:3]),
        )


@look
def echoes(member: MemberScene, *, reaches: bool) -> Iterator[Clue]:
    """Whether key servers answer echoes of the member, if someone has tried."""
    known = member.group.server_addresses | (member.wanted_servers if member.is_out else frozenset())
    pings = [item for item in member.state.samples(Ping) if item.value.target in known]
    if not pings:
        return
    answered = [item for item in pings if item.value.answered]
    some = answered or pings
    says = f"{some[0].value.target} {'answers' if answered else 'does not answer'} echoes of {member.device}"
    if bool(answered) is reaches:
        yield speaks_for(STRONG, says, some[0].seen)
    else:
        yield against(DECISIVE if answered else STRONG, says, some[0].seen)


def udp_848_blocked(member: MemberScene) -> Iterator[Clue]:
    """Something between member and key servers filters UDP 848, over which GDOI registers and rekeys.

    The member sends and nobody hears it, while the key server answers echoes. Filters, NAT and policers of the provider
    do it, and access lists on the member's own interface; ESP (IP 50) must pass as well.
    """
    yield from works(member)
    yield from _with_ike_state(member, chain(unheard(member), unanswered(member)))
    yield from echoes(member, reaches=True)


def no_route(member: MemberScene) -> Iterator[Clue]:
    """The member has no way to its key servers at all: routing, a dead circuit, or a wrong source address.

    It looks like a filter of UDP 848 as long as nobody sends an echo from the address that the member registers with.
    """
    yield from works(member)
    yield from _with_ike_state(member, chain(unheard(member), unanswered(member)))
    yield from echoes(member, reaches=False)


def clock_wrong(member: MemberScene) -> Iterator[Clue]:
    """The router's clock is wrong, so that certificates seem not valid yet or any more.

    Pre-shared keys do not mind. Whole quarters of an hour are taken for the difference of time zones.
    """
    yield from works(member)
    if member.state.silent(Certificates) is not None:
        yield against(DECISIVE, f"{member.device} holds no certificate, so its clock does not matter to IKE")
        return
    if not member.state.has(Certificates):
        yield missing(f"whether {member.device} holds a certificate, so that its clock matters to IKE")
    yield from _clock(member)


@look
def _clock(member: MemberScene) -> Iterator[Clue]:
    clock = member.state.latest(Clock)
    off = _off(member)
    rest = (off + _CLOCK_STEP / 2) % _CLOCK_STEP - _CLOCK_STEP / 2
    if abs(rest) > _CLOCK_OFF or abs(off) > timedelta(hours=15):
        weight = STRONG if member.state.has(Certificates) else HINT
        yield speaks_for(weight, f"its clock is off by {in_words(abs(off))}", clock.seen)
        alike = [
            item.device for item in member.group.servers if item.state.has(Clock) and abs(_off(item) - off) < _CLOCK_OFF
        ]
        if alike:
            yield against(STRONG, f"{', '.join(alike)} agree with it: the clock here may be the wrong one", clock.seen)
        if clock.value.now.mark == "*":
            yield speaks_for(HINT, "its clock was never set", clock.seen)
    else:
        yield against(DECISIVE, "its clock is right", clock.seen)
    if member.state.has(NtpStatus):
        ntp = member.state.latest(NtpStatus)
        if ntp.value.state == "unsynchronized":
            yield speaks_for(HINT, "its clock follows no NTP server", ntp.seen)


def _off(witness: Witness) -> timedelta:
    """By how much a router's clock is ahead of ours, its time zone included."""
    clock = witness.state.latest(Clock)
    return clock.value.now.time - clock.taken_at.replace(tzinfo=None)


CAUSES = (
    Cause(
        id="not-authorized",
        title="The key server does not admit the member",
        examine=not_authorized,
        explains=OUT,
        confirm=((SERVER, CONFIGURED), (SERVER, "show ip access-lists")),
        heal=("if it is one of yours, add it to the list or identity of `authorization` on every key server",),
        shows=Complaint.RETRIES,
    ),
    Cause(
        id="psk-mismatch",
        title="The pre-shared keys of member and key server differ",
        examine=psk_mismatch,
        explains=OUT,
        confirm=((SERVER, "show logging | include {address}"), (MEMBER, "show crypto isakmp sa")),
        heal=("set the same key on both ends: on the key servers first, then on the member",),
    ),
    Cause(
        id="certificate-invalid",
        title="The member's certificate is not valid",
        examine=certificate_invalid,
        explains=OUT | {Complaint.CERTIFICATE},
        confirm=((MEMBER, "show crypto pki certificates"), (MEMBER, "show clock detail")),
        heal=("enrol the member again, or mend its clock", "look whether the CRL can be reached from both ends"),
        shows=Complaint.CERTIFICATE,
    ),
    Cause(
        id="ike-policy-mismatch",
        title="Member and key server share no ISAKMP policy",
        examine=ike_policy_mismatch,
        explains=OUT,
        confirm=((MEMBER, "show crypto isakmp policy"), (SERVER, "show crypto isakmp policy")),
        heal=("add the member's policy on the key servers as a further one; replace none",),
    ),
    Cause(
        id="udp-848-blocked",
        title="UDP 848 does not pass between member and key servers",
        examine=udp_848_blocked,
        explains=OUT | {Complaint.OLD_KEYS, Complaint.MISSED_REKEYS},
        confirm=((MEMBER, "ping {server} source {address}"), (SERVER, "show logging | include {address}")),
        heal=("open UDP 848 both ways, and ESP, on every filter between the two",),
    ),
    Cause(
        id="no-route-to-server",
        title="The member has no way to its key servers",
        examine=no_route,
        explains=OUT | {Complaint.OLD_KEYS, Complaint.MISSED_REKEYS, Complaint.PROBE_FAILED},
        confirm=((MEMBER, "ping {server} source {address}"), (MEMBER, "show ip route")),
        heal=("mend routing or the circuit; the key server needs a way back to the member's address too",),
    ),
    Cause(
        id="clock-wrong",
        title="The member's clock is wrong",
        examine=clock_wrong,
        explains=frozenset({Complaint.CERTIFICATE, Complaint.CLOCK}) | OUT,
        confirm=((MEMBER, "show clock detail"), (MEMBER, "show ntp status")),
        heal=("let it follow an NTP server that is reached without the tunnel",),
        shows=Complaint.CLOCK,
    ),
)
