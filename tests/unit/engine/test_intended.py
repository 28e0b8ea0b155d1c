"""What a router should hold: rendered, read back, and compared before anyone sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import small_wan

from getvpn_ops.engine.config import intended
from getvpn_ops.engine.config.intended import Intents, differences, read_back
from getvpn_ops.errors import DefectError, UsageError
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.intended import IntendedConfig

CASES = {  # of abe-gm1, unless another device is named: old text, new text, the field that is named
    "an IKE lifetime": ("abe-gm1", " lifetime 300\n", " lifetime 301\n", "isakmp_policies"),
    "a key for another peer": ("abe-gm1", "address 10.255.0.2\n", "address 10.255.0.3\n", "isakmp_keys"),
    "servers in another order": (
        "bat-gm1",
        " server address ipv4 10.255.0.2\n server address ipv4 10.255.0.1\n",
        " server address ipv4 10.255.0.1\n server address ipv4 10.255.0.2\n",
        "gdoi_groups",
    ),
    "a map of another group": ("abe-gm1", " set group WAN\n", " set group LAN\n", "crypto_maps"),
    "an interface without its map": ("abe-gm1", " crypto map GETVPN-MAP\n", "", "interfaces"),
    "entries of a list in another order": (
        "hub-ks1",
        " deny tcp any any eq 22\n deny tcp any eq 22 any\n",
        " deny tcp any eq 22 any\n deny tcp any any eq 22\n",
        "access_lists",
    ),
    "a transform": ("hub-ks1", "esp-aes 256 esp-sha256-hmac", "esp-aes esp-sha256-hmac", "transform_sets"),
    "a lifetime of traffic keys": ("hub-ks1", "lifetime seconds 7200", "lifetime seconds 3600", "ipsec_profiles"),
    "a line lost": ("hub-ks1", "crypto isakmp keepalive 15 periodic\n", "", "isakmp_keepalive"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_text_that_says_something_else_is_a_defect_that_names_the_field(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, old, new, field = CASES[name]
    inventory = small_wan.loaded(tmp_path / "inventory")
    assert Intents(inventory).of(device).config.device == device

    def spoilt(config: IntendedConfig) -> str:
        text = true_text_of(config)
        assert old in text
        return text.replace(old, new, 1)

    monkeypatch.setattr(intended, "true_text_of", spoilt)
    with pytest.raises(DefectError, match=f"^{device}: .* {field}: expected "):
        Intents(inventory).of(device)


@pytest.mark.parametrize("device", small_wan.DEVICES)
def test_what_is_rendered_reads_back_as_what_was_meant(device: str, tmp_path: Path) -> None:
    found = Intents(small_wan.loaded(tmp_path / "inventory"), Secrets(small_wan.secret_of)).of(device)

    assert differences(found.config, found.read) == ()
    assert found.read.gdoi_groups[0].name == "WAN"
    assert len(found.read.crypto.isakmp_keys) == (3 if "ks" in device else 2)


def test_secrets_stand_by_name_or_as_a_fingerprint_and_never_in_plain(tmp_path: Path) -> None:
    inventory = small_wan.loaded(tmp_path / "inventory")

    named = Intents(inventory).of("abe-gm1")
    known = Intents(inventory, Secrets(small_wan.secret_of)).of("abe-gm1")

    assert "crypto isakmp key <secret:psk/abe-gm1> address 10.255.0.1" in named.text
    assert "crypto isakmp key <redacted sha256:" in known.text
    key = small_wan.key_of("psk/abe-gm1")
    assert known.config.isakmp_keys[0].secret.reveal() == key
    assert all(key not in shown for shown in (named.text, known.text, repr(known), str(known.read)))


def test_a_group_that_is_not_described_whole_is_no_intent(tmp_path: Path) -> None:
    group = {key: value for key, value in small_wan.WAN.items() if key not in {"policies", "ike"}}
    inventory = small_wan.loaded(tmp_path / "inventory", group)

    with pytest.raises(UsageError, match="abe-gm1 is in no GDOI group whose file says what the group should be"):
        Intents(inventory).of("abe-gm1")


def test_a_text_that_is_no_configuration_is_a_defect() -> None:
    with pytest.raises(DefectError, match="cannot be read back"):
        read_back("this is\nnot a configuration\n")
