"""Drawn pairs of configurations of one router: what it has, and what it should have."""

from __future__ import annotations

from hypothesis import strategies as st
from sample_texts import settled, with_sample
from samples import MEMBER, PRIMARY, SAMPLES

from getvpn_ops.dialect.managed import BY_ID, On

_ENTRIES = (
    "deny udp any eq 848 any eq 848", "deny tcp any any eq 22", "deny tcp any eq 22 any", "deny ospf any any",
    "deny ip any 10.61.0.0 0.0.255.255", "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255",
    "permit ip any any", "remark what follows is encrypted",
)  # fmt: skip
_USED = "class-map match-any VOICE\n match access-group name POLICY\n"
_SERVERS = tuple(f" server address ipv4 10.255.0.{number}" for number in (1, 2, 3, 4))
_MEMBERS = tuple(f"permit 10.254.{number}.2" for number in (7, 8, 9, 10))
_ALONE = {"interface", "trustpoint-enrollment"}  # what is around others holds one

_FOR = {
    role: sorted(
        line_id
        for line_id, sample in SAMPLES.items()
        if BY_ID[line_id].on in {On.BOTH, On(role)} and line_id not in _ALONE and sample.lab
        and (line_id != "crypto-identity" or role == "ks")
    )
    for role in ("gm", "ks")
}  # fmt: skip


@st.composite
def _list(draw: st.DrawFn, opener: str, entries: tuple[str, ...]) -> str:
    chosen = draw(st.lists(st.sampled_from(entries), min_size=1, unique=True))
    if all(entry.startswith("remark") for entry in chosen):
        chosen.append(entries[0])
    return "\n".join([opener, *(f" {10 * at} {text}" for at, text in enumerate(chosen, 1))])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str, str]:
    """A role, what its router has, and what it should have."""
    role = draw(st.sampled_from(["gm", "ks"]))
    ids = draw(st.lists(st.sampled_from(_FOR[role]), max_size=6, unique=True))
    sides = [draw(_side(role, tuple(ids), intended=intended)) for intended in (False, True)]
    return role, sides[0], sides[1]


@st.composite
def _side(draw: st.DrawFn, role: str, ids: tuple[str, ...], *, intended: bool) -> str:
    text = MEMBER if role == "gm" else PRIMARY
    if role == "ks":
        at = text.index("ip access-list standard MEMBERS")
        lists = draw(_list("ip access-list standard MEMBERS", _MEMBERS))
        lists += "\n" + draw(_list("ip access-list extended POLICY", _ENTRIES))
        text = f"{text[:at]}{lists}\n"
        if not intended:  # what earlier changes, and other hands, have left
            for name in ("POLICY", "MEMBERS", "STRONG"):
                text = text.replace(name, draw(st.sampled_from([name, f"{name}_r2", f"{name}_r5", f"old-{name}"])))
            text += draw(st.sampled_from(["", "ip access-list extended POLICY_r3\n permit ip any any\n", _USED]))
    else:
        servers = draw(st.lists(st.sampled_from(_SERVERS), min_size=1, unique=True))
        text = text.replace(f"{_SERVERS[0]}\n{_SERVERS[1]}", "\n".join(servers))
    for peer in ("first-1", "coop-1", "member-7"):
        text = text.replace(peer, draw(st.sampled_from([peer, f"{peer}-new"])))
    for line_id in ids:
        sample = SAMPLES[line_id]
        options = ["one", "other" if sample.other else "one"]
        options.append("none" if intended else "bare")
        text = with_sample(text, sample, draw(st.sampled_from(options)))
    return settled(text)
