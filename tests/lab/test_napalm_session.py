"""NAPALM's ``ios`` driver over a session of ours: one login, one line, also on old routers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napalm.base import NetworkDriver
from napalm.base.exceptions import CommandErrorException
from ssh_servers import ENGINES, LOGIN, target

from getvpn_ops.devices.napalm import driver
from getvpn_ops.devices.session import Session, SessionError
from getvpn_ops.devices.terms import Stop
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.lab.faults import fault
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab_routers import Port

MODELS = {"12.4": "2811", "15": "CISCO2911/K9", "17": "ISR4331/K9"}


@pytest.mark.parametrize("release", MODELS)
def test_facts_and_configurations(start: Callable[..., Port], tmp_path: Path, release: str) -> None:
    port = start(release)
    with Session.open(target(port.number, tmp_path), LOGIN, Stop(60)) as session:
        device = driver(session)
        assert isinstance(device, NetworkDriver)
        device.open()
        facts = device.get_facts()
        assert (facts["hostname"], facts["model"]) == ("BR-7", MODELS[release])
        assert facts["serial_number"] == port.router.serial
        assert f"Version {port.router.release.text}," in facts["os_version"]
        configs = device.get_config()
        assert "crypto gdoi group WAN\n identity number 4711\n" in configs["running"]
        assert device.get_config(retrieve="startup")["running"] == ""
        assert device.is_alive() == {"is_alive": True}
        assert device.cli(["show privilege"]) == {"show privilege": "Current privilege level is 15"}
        assert len(port.router.sessions) == 1
        device.close()
        assert b"level is 15" in session.show("show privilege")  # the session is its owner's
    assert device.is_alive() == {"is_alive": False}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_it_may_not_type(start: Callable[..., Port], tmp_path: Path, engine: str) -> None:
    port = start("17")
    with Session.open(target(port.number, tmp_path, engine), LOGIN, Stop(60)) as session:
        device = driver(session)
        with pytest.raises(NotAllowedError):
            device.cli(["reload in 5"])
        with pytest.raises(CommandErrorException):  # so it calls whatever stops it at `dir`
            device.load_merge_candidate(config="hostname X\n")
        assert device.get_facts()["hostname"] == port.router.name == "BR-7"
        port.router.faults.arm(fault("drop-before", line="show version"))
        with pytest.raises(SessionError) as error:
            device.get_facts()
        assert error.value.trouble is Trouble.DROPPED
        assert device.is_alive() == {"is_alive": False}
