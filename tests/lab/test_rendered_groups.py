"""What is written for each feature, typed into routers that hold addresses and nothing else, makes a working group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from drawn_intents import fleets
from featured import FEATURES, Featured
from hypothesis import given, settings
from intents import paths, secret, texts
from networks import Network
from screens import Screen

from getvpn_ops.errors import MistakesError
from getvpn_ops.lab.gdoi.state import Registration, Role
from getvpn_ops.lab.ios.identity import certificates
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.rendering.resolve import Resolver
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.state import MemberState
    from getvpn_ops.model.inventory import Inventory

PLAYED = [name for name, feature in FEATURES.items() if feature.plays]
REFUSED = re.compile(r"^% (?!NOTE).*$", re.MULTILINE)
HOUR = 3600


def typed(feature: Featured) -> tuple[Network, dict[str, str]]:
    """The routers of a fleet with everything typed in; none of it may be refused."""
    inventory = feature.inventory()
    releases = {name: device.release for name, device in inventory.devices.items()}
    network = Network({name: feature.bare_lines(name) for name in releases}, releases)
    written = texts(inventory)
    for name, text in written.items():
        screen = network.configure(name, *lines(text))
        assert REFUSED.findall(screen.replace("\r", "")) == [], f"{name}\n{screen}"
    return network, written


def lines(text: str) -> list[str]:
    """What a person types of a configuration."""
    return [line for line in text.splitlines() if line.strip() != "!"]


def enroll(network: Network, name: str) -> None:
    """Get a certificate: every question is answered."""
    screen = Screen(router=network.routers[name])
    screen.enter("configure terminal", "crypto pki authenticate my-ca", "yes", "crypto pki enroll my-ca")
    for _ in range(8):
        last = screen.shown.rpartition("\n")[2]
        if last.endswith("#"):
            break
        screen.enter("no" if "[no]" in last else "yes" if "yes/no" in last else "challenge")
    screen.enter("end")
    assert certificates.state(network.routers[name], "my-ca") == "valid", name


def members(network: Network) -> dict[tuple[str, str], MemberState]:
    """All that joined, by router and group."""
    return {(name, state.group): state for name, router in network.routers.items() for state in router.gdoi.members}


def spis(network: Network, name: str, group: str) -> set[int]:
    """Keys that live on a key server."""
    return {tek.spi for tek in network.ks(name, group).teks if tek.ends > network.clock.now()}


@pytest.mark.parametrize("name", PLAYED)
def test_a_group_works(name: str) -> None:
    feature = FEATURES[name]
    network, _ = typed(feature)
    inventory = feature.inventory()
    if name == "certificates":
        for router in network.routers:
            enroll(network, router)
    network.run(300)
    joined = members(network)
    wanted = {(item, group) for group in inventory.gdoi_groups for item in (m.name for m in inventory.members(group))}
    assert set(joined) == wanted
    network.run(2.5 * HOUR)  # some rekeys later
    for (router, group), state in joined.items():
        assert state.registration is Registration.REGISTERED, router
        assert (state.successes, state.rekeys_total > 0) == (1, True), f"{router} registered again"
        servers = [item.name for item in inventory.key_servers(group)]
        roles = [network.ks(item, group).role for item in servers]
        assert roles.count(Role.PRIMARY) == 1
        held = {tek.spi for tek in state.teks if tek.ends > network.clock.now()}
        assert held
        assert all(held == spis(network, item, group) for item in servers), router


def test_a_member_asks_the_first_key_server_of_its_list() -> None:
    network, written = typed(FEATURES["cooperating key servers"])
    network.run(300)
    for (name, _), state in members(network).items():
        network.type(name, "clear crypto gdoi", "yes")
        network.run(120)
        first = re.search(r"server address ipv4 (\S+)", written[name])
        assert first is not None
        assert str(state.server) == first[1]


def test_the_modes_are_those_of_the_intent() -> None:
    network, _ = typed(FEATURES["receive-only and passive"])
    network.run(300)
    held = members(network)
    assert network.server("ks1", "G").intent.receive_only
    assert [held[name, "G"].passive for name in ("gm1", "gm2")] == [True, False]


def test_a_closed_member_opens_for_what_its_list_exempts() -> None:
    network, _ = typed(FEATURES["fail-close"])
    machines = {name: network.machine(name).intent for name in ("gm1", "gm2")}
    assert all(machine.fail_close for machine in machines.values())
    assert machines["gm2"].reverts
    assert len(machines["gm1"].fail_close_entries) > len(machines["gm2"].fail_close_entries) > 0
    prepared, _ = typed(FEATURES["prepared fail-close"])
    assert not prepared.machine("gm1").intent.fail_close


def test_who_is_not_a_member_is_not_served() -> None:
    names = ("ks1", "gm1", "gm4")
    written = texts(FEATURES["basic"].inventory())
    written["gm4"] = texts(FEATURES["mixed releases"].inventory())["gm4"]
    network = Network({name: FEATURES["basic"].bare_lines(name) for name in names})
    for name in names:
        network.configure(name, *lines(written[name]))
    network.configure("ks1", "crypto isakmp key Key-psk.gm4 address 198.51.100.4")  # IKE agrees, the list does not
    network.run(300)
    registered = {name: network.gm(name).registration is Registration.REGISTERED for name in ("gm1", "gm4")}
    assert registered == {"gm1": True, "gm4": False}
    assert "198.51.100.4" in "".join(network.logged("ks1", "UNAUTHORIZED_IPADDR"))


@pytest.mark.parametrize("name", [name for name, feature in FEATURES.items() if not feature.plays])
def test_the_grammar_takes_what_the_lab_does_not_play(name: str) -> None:
    network, written = typed(FEATURES[name])
    for router, text in written.items():
        shown = {line.strip() for line in network.routers[router].running.lines()}
        head = re.search(r"^crypto (?:gdoi|gkm) group .*$", text, re.MULTILINE)
        assert head is not None
        assert head[0] in shown, router


HIDDEN = {"hash sha", "lifetime 86400", "authentication rsa-sig", "mode tunnel"}
"""Lines that some releases do not print, because they hold without them."""


@pytest.mark.parametrize("name", FEATURES)
def test_routers_print_what_was_written(name: str) -> None:
    inventory = FEATURES[name].inventory()
    for router, text in texts(inventory).items():
        screen = Screen(inventory.devices[router].release)
        screen.enter("configure terminal", *lines(text), "end")
        printed = {_bare(path) for path in paths("\n".join(screen.running()))}
        unseen = [path for path in map(_bare, paths(text)) if path not in printed]
        assert [path for path in unseen if path.rpartition(" / ")[2] not in HIDDEN] == [], router


def _bare(path: str) -> str:
    """Without the numbers and columns of access lists, and with numbered ones as new releases have them."""
    path = re.sub(r"^access-list (\d+) ", r"ip access-list standard \1 / ", " ".join(path.split()))
    return re.sub(r"/ \d+ (permit|deny|remark)", r"/ \1", re.sub(r"/ sequence \d+ ", "/ ", path))


OLDER = {name: feature.older for name, feature in FEATURES.items() if feature.older is not None}


@pytest.mark.parametrize("name", OLDER)
def test_an_older_router_would_have_refused_it(name: str) -> None:
    feature = FEATURES[name]
    older = OLDER[name][0]
    refused = 0
    for router, text in texts(feature.inventory()).items():
        network = Network({router: feature.bare_lines(router)}, {router: release(older).text})
        screen = network.configure(router, *lines(text))
        refused += len(REFUSED.findall(screen.replace("\r", "")))
    assert refused > 0


@settings(max_examples=60)
@given(fleets())
def test_routers_take_whatever_is_written(inventory: Inventory) -> None:
    resolver = Resolver(inventory, Secrets(secret))
    for name, device in inventory.devices.items():
        try:
            config = resolver.config(name)
        except MistakesError:
            continue
        screen = Screen(device.release)
        shown = screen.enter("configure terminal", *lines(true_text_of(config)), "end")
        assert REFUSED.findall(shown.replace("\r", "")) == [], f"{device.release}\n{shown}"
