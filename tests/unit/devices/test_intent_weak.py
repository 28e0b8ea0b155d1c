"""What an intent may say and ``inventory check`` remarks on: each with the words that name its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from pathlib import Path

NEW, OLD = "17.6.5", "12.4(22)T5"
POLICY: dict[str, Any] = {"acl": {"exempt": ["gdoi"], "encrypt": ["10.0.0.0/8"]}}
COMMON = "common to oak-gm1, elm-gm1"


class Case(NamedTuple):
    """An intent, what a host says otherwise, and the words of the one note; none where nothing is weak."""

    group: dict[str, Any]
    says: str = ""
    oak: dict[str, Any] | None = None
    release: str = NEW
    servers: tuple[str, ...] = ("ash-ks1", "fir-ks1")


def ike(**words: Any) -> dict[str, Any]:  # noqa: ANN401 -- of any key
    return {"ike": {"policies": [{"number": 10, "encryption": "aes-256", "hash": "sha256", "dh_group": 14, **words}]}}


CASES = {
    "good practice": Case({}),
    "DES for traffic": Case(
        {"policies": [{**POLICY, "transform": {"encryption": "des"}}]}, "des has 56 bits (RFC 8221"
    ),
    "3DES for traffic": Case(
        {"policies": [{**POLICY, "transform": {"encryption": "3des"}}]}, "SP 800-131A: disallowed"
    ),
    "MD5 for traffic": Case(
        {"policies": [{**POLICY, "transform": {"encryption": "aes-128", "integrity": "md5"}}]}, "md5 is broken"
    ),
    "3DES for rekeys": Case({"rekey": {"algorithm": "3des"}}, "rekey.algorithm: 3des has blocks of 64 bits"),
    "3DES for IKE": Case(ike(encryption="3des"), "IKE policy 10: 3des"),
    "DH group 1": Case(ike(dh_group=1), "DH group 1 has 768 bits (RFC 8247: MUST NOT)"),
    "DH group 2": Case(ike(dh_group=2), "DH group 2 has 1024 bits (RFC 8247: SHOULD NOT)"),
    "DH group 5": Case(ike(dh_group=5), "DH group 5 has 1536 bits"),
    "DH group 24": Case(ike(dh_group=24), "DH group 24 has a small subgroup"),
    "DH group 2 of one member": Case(
        {}, "ike_policies of oak-gm1: policy 3: DH group 2", {"ike_policies": [{"number": 3, "dh_group": 2}]}
    ),
    "SHA-1 signs rekeys": Case({"rekey": {"signature_hash": "sha1"}}, "signed with SHA-1"),
    "a short RSA key": Case({"rekey": {"modulus": 1024}}, "1024 bits, less than 2048 (SP 800-131A)"),
    "a KEK of two TEKs": Case({"rekey": {"kek_lifetime": 14400}}, "less than 3 TEKs of 7200 (guide, KEK Lifetime)"),
    "one pre-shared key": Case({"ike": {"psk": {"reference": "psk/all"}}}, f"psk/all, is {COMMON}"),
    "one pre-shared key, said of members": Case({"member_defaults": {"psk": "psk/any"}}, f"psk/any, is {COMMON}"),
    "one pre-shared key of a group": Case({"ike": {"psk": {"reference": "psk/{group}"}}}, f"psk/WAN, is {COMMON}"),
    "certificates have no common key": Case({"ike": {"pki": {"trustpoint": "CA", "modulus": 2048}}}),
    "a wildcard": Case(
        {},
        "a pre-shared key for 0.0.0.0 0.0.0.0 is taken from every router",
        {"keys": [{"address": "0.0.0.0", "mask": "0.0.0.0", "reference": "psk/oak"}]},  # noqa: S104 -- a mask
    ),
    "a key with the mask of a host": Case(
        {}, "", {"keys": [{"address": "192.0.2.1", "mask": "255.255.255.255", "reference": "psk/oak"}]}
    ),
    "one key server": Case({}, "ash-ks1 is its only key server", servers=("ash-ks1",)),
}


def notes(folder: Path, case: Case) -> list[str]:
    """The notes on an inventory of a group, its key servers and two members."""
    hosts = {
        name: {"hostname": f"192.0.2.{number}", "data": {
            "role": "ks", "gdoi_groups": ["WAN"], "gdoi_addresses": [f"192.0.2.{number}"], "release": case.release,
        }}
        for number, name in enumerate(case.servers, 1)
    }  # fmt: skip
    for number, name in enumerate(("oak-gm1", "elm-gm1"), 11):
        own = {"interfaces": ["GigabitEthernet0/0/0"], **((case.oak or {}) if name == "oak-gm1" else {})}
        hosts[name] = {"hostname": f"192.0.2.{number}", "data": {
            "role": "gm", "gdoi_groups": ["WAN"], "gdoi_addresses": [f"192.0.2.{number}"], "release": case.release,
            "getvpn": {"WAN": own},
        }}  # fmt: skip
    group = {"name": "WAN", "identity": 7, "key_servers": list(case.servers), "policies": [POLICY], **case.group}
    for name, value in {"hosts": hosts, "gdoi_groups/WAN": group}.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(to_yaml(value), encoding="utf-8")
    return list(load_folder(folder).notes)


@pytest.mark.parametrize("name", CASES)
def test_what_is_weak_is_said_once(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = notes(tmp_path, case)
    assert len(found) == bool(case.says), found
    assert case.says in "".join(found)


def test_old_releases_are_judged_by_what_they_will_get(tmp_path: Path) -> None:
    found = notes(tmp_path, Case({}, release=OLD))
    assert [
        note for note in found if f"signed with SHA-1, no longer allowed for signatures (SP 800-131A); {OLD}" in note
    ]
    assert [note for note in found if "IKE policy 20: DH group 5" in note]


def test_the_profile_of_the_guide_is_judged_as_it_will_be_rendered(tmp_path: Path) -> None:
    found = "\n".join(notes(tmp_path, Case({"profile": "guide"})))
    assert "IKE policy 1: DH group 2" in found
    assert "signed with SHA-1" in found


def test_a_group_that_is_not_described_whole_is_not_judged(tmp_path: Path) -> None:
    assert notes(tmp_path, Case({"policies": None, "rekey": {"algorithm": "3des"}})) == []


@pytest.mark.parametrize(("label", "told"), [(None, True), ("LAN_REKEY", False)])
def test_one_rsa_key_of_two_groups_is_said(label: str | None, told: bool, tmp_path: Path) -> None:  # noqa: FBT001 -- a case
    servers = {
        name: {"hostname": address, "data": {"role": "ks", "gdoi_groups": ["WAN", "LAN"], "gdoi_addresses": [address],
                                             "release": NEW}}
        for name, address in (("ash-ks1", "192.0.2.1"), ("fir-ks1", "192.0.2.2"))
    }  # fmt: skip
    wan = {"name": "WAN", "identity": 7, "key_servers": [*servers], "members": [], "policies": [POLICY]}
    own = {"exempt": ["gdoi"], "encrypt": ["172.16.0.0/12"]}
    lan = {
        **wan,
        "name": "LAN",
        "identity": 8,
        "policies": [{"acl": own}],
        "rekey": {"key_label": label} if label else {},
    }
    for name, value in {"hosts": servers, "gdoi_groups/WAN": wan, "gdoi_groups/LAN": lan}.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(to_yaml(value), encoding="utf-8")
    found = [note for note in load_folder(tmp_path).notes if "one RSA key" in note]
    assert bool(found) is told
    assert all("GETVPN_REKEY" in note and "ash-ks1, fir-ks1" in note for note in found)
