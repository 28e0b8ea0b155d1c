"""Stock clients, unmodified: login, enable, paging, a wrong command, a configuration block with one rejected line."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import netmiko
import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab_routers import Port

SSH = shutil.which("ssh")
LOOSE = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
OLD = [
    "-o", "KexAlgorithms=+diffie-hellman-group14-sha1", "-o", "HostKeyAlgorithms=+ssh-rsa",
    "-o", "Ciphers=+aes128-cbc", "-o", "MACs=+hmac-sha1",
]  # fmt: skip


def open_netmiko(port: Port) -> netmiko.BaseConnection:
    return netmiko.ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=port.number,
        username="ops",
        password="pass-1",  # noqa: S106 -- of a simulated router
        secret="enable-1",  # noqa: S106 -- the same
    )


@pytest.mark.parametrize("release", ["15", "17"])
def test_netmiko(start: Callable[..., Port], release: str) -> None:
    port = start(release)
    with open_netmiko(port) as device:
        assert device.find_prompt() == "BR-7>"
        device.enable()
        assert device.find_prompt() == "BR-7#"
        assert "10.20.1.1       YES NVRAM  up" in device.send_command("show ip interface brief")
        assert "% Invalid input detected at '^' marker." in device.send_command("show foo")
        output = device.send_config_set(
            [
                "logging buffered 20000",
                "crypto gdoi group WAN",
                "server address ipv4 10.9.0.2",
                "foo bar",
                "identity num 5",
            ]
        )
        assert "BR-7(config-gkm-group)#foo bar" in output
        assert output.count("% Invalid input") == 1
        assert "logging buffered 20000" in device.send_command("show running-config | include logging")
        assert "[OK]" in device.save_config()
    texts = [line.text for line in port.router.running.find("crypto gdoi group WAN").lines]  # type: ignore[union-attr]
    assert texts == ["identity number 5", "server address ipv4 10.9.0.1", "server address ipv4 10.9.0.2"]
    assert list(port.router.startup.lines()) == list(port.router.running.lines())  # type: ignore[union-attr]


def test_netmiko_needs_the_right_enable_secret(start: Callable[..., Port]) -> None:
    port = start()
    with open_netmiko(port) as device:
        device.secret = "wrong"  # noqa: S105 -- of a simulated router
        with pytest.raises((ValueError, netmiko.ReadTimeout)):
            device.enable()


def test_netmiko_cannot_log_in_to_the_old_flavour(start: Callable[..., Port]) -> None:
    """A stock client must feel the difference: paramiko 5 has no SHA-1 key exchange."""
    with pytest.raises(netmiko.NetmikoTimeoutException):
        open_netmiko(start("12.4"))


@pytest.mark.skipif(SSH is None, reason="no OpenSSH client")
class TestOpenSsh:
    """A person at a terminal."""

    def spawn(self, port: Port, *options: str) -> pexpect.spawn[str]:
        """Log in by password, as ``ops``."""
        command = [*LOOSE, *options, "-p", str(port.number), "ops@127.0.0.1"]
        child: pexpect.spawn[str] = pexpect.spawn("ssh", command, encoding="latin-1", timeout=20, dimensions=(10, 80))
        child.expect(r"[Pp]assword: ")
        child.sendline("pass-1")
        return child

    def test_paging_and_errors(self, start: Callable[..., Port]) -> None:
        child = self.spawn(start(privilege=15))
        child.expect_exact("BR-7#")
        child.send("sh run\r")
        child.expect_exact(" --More-- ")
        child.send("\r")
        child.expect_exact(" --More-- ")
        child.send("q")
        child.expect_exact("BR-7#")
        child.send("show foo\r")
        child.expect_exact("          ^\r\n% Invalid input detected at '^' marker.\r\n\r\nBR-7#")
        child.send("show i\r")
        child.expect_exact("BR-7#")
        child.send("show running\x7f\x7f\x7f\x7f\x7f\x7f\x7fcl\r")
        child.expect(r"\*\d\d:\d\d:\d\d\.\d{3} UTC ")
        child.send("exit\r")
        child.expect(pexpect.EOF)

    def test_old_flavour_needs_old_algorithms(self, start: Callable[..., Port]) -> None:
        port = start("12.4")
        stock = ["ssh", "-o", "BatchMode=yes", *LOOSE[:4], "-p", str(port.number), "ops@127.0.0.1"]
        refused = subprocess.run(stock, capture_output=True, text=True, timeout=20, check=False)
        assert "no matching" in refused.stderr
        child = self.spawn(port, *OLD)
        child.expect_exact("BR-7>")
        child.send("enable\r")
        child.expect_exact("Password: ")
        child.send("enable-1\r")
        child.expect_exact("BR-7#")
        child.send("conf t\r")
        child.expect_exact("End with CNTL/Z.\r\nBR-7(config)#")
        child.send("crypto gdoi group WAN\r")
        child.expect_exact("BR-7(config-gdoi-group)#")
        child.send("\x1a")
        child.expect_exact("BR-7#")
        child.send("exit\r")
        child.expect(pexpect.EOF)

    def test_exec_channel(self, start: Callable[..., Port]) -> None:
        port = start(privilege=15)
        command = [*LOOSE, "-p", str(port.number), "ops@127.0.0.1", "show ip interface brief"]
        child: pexpect.spawn[str] = pexpect.spawn("ssh", command, encoding="latin-1", timeout=20)
        child.expect(r"[Pp]assword: ")
        child.sendline("pass-1")
        child.expect_exact("GigabitEthernet0/0/1       unassigned")
        child.expect(pexpect.EOF)

    def test_vty_limit(self, start: Callable[..., Port]) -> None:
        port = start(vtys=1)
        first = self.spawn(port)
        first.expect_exact("BR-7>")
        second = self.spawn(port)
        second.expect(pexpect.EOF)
        first.send("exit\r")
        first.expect(pexpect.EOF)
        third = self.spawn(port)
        third.expect_exact("BR-7>")
        third.close(force=True)
