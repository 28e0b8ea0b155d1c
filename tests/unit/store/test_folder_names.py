"""Names of files are understood as commands and devices, and what is neither is not guessed."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from getvpn_ops.parsing import known_commands
from getvpn_ops.store.folder.names import Named, is_generic, read_name, understood

CASES = {
    "show_crypto_gdoi.txt": Named("show crypto gdoi"),
    "show-crypto-gdoi-ks-members.txt": Named("show crypto gdoi ks members"),
    "sh cry gdoi ks mem.log": Named("show crypto gdoi ks members"),
    "show+crypto+gkm+ks+policy": Named("show crypto gdoi ks policy"),
    "SHOW_RUN.TXT": Named("show running-config"),
    "show-running-config.txt": Named("show running-config"),
    "show_running_config.txt": Named("show running-config"),
    "show-crypto-map-gdoi-fail-close.txt": Named("show crypto map gdoi fail-close"),
    "show-crypto-gdoi-feature-long-sa-lifetime.txt": Named("show crypto gdoi feature long-sa-lifetime"),
    "show_crypto_gdoi_group_WAN-1_ks_coop.txt": Named("show crypto gdoi group WAN-1 ks coop"),
    "show_crypto_gdoi_ks_members_10.20.1.1.txt": Named("show crypto gdoi ks members 10.20.1.1"),
    "lon-gm1_show-crypto-gdoi.txt": Named("show crypto gdoi", "lon-gm1"),
    "lon-gm1-show-crypto-gdoi.txt": Named("show crypto gdoi", "lon-gm1"),
    "lon_gm1.bank.example_show_crypto_gdoi.txt": Named("show crypto gdoi", "lon_gm1.bank.example"),
    "10.1.2.3_show_version.txt": Named("show version", "10.1.2.3"),
    "show_version_lon-gm1.txt": Named("show version", "lon-gm1"),
    "show-version@lon-gm1.txt": Named("show version", "lon-gm1"),
    "show-version__hub.txt": Named("show version", "hub"),
    "01_show_version.txt": Named("show version"),
    "show_version_2.txt": Named("show version"),
    "show_version (1).txt": Named("show version"),
    "show_version - Copy.txt": Named("show version"),
    "show_version_before.txt": Named("show version"),
    "2026-03-01_1045_lon-gm1_show_version.txt": Named("show version", "lon-gm1"),
    "lon-gm1_show_version_20260301-104512.txt": Named("show version", "lon-gm1"),
    "lon-gm1/show_version.txt": Named("show version"),
    "show_version/lon-gm1.txt": Named("show version", "lon-gm1"),
    "show_version/1.txt": Named("show version"),
    "version.txt": Named("show version"),
    "crypto gdoi ks.txt": Named("show crypto gdoi ks"),
    "lon-gm1.txt": Named(None, "lon-gm1"),
    "show_inventory.txt": Named(None),
    "lon-gm1_show_inventory.txt": Named(None, "lon-gm1"),
    "show_crypto_gdoi_ks_nonsense.txt": Named(None),
    "showroom.txt": Named(None, "showroom"),
    "broadshow_version.txt": Named(None, "broadshow_version"),
}


@pytest.mark.parametrize(("name", "expected"), CASES.items(), ids=CASES)
def test_names(name: str, expected: Named) -> None:
    assert read_name(PurePosixPath(name), frozenset({"hub"})) == expected


@pytest.mark.parametrize("separator", [" ", "_", "-", "+"])
def test_every_known_command_may_be_a_name(separator: str) -> None:
    commands = known_commands()
    assert len(commands) > 50
    assert [understood(command.replace(" ", separator)) for command in commands] == list(commands)


@pytest.mark.parametrize("word", ["logs", "2026-03-01", "captures", "Show", "show_version", "KS", "output2", "tmp", ""])
def test_folders_that_say_nothing_of_a_device(word: str) -> None:
    assert is_generic(word)


@pytest.mark.parametrize("word", ["lon-gm1", "ks1-london", "London", "router-7", "10.1.2.3x"])
def test_folders_that_may_be_devices(word: str) -> None:
    assert not is_generic(word)
