"""scrapli's ``cisco_iosxe``, unmodified."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from scrapli import AuthOptions, Cli
from scrapli.auth import LookupKeyValue
from scrapli.exceptions import ScrapliException
from scrapli.transport import Ssh2Options

from getvpn_ops.lab.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab_routers import Port


def open_scrapli(port: Port) -> Cli:
    """A client that is not yet connected; its own SSH library speaks for it."""
    return Cli(
        definition_file_or_name="cisco_iosxe",
        host="127.0.0.1",
        port=port.number,
        auth_options=AuthOptions(
            username="ops",
            password="pass-1",  # noqa: S106 -- of a simulated router
            lookups=[LookupKeyValue(key="enable", value="enable-1")],
        ),
        transport_options=Ssh2Options(),
    )


@pytest.mark.parametrize("release", ["15", "17"])
def test_a_whole_session(start: Callable[..., Port], figure: Callable[[str], None], release: str) -> None:
    port = start(release)
    figure(f"client: scrapli {version('scrapli')} on {port.router.release.text}")
    with open_scrapli(port) as device:
        assert device.get_prompt().result == "BR-7#"  # it enables by itself
        shown = device.send_input(input_="show version")
        assert not shown.failed
        assert shown.result.endswith("Configuration register is 0x2102")
        wrong = device.send_input(input_="show foo")
        assert wrong.failed
        assert "% Invalid input detected at '^' marker." in wrong.result
        lines = ["crypto gdoi group WAN", "foo bar", "identity num 5"]
        block = device.send_inputs(inputs=lines, requested_mode="configuration", stop_on_indicated_failure=False)
        assert block.failed
        assert block.results[1].strip().startswith("^")
        assert block.results[2].strip() == ""
        device.enter_mode(requested_mode="privileged_exec")
        assert "identity number 5" in device.send_input(input_="show running-config | section gdoi").result
        device.send_input(input_="terminal length 8")
        paged = device.send_prompted_input(
            input_="show ip interface", prompt="--More--", prompt_pattern="", response="q", abort_input="q"
        )
        assert "GigabitEthernet0/0/0 is up" in paged.result
        assert device.get_prompt().result == "BR-7#"


def test_a_dropped_session(start: Callable[..., Port]) -> None:
    port = start()
    port.router.faults.arm(fault("drop-before", line="show privilege"))
    device = open_scrapli(port)
    device.open()
    with pytest.raises(ScrapliException):
        device.send_input(input_="show privilege")
    assert port.router.sessions == []
