"""Configurations load whole, in whatever shape they come, and no form of the result shows a secret."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest
from captures import good_cases

from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.config import LineKind, RunningConfig, Secret
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.config.hier import to_hconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from captures import Case

    from getvpn_ops.model.config import ConfigLine

CASES = [case for case in good_cases() if case.folder == "running_config"]
COMPLETE = [case for case in CASES if case.name in {"xe17-ks", "xe17-gm"}]


def config_of(text: str, command: str = "show running-config") -> RunningConfig:
    data = parse(command, text).data
    assert isinstance(data, RunningConfig)
    return data


def every_line(config: RunningConfig) -> Iterator[ConfigLine]:
    for line in config.tree:
        yield from line.walk()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_line_is_somewhere(case: Case) -> None:
    parsed = parse(case.command, case.text)
    config: RunningConfig = parsed.data
    held = {line.line: line.true_text for line in every_line(config)}
    aside = {item.line for item in parsed.set_aside}
    for number, raw in enumerate(case.text.decode().splitlines(), 1):
        text = " ".join(raw.split())
        if (
            text.strip("! ")
            and number not in aside
            and text not in [" ".join(line.split()) for line in config.header.lines]
        ):
            assert " ".join(held[number].split()) == text
    assert parsed.unrecognized == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_form_shows_a_secret(case: Case) -> None:
    parsed = parse(case.command, case.text)
    config: RunningConfig = parsed.data
    forms = [
        repr(parsed),
        str(parsed),
        json.dumps(to_plain(parsed.data)),
        repr(dataclasses.asdict(config)),
        pickle.dumps(config).decode("latin-1"),
        str([line.hidden for line in every_line(config)]),
        f"{parsed.warnings} {parsed.unrecognized} {parsed.set_aside}",
    ]
    for form in forms:
        assert "CANARY" not in form


def test_canaries_are_in_the_cases_and_in_the_true_text() -> None:
    count = 0
    for case in CASES:
        config = parse(case.command, case.text).data
        count += sum("CANARY" in line.true_text for line in every_line(config))
    assert count >= 25


def test_a_secret_compares_and_reveals() -> None:
    one, same, other = (Secret.of("isakmp-key", text, "6") for text in ("a", "a", "b"))
    assert one == same
    assert one != other
    assert copy.deepcopy(one).reveal() == "a"
    assert "a" not in json.dumps(to_plain(one)["encryption"])
    with pytest.raises(ValueError, match="does not carry"):
        pickle.loads(pickle.dumps(one)).reveal()  # noqa: S301 -- our own bytes


@pytest.mark.parametrize("case", COMPLETE, ids=lambda case: case.name)
def test_without_indentation_it_says_the_same(case: Case) -> None:
    """The typed view of what GETVPN needs does not depend on blanks."""
    whole = to_plain(parse(case.command, case.text).data)
    trimmed = b"\n".join(line.strip() for line in case.text.split(b"\n"))
    flat = to_plain(parse(case.command, trimmed).data)
    for name in ("hostname", "gdoi_groups", "crypto_maps", "access_lists", "system", "multicast", "header"):
        assert flat[name] == whole[name], name
    for name, value in whole["crypto"].items():
        assert flat["crypto"][name] == value, name
    for got, expected in zip(flat["interfaces"], whole["interfaces"], strict=True):
        assert {**got, "other": []} == {**expected, "other": []}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hier_config_takes_every_command(case: Case) -> None:
    config: RunningConfig = parse(case.command, case.text).data
    tree = to_hconfig(config.tree)
    texts = {line for child in tree.all_children() for line in child.text.split("\n")}
    for line in every_line(config):
        if line.kind is LineKind.COMMAND and not re.fullmatch(r"exit.*|end", line.text, re.IGNORECASE):
            assert line.true_text in texts
    again = to_hconfig(config.tree)
    assert not tuple(tree.config_to_get_to(again).all_children())


def test_lines_of_server_local_are_found_behind_its_sub_modes() -> None:
    config = config_of(
        "crypto gdoi group PASTED\nidentity number 200\nserver local\n  rekey algorithm aes 256\n  sa ipsec 10\n"
        "   profile P\n   exit\naddress ipv4 10.1.1.1\n   redundancy\n   local priority 140\n"
        "   peer address ipv4 10.1.1.2\npassword encryption aes\n"
    )
    local = config.gdoi_groups[0].server_local
    assert local is not None
    assert str(local.address) == "10.1.1.1"
    assert local.redundancy is not None
    assert local.redundancy.priority == 140
    assert [str(peer.address) for peer in local.redundancy.peers] == ["10.1.1.2"]
    assert local.other == local.sas[0].other == ()
    assert config.system.password_encryption_aes is True


@pytest.mark.parametrize("text", [" rekey algorithm aes 256\n", "  description to: core\n", "ntp server 10.0.0.1\n"])
def test_filtered_lines_are_a_configuration(text: str) -> None:
    parsed = parse("show running-config | include x", text)
    assert parsed.data.tree[0].text == text.strip()


def test_a_banner_keeps_what_looks_like_a_prompt() -> None:
    config = config_of(
        "hostname R1\nbanner motd #\nhello\nR1#\nthis is text\n#\ninterface Loopback1\n ip address 10.0.0.1 255.0.0.0\n"
    )
    banner = next(line for line in config.tree if line.text.startswith("banner"))
    assert banner.children[0].text == "hello"
    assert config.interfaces[0].name == "Loopback1"


def test_a_banner_without_end_costs_nothing_else() -> None:
    parsed = parse(
        "show running-config",
        "hostname R1\nbanner motd ^C\nhello\ninterface Loopback1\n ip address 10.0.0.1 255.0.0.0\n",
    )
    assert parsed.data.interfaces[0].name == "Loopback1"
    assert any("has no end" in warning for warning in parsed.warnings)


def test_a_real_control_character_is_a_delimiter() -> None:
    config = config_of("hostname R1\nbanner motd \x03\ninterface Fake0\n\x03\ninterface Loopback1\n")
    assert [item.name for item in config.interfaces] == ["Loopback1"]


def test_private_keys_are_hidden() -> None:
    kind = "RSA PRIVATE KEY"
    text = f"hostname R1\n-----BEGIN {kind}-----\nMIICANARY\nCANARY==\n-----END {kind}-----\nip cef\n"
    config = config_of(text)
    assert "CANARY" not in json.dumps(to_plain(config))
    assert config.system.cef is True


def test_global_lines_are_not_taken_into_the_mode_above_them() -> None:
    config = config_of(
        "crypto gkm group G\n identity number 1\n server local\n  address ipv4 10.0.0.1\n!\nredundancy\n mode none\n!\n"
        "interface Loopback0\n ip address 10.0.0.1 255.255.255.255\n!\ncrypto ipsec df-bit clear\n"
    )
    assert config.gdoi_groups[0].server_local is not None
    assert config.gdoi_groups[0].server_local.redundancy is None
    assert config.interfaces[0].df_bit is None
    assert config.crypto.df_bit == "clear"


@pytest.mark.parametrize(
    "name",
    ["show_version", "show_crypto_gdoi_ks_members", "show_crypto_ipsec_sa", "show_ip_access_lists", "show_clock"],
)
def test_other_commands_are_refused(name: str) -> None:
    others = [case for case in good_cases() if case.folder == name]
    for case in others:
        body = b"\n".join(line for line in case.text.split(b"\n") if b"#" not in line)
        with pytest.raises(ParseFailure):
            parse("show running-config", body)


def test_depth_has_an_end() -> None:
    config: Any = config_of("hostname R1\n" + "\n".join(" " * n + f"level {n}" for n in range(1, 400)))
    assert len(list(every_line(config))) == 400
    json.dumps(to_plain(config))
