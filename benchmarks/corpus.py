"""Outputs as large as a big network's, made from a seed: the same bytes on every machine.

What varies is what varies on a router: addresses, counters, sequence numbers, SPIs, connection ids. What repeats is
what repeats there: group, state, key servers, versions, and the labels. Another edition has other addresses and
numbers in the same places, so that nobody profits from what an earlier run left in a cache.
"""

from __future__ import annotations

import random
from ipaddress import IPv4Address

GROUP = "WAN-EAST"
INTERFACE = "GigabitEthernet0/0/1"
CRYPTO_MAP = "WAN-MAP"
SAS_PER_ACE = 4  # while a rekey rolls over: the old and the new TEK, inbound and outbound each
FIRST_CONNECTION = 2001
_ACES_PER_POLICY = 20  # entries of one access list share the TEKs of their `sa ipsec`

_LAST_REKEY = """\

Number of rekeys sent for group {group} : {rekeys}
Number of retransmits during the last rekey for group {group} : 2
Duration of the last rekey for group {group} : 10254 msec

"""

_MEMBER = """\
Group Member ID    : {address}\t GM Version: {version}
 Group ID          : 3391
 Group Name        : {group}
 Group Type        : GDOI (ISAKMP)
 GM State          : Registered
 Key Server ID     : {key_server}
 Rekeys sent       : {sent}
 Rekeys retries    : {retries}
 Rekey Acks Rcvd   : {acks}
 Rekey Acks missed : {missed}

 Sent seq num : {sent_sequences}
 Rcvd seq num : {received_sequences}


"""

_ACE = """\

   protected vrf: (none)
   local  ident (addr/mask/prot/port): ({local}/255.255.255.0/{protocol}/{port})
   remote ident (addr/mask/prot/port): ({remote}/255.255.0.0/{protocol}/{port})
   current_peer 0.0.0.0 port 848
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: {encaps}, #pkts encrypt: {encaps}, #pkts digest: {encaps}
    #pkts decaps: {decaps}, #pkts decrypt: {decaps}, #pkts verify: {decaps}
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #send errors {errors}, #recv errors 0

     local crypto endpt.: {gm}, remote crypto endpt.: 0.0.0.0
     plaintext mtu 1446, path mtu 1500, ip mtu 1500, ip mtu idb {interface}
     current outbound spi: {spi}
     PFS (Y/N): N, DH group: none

     inbound esp sas:
{inbound}
     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
{outbound}
     outbound ah sas:

     outbound pcp sas:
"""

_SA = """\
      spi: {spi}
        transform: esp-gcm 256 ,
        in use settings ={{Tunnel, }}
        conn id: {connection}, flow_id: ESG:{flow}, sibling_flags FFFFFFFF80000048, crypto map: {crypto_map}
        sa timing: remaining key lifetime (sec): {remaining}
        Kilobyte Volume Rekey has been disabled
        IV size: 8 bytes
        replay detection support: Y
        Status: ACTIVE(ACTIVE)
"""


def member_address(number: int, edition: int = 0) -> str:
    """Address of the member printed at a place; 0 is the first."""
    return str(IPv4Address("10.64.0.1") + 4 * number + 0x40000 * edition)


def members(count: int, edition: int = 0) -> str:
    """``show crypto gdoi ks members`` of 16/17: one group, some members ailing.

    Args:
        count: how many members.
        edition: of the same output on another day.
    """
    rng = random.Random(edition)  # noqa: S311 -- not for secrets
    rekeys = 5210
    blocks = [_LAST_REKEY.format(group=GROUP, rekeys=rekeys)]
    for number in range(count):
        sent = rng.randint(1, rekeys)
        missed = min(sent, rng.choice((0, 0, 0, 0, 0, 0, 1, 2, 3)))
        last = rng.randint(4, 5000)
        window = [last - 3, last - 2, last - 1, last]
        blocks.append(
            _MEMBER.format(
                address=member_address(number, edition),
                version=rng.choice(("1.0.4", "1.0.18", "1.0.25", "1.0.25", "1.0.27")),
                group=GROUP,
                key_server=rng.choice(("10.8.0.1", "10.8.0.2", "10.8.128.1")),
                sent=sent,
                retries=rng.choice((0, 0, 0, 1, 2, 7)),
                acks=sent - missed,
                missed=missed,
                sent_sequences="".join(f"{value:<6}" for value in window),
                received_sequences="".join(f"{value:<6}" for value in [0, *window[:-1]]),
            )
        )
    return "".join(blocks)


def ipsec_sa(aces: int, edition: int = 0) -> str:
    """``show crypto ipsec sa`` of a member with 16/17, four SAs for each entry of the access list.

    Args:
        aces: how many entries.
        edition: of the same output on another day.
    """
    rng = random.Random(edition)  # noqa: S311 -- not for secrets
    blocks = [f"\ninterface: {INTERFACE}\n    Crypto map tag: {CRYPTO_MAP}, local addr 10.64.0.1\n"]
    keys: list[tuple[str, int]] = []
    flow = 0
    for number in range(aces):
        if number % _ACES_PER_POLICY == 0:
            lifetime = rng.randint(400, 3000)
            keys = [(_spi(rng), rng.randint(20, 300)), (_spi(rng), lifetime)]
        sas = []
        for spi, remaining in keys * 2:
            flow += 1
            sas.append(
                _SA.format(
                    spi=spi,
                    connection=FIRST_CONNECTION + flow - 1,
                    flow=flow,
                    crypto_map=CRYPTO_MAP,
                    remaining=remaining,
                )
            )
        protocol, port = rng.choice(((0, 0), (0, 0), (6, 179), (17, 0), (47, 0)))
        blocks.append(
            _ACE.format(
                local=f"10.{64 + edition + number // 200}.{number % 200}.0",
                remote=f"10.{128 + number % 100}.0.0",
                protocol=protocol,
                port=port,
                encaps=rng.randint(0, 3_000_000_000),
                decaps=rng.randint(0, 3_000_000_000),
                errors=rng.choice((0, 0, 0, 1, 12)),
                gm="10.64.0.1",
                interface=INTERFACE,
                spi=keys[-1][0],
                inbound="".join(sas[:2]),
                outbound="".join(sas[2:]),
            )
        )
    return "".join(blocks)


def _spi(rng: random.Random) -> str:
    value = rng.randint(0x1000, 0xFFFFFFFF)
    return f"0x{value:X}({value})"
