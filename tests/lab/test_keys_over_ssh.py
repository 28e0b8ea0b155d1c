"""Keys put on routers of the lab by the program as it is typed: over SSH, through plan, journal and proof."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pydantic import SecretStr
from worksites import Worksite, part_of_example

from getvpn_ops.devices.hand import OpenHand
from getvpn_ops.engine.change.keys import rsa
from getvpn_ops.lab.ios.identity.keys import public_der, rsa_key
from getvpn_ops.model.exec import ExecOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from getvpn_ops.model.exec import ExecReceipt

RELEASES = {"new1": "17.6.5", "mid1": "15.2(4)M11", "old1": "12.4(22)T5"}
GROUP = {"schema": 1, "name": "WAN", "key_servers": list(RELEASES), "rekey": {"key_label": "FIRST", "modulus": 1024}}
PASSPHRASE = "Zu7canarykeyway9Qe4xR2tB"  # noqa: S105 -- planted
PLAN = ("plan", "action", "rsa-key", "WAN")
Asked = tuple[int, dict[str, Any], str]


# -- key servers without a group: the key comes first


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    """Three key servers of three releases that have nothing yet."""
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "gdoi_groups").mkdir()
    hosts = {
        name: {
            "hostname": f"10.255.0.{at}",
            "username": "ops",
            "data": {"role": "ks", "release": release, "gdoi_groups": ["WAN"]},
        }
        for at, (name, release) in enumerate(RELEASES.items(), 1)
    }
    for name, content in (("hosts.yaml", hosts), ("groups.yaml", {}), ("gdoi_groups/WAN.yaml", GROUP)):
        (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    for name in RELEASES:
        (folder / f"{name}.cfg").write_text(f"hostname {name}\n", encoding="utf-8")
    with Worksite(tmp_path_factory.mktemp("bare"), folder, folder) as site:
        yield site


@pytest.fixture
def clear(bare: Worksite) -> Worksite:
    """The same, without keys and faults."""
    bare.heal()
    for name in RELEASES:
        bare.lab.call(bare.lab.router(name).keys.held.clear)
    return bare


def publics(site: Worksite, label: str) -> dict[str, bytes | None]:
    """The public key of a label as it lies in each router; None if it has none."""

    def public(name: str) -> bytes | None:
        held = site.lab.router(name).keys.held.get(label)
        return public_der(held.private.public_key()) if held is not None else None

    return {name: site.lab.call(public, name) for name in RELEASES}


def planned(site: Worksite, *words: str) -> Asked:
    """A plan as JSON."""
    return site.ask(*PLAN, *words)


def applied(site: Worksite, plan: dict[str, Any], *words: str) -> tuple[int, str, str]:
    """Apply a plan that was kept."""
    return site.run("apply", plan["plan"]["id"], "--lab", "-o", "json", *words)


def test_a_key_reaches_all_and_is_saved_and_nothing_of_it_stays(
    clear: Worksite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Generated on 17, carried to 15 and 12.4, with the private key and its passphrase as canaries."""
    carried: list[str] = []
    whole = OpenHand.export_key

    def export(self: OpenHand, *args: Any, **more: Any) -> tuple[ExecReceipt, SecretStr | None]:  # noqa: ANN401 -- as it is
        told, pem = whole(self, *args, **more)
        carried.append(pem.get_secret_value() if pem is not None else "")
        return told, pem

    monkeypatch.setattr(OpenHand, "export_key", export)
    monkeypatch.setattr(rsa, "passphrase", lambda: SecretStr(PASSPHRASE))
    caplog.set_level(logging.DEBUG)
    code, plan, _ = planned(clear)
    assert code == 0, plan["plan"]["refusals"]
    titles = [step["title"] for wave in plan["plan"]["waves"] for step in wave["steps"]]
    assert titles == [
        "generate RSA key FIRST of 1024 bits on new1, and save it",
        "copy RSA key FIRST from new1 to mid1, and save it there",
        "copy RSA key FIRST from new1 to old1, and save it there",
        "compare the public keys of FIRST on all key servers of WAN",
    ]
    code, out, err = clear.run("apply", plan["plan"]["id"], "--lab", "-o", "json", GETVPN_OPS_DEBUG="1")
    assert code == 0, err
    keys = publics(clear, "FIRST")
    assert None not in keys.values()
    assert len(set(keys.values())) == 1
    for name in RELEASES:
        router = clear.lab.router(name)
        clear.lab.call(router.reload)
        assert "FIRST" in router.keys.held, f"{name} lost it in a reload"
    private = [line for pem in carried for line in pem.partition("PRIVATE KEY-----")[2].splitlines() if len(line) > 20]
    needles = [PASSPHRASE, *(line for line in private if not line.startswith(("-", "DEK", "Proc")))]
    assert len(carried) == 2
    assert len(needles) > 16
    places = {str(path): path.read_bytes() for path in clear.root.rglob("*") if path.is_file()}
    places |= {"out": out.encode(), "err": err.encode(), "log": caplog.text.encode(), "plan": json.dumps(plan).encode()}
    assert len(places) > 8
    found = [place for place, text in places.items() for needle in needles if needle.encode() in text]
    assert found == []
    clear.lab.call(clear.lab.fleet.advance, clear.lab.fleet.clock.now() + timedelta(minutes=5))
    code, again, _ = planned(clear)
    assert (code, again["plan"]["waves"]) == (0, [])


def hold(site: Worksite, name: str, label: str = "FIRST", *, exportable: bool = True) -> None:
    router = site.lab.router(name)
    key = rsa_key(label, 1024, exportable=exportable, made=router.clock.now())
    site.lab.call(router.keys.held.__setitem__, label, key)


def test_a_key_that_differs_is_shown_and_refused(clear: Worksite) -> None:
    hold(clear, "new1")
    hold(clear, "mid1")
    before = publics(clear, "FIRST")
    code, plan, _ = planned(clear)
    assert (code, plan["plan"]["waves"]) == (4, [])
    (text,) = plan["plan"]["refusals"]
    assert text.count("1024 bits, SHA-256 ") == 2
    assert "--set label=FIRST_2 --set rotate=true" in text
    code, _, err = applied(clear, plan)
    assert code == 4, err
    assert publics(clear, "FIRST") == before


DROPS = {"the key did not get there": ("drop-before", 2), "the key got there": ("drop-after-apply", 1)}
"""Fault at the import -> how often it is typed."""


@pytest.mark.parametrize("case", DROPS)
def test_a_session_that_ends_under_an_import_is_settled_by_reading(
    clear: Worksite, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    kind, times = DROPS[case]
    tried: list[ExecOutcome] = []
    whole = OpenHand.import_key

    def bring(self: OpenHand, *args: Any, **more: Any) -> ExecReceipt:  # noqa: ANN401 -- as it is
        tried.append((receipt := whole(self, *args, **more)).outcome)
        return receipt

    monkeypatch.setattr(OpenHand, "import_key", bring)
    hold(clear, "new1")
    hold(clear, "old1")
    clear.lab.call(clear.lab.router("old1").keys.held.update, dict(clear.lab.router("new1").keys.held))
    code, plan, _ = planned(clear)
    assert code == 0, plan["plan"]["refusals"]
    clear.arm("mid1", kind, "^crypto key import")
    code, _, err = applied(clear, plan)
    assert code == 0, err
    assert len(set(publics(clear, "FIRST").values())) == 1
    assert tried[0] is ExecOutcome.UNKNOWN
    assert len(tried) == times
    assert f"mid1: {'applied' if times == 1 else 'nothing-sent'}: mid1 holds " in err


# -- a group that works


@pytest.fixture(scope="module")
def wan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    """Three key servers and a member of the example."""
    names = ("lds-ks1", "ams-ks1", "dub-ks1", "lon-gm1", "ork-gm1")
    source = part_of_example(tmp_path_factory.mktemp("part") / "inventory", names)
    with Worksite(tmp_path_factory.mktemp("wan"), source) as site:
        site.lab.call(site.lab.fleet.advance, site.lab.fleet.clock.now() + timedelta(minutes=5))
        site.settings(secrets=[{"from": "file", "path": "keys/{name}"}])
        yield site


def secret(site: Worksite, member: str, text: str) -> None:
    folder = site.root / "keys" / "psk"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path: Path = folder / member
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def keys_of(site: Worksite, device: str, of: str = "") -> set[str]:
    lines = site.lab.call(lambda: list(site.lab.router(device).running.lines()))
    return {line.split()[3] for line in lines if line.startswith("crypto isakmp key ") and line.endswith(of)}


def test_a_new_psk_is_proven_by_a_registration(wan: Worksite) -> None:
    """The session ends under the answer of the clear; it is not typed again, for the member shows that it was taken."""
    secret(wan, "lon-gm1", "CANARYlon1")
    code, plan, _ = wan.ask("plan", "action", "psk-rotate", "lon-gm1")
    assert code == 0, plan["plan"]["refusals"]
    code, out, err = wan.run("apply", plan["plan"]["id"], "--lab")
    assert code == 4, "it loses seconds, which somebody has to accept"
    wan.arm("lon-gm1", "drop-after-apply", "^clear crypto gdoi")
    code, out, err = wan.run("apply", plan["plan"]["id"], "--lab", "-o", "json", "--accept-loss")
    assert code == 0, err
    assert "lon-gm1: reading how far 'register lon-gm1 anew' came" in err
    assert "lon-gm1: applied: " in err
    assert "lon-gm1: registered with the new key, " in err
    assert keys_of(wan, "lon-gm1") == {"CANARYlon1"}
    for server in ("lds-ks1", "ams-ks1", "dub-ks1"):
        assert keys_of(wan, server, " 10.254.4.2") == {"CANARYlon1"}
    for text in (out, err, json.dumps(plan)):
        assert "CANARY" not in text


def test_a_member_that_does_not_come_back_gets_its_old_key(wan: Worksite) -> None:
    secret(wan, "ork-gm1", "CANARYork1")
    code, plan, _ = wan.ask("plan", "action", "psk-rotate", "ork-gm1")
    assert code == 0, plan["plan"]["refusals"]
    router = wan.lab.router("ork-gm1")
    had_new: list[bool] = []

    def watch() -> None:
        """It cannot reach its key servers for as long as it has the new key."""
        keys = {line.split()[3] for line in router.running.lines() if line.startswith("crypto isakmp key ")}
        if "CANARYork1" in keys:
            had_new.append(True)
        elif had_new:
            wan.lab.fleet.clear("*", None)

    wan.arm("ork-gm1", "udp-848-blocked")
    router.applied.append(watch)
    try:
        code, out, err = wan.run("apply", plan["plan"]["id"], "--lab", "-o", "json", "--accept-loss")
    finally:
        router.applied.remove(watch)
        wan.heal()
    assert code == 4, err
    assert "the old key is back, and it registered with that within" in json.loads(out)["reason"]
    assert keys_of(wan, "ork-gm1") == {"lab-psk-ork-gm1"}
    for server in ("lds-ks1", "ams-ks1", "dub-ks1"):
        assert keys_of(wan, server, " 10.254.21.2") == {"lab-psk-ork-gm1"}
    assert "CANARY" not in out + err
