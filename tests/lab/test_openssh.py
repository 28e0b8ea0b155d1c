"""OpenSSH, unmodified: a person at a terminal."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pexpect
import pytest

from getvpn_ops.lab.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab_routers import Port

SSH = shutil.which("ssh")
LOOSE = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
OLD = [
    "-o", "KexAlgorithms=+diffie-hellman-group14-sha1", "-o", "HostKeyAlgorithms=+ssh-rsa",
    "-o", "Ciphers=+aes128-cbc", "-o", "MACs=+hmac-sha1",
]  # fmt: skip
BLOCK = (
    ("conf t", "BR-7(config)#"),
    ("crypto gdoi group WAN", "BR-7(config-gkm-group)#"),
    ("foo bar", "                        ^\r\n% Invalid input detected at '^' marker.\r\n\r\nBR-7(config-gkm-group)#"),
    ("identity num 5", "BR-7(config-gkm-group)#"),
    ("end", "BR-7#"),
)


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
        child.expect_exact("GigabitEthernet0/0/1   unassigned")
        child.expect(pexpect.EOF)

    def test_a_block_with_a_rejected_line_and_a_dropped_session(
        self, start: Callable[..., Port], figure: Callable[[str], None]
    ) -> None:
        shown = subprocess.run([str(SSH), "-V"], capture_output=True, text=True, check=True).stderr
        figure(f"client: {shown.strip()}")
        port = start(privilege=15)
        child = self.spawn(port)
        child.expect_exact("BR-7#")
        for line, prompt in BLOCK:
            child.send(f"{line}\r")
            child.expect_exact(prompt)
        assert [line.text for line in port.router.running.find("crypto gdoi group WAN").lines] == [  # type: ignore[union-attr]
            "identity number 5",
            "server address ipv4 10.9.0.1",
        ]
        port.router.faults.arm(fault("drop-mid-line", line="show clo"))
        child.send("show clock\r")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 255  # as for any connection that breaks

    def test_vty_limit(self, start: Callable[..., Port]) -> None:
        port = start(vtys=1)
        first = self.spawn(port)
        first.expect_exact("BR-7>")
        command = [*LOOSE, "-p", str(port.number), "ops@127.0.0.1"]
        second: pexpect.spawn[str] = pexpect.spawn("ssh", command, encoding="latin-1", timeout=20)
        second.expect(pexpect.EOF)
        assert "kex_exchange_identification" in str(second.before)  # closed before a word was said
        first.send("exit\r")
        first.expect(pexpect.EOF)
        third = self.spawn(port)
        third.expect_exact("BR-7>")
        third.close(force=True)
