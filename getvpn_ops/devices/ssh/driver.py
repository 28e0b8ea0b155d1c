"""Netmiko's IOS driver over a session of ours: its commands and its configuration mode, without its sleeps.

Later work builds its configuration session on Netmiko's methods, and NAPALM's driver runs on them, so this stays a full
Netmiko connection. What differs: prompts are learnt once and must match whole, the end of an output is looked for in
its tail only, waiting is done on the wire, nothing typed or read is logged (Netmiko logs all of it at DEBUG), and no
secret is kept on the connection.
"""

from __future__ import annotations

import codecs
import logging
import math
import re
import time
from typing import TYPE_CHECKING, Any, cast

from netmiko.channel import Channel
from netmiko.cisco.cisco_ios import CiscoIosSSH
from netmiko.exceptions import ReadTimeout
from netmiko.utilities import structured_data_converter
from pydantic import SecretStr

from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.devices.ssh.answer import MOMENT, is_prompt, last_line

if TYPE_CHECKING:
    from getvpn_ops.devices.ssh.terminal import Terminal

_OVERLAP = 2048  # characters before the newest ones in which a pattern may begin
_LINE = re.compile(r"[^\r\n]+|\r\n|[\r\n]")
_NAME = 16  # characters of the host name that every prompt of IOS keeps, also in configuration mode


class _Gate(Channel):
    """Netmiko's channel: every line is permitted before it is typed."""

    def __init__(self, terminal: Terminal, purpose: Purpose) -> None:
        self.terminal = terminal
        self.purpose = purpose
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def write_channel(self, out_data: str) -> None:
        for piece in _LINE.findall(out_data):
            if piece.strip("\r\n"):
                permit(piece, self.purpose)
            elif not out_data.strip("\r\n") and not self.terminal.at_prompt:
                permit("", self.purpose)  # an Enter may answer a question; at a prompt it does nothing
        self.terminal.write(out_data.encode())

    def read_buffer(self) -> str:
        return self._decoder.decode(self.terminal.read())

    def read_channel(self) -> str:
        return self._decoder.decode(self.terminal.drain())

    def read_next(self, seconds: float) -> str:
        """What comes next; empty if nothing comes in so many seconds."""
        return self._decoder.decode(self.terminal.read(seconds))


class _Remote:
    """What Netmiko and NAPALM ask of ``remote_conn``."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @property
    def transport(self) -> _Remote:
        return self

    def is_active(self) -> bool:
        return self._terminal.engine.alive()

    def close(self) -> None:
        self._terminal.engine.close()


class Driver(CiscoIosSSH):
    """A Netmiko connection to an IOS router. Raises ``SessionError`` where the session itself ends."""

    def __init__(self, terminal: Terminal, *, host: str, port: int, username: str, purpose: Purpose) -> None:
        """Take over a terminal that stands at its prompt.

        Args:
            terminal: prepared.
            host: for Netmiko's messages.
            port: likewise.
            username: likewise.
            purpose: list that every line is held against.
        """
        self.terminal = terminal
        self._gate = _Gate(terminal, purpose)
        self._configuring = False
        super().__init__(
            host=host, port=port, username=username, device_type="cisco_ios", auto_connect=False, encoding="utf-8"
        )
        logging.getLogger("netmiko.base_connection").removeFilter(
            self._secrets_filter
        )  # there is no secret for it to hide, and it slows every record
        self.establish_connection()
        self.session_preparation()

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """The connection stands already."""
        del width, height
        self.channel = self._gate
        self.remote_conn_pre = None
        self.remote_conn = cast("Any", _Remote(self.terminal))

    def session_preparation(self) -> None:
        """The pager is off and the prompt is known already."""
        self.set_base_prompt()

    def set_base_prompt(
        self,
        pri_prompt_terminator: str = "#",
        alt_prompt_terminator: str = ">",
        delay_factor: float = 1.0,
        pattern: str | None = None,
    ) -> str:
        """The part of the prompt that stays the same in every mode."""
        del pri_prompt_terminator, alt_prompt_terminator, delay_factor, pattern
        prompt = self.find_prompt()
        self.base_prompt = prompt.rstrip("#>")[:_NAME] or prompt
        return self.base_prompt

    # -- typing and reading

    def write_channel(self, out_data: str) -> None:
        """Type, if it is permitted; not logged."""
        self._gate.write_channel(out_data)

    def read_channel(self) -> str:
        """What has come; not logged."""
        had, self._read_buffer = self._read_buffer, ""
        return had + str(self.normalize_linefeeds(self._gate.read_channel()))

    def clear_buffer(self, backoff: bool = True, backoff_max: float = 3.0, delay_factor: float | None = None) -> str:  # noqa: FBT001, FBT002 -- Netmiko's signature
        """What has come, without waiting for more."""
        del backoff, backoff_max, delay_factor
        return self.read_channel()

    def read_until_pattern(
        self, pattern: str = "", read_timeout: float = 10.0, re_flags: int = 0, max_loops: int | None = None
    ) -> str:
        """Read until a pattern matches, looking at each character about once.

        Returns:
            All up to the end of the first match; what is behind it is kept for the next read.

        Raises:
            ReadTimeout: it did not come in ``read_timeout`` seconds; 0 waits to the end of the session.
        """
        del max_loops
        wanted = re.compile(pattern, re_flags)
        read_timeout = self.read_timeout_override or read_timeout
        until = time.monotonic() + (read_timeout or math.inf)
        text, self._read_buffer = self._read_buffer, ""
        seen = 0
        while True:
            if found := wanted.search(text, max(0, seen - _OVERLAP)):
                self._read_buffer = text[found.end() :]
                return text[: found.end()]
            seen = len(text)
            left = until - time.monotonic()
            if left <= 0:
                self._read_buffer = text
                msg = f"{self.host}: {pattern!r} did not come in {read_timeout:g} s; last came {text[-80:]!r}"
                raise ReadTimeout(msg)
            text += str(self.normalize_linefeeds(self._gate.read_next(left)))

    def find_prompt(self, delay_factor: float = 1.0, pattern: str | None = None) -> str:
        """The prompt, whole; asked for by an Enter only in configuration mode, where it changes."""
        del delay_factor, pattern
        if not self._configuring:
            return self.terminal.prompt.decode("latin-1").strip()
        self.clear_buffer()
        self.write_channel(self.RETURN)
        text, until = "", time.monotonic() + self.terminal.silence
        while time.monotonic() < until:
            ready = is_prompt(last_line(text.encode()))
            piece = self._gate.read_next(MOMENT if ready else until - time.monotonic())
            if ready and not piece:
                return last_line(text.encode()).decode().strip()
            text += piece
        msg = f"{self.host}: no prompt came in {self.terminal.silence:g} s"
        raise ReadTimeout(msg)

    def send_command(  # noqa: PLR0913, PLR0917 -- Netmiko's signature
        self,
        command_string: str,
        expect_string: str | None = None,
        read_timeout: float = 10.0,
        delay_factor: float | None = None,
        max_loops: int | None = None,
        auto_find_prompt: bool = True,  # noqa: FBT001, FBT002
        strip_prompt: bool = True,  # noqa: FBT001, FBT002
        strip_command: bool = True,  # noqa: FBT001, FBT002
        normalize: bool = True,  # noqa: FBT001, FBT002
        use_textfsm: bool = False,  # noqa: FBT001, FBT002
        textfsm_template: str | None = None,
        use_ttp: bool = False,  # noqa: FBT001, FBT002
        ttp_template: str | None = None,
        use_genie: bool = False,  # noqa: FBT001, FBT002
        cmd_verify: bool = True,  # noqa: FBT001, FBT002
        raise_parsing_error: bool = False,  # noqa: FBT001, FBT002
    ) -> str | list[Any] | dict[str, Any]:
        """Netmiko's, but the end is the whole prompt, and the time counts from the last byte and not from the first."""
        if expect_string is not None or self._configuring:
            return cast(
                "str",
                super().send_command(
                    command_string, expect_string, read_timeout, delay_factor, max_loops, auto_find_prompt,
                    strip_prompt, strip_command, normalize, use_textfsm, textfsm_template, use_ttp, ttp_template,
                    use_genie, cmd_verify, raise_parsing_error,
                ),
            )  # fmt: skip
        command = command_string.strip()
        permit(command, self._gate.purpose)
        self._read_buffer = ""
        output = str(self.normalize_linefeeds(self.terminal.ask(command).decode("utf-8", "replace")))
        output = output.rstrip("\n") if strip_prompt else output + self.find_prompt()
        if not strip_command:
            output = f"{command}\n{output}"
        return structured_data_converter(
            command=command, raw_data=output, platform=self.device_type, use_textfsm=use_textfsm, use_ttp=use_ttp,
            use_genie=use_genie, textfsm_template=textfsm_template, ttp_template=ttp_template,
            raise_parsing_error=raise_parsing_error,
        )  # fmt: skip

    # -- modes

    def check_enable_mode(self, check_string: str = "#") -> bool:
        """Whether the prompt is that of level 15."""
        return check_string in self.find_prompt()

    def enable(
        self,
        cmd: str = "enable",
        pattern: str = "ssword",
        enable_pattern: str | None = None,
        check_state: bool = True,  # noqa: FBT001, FBT002 -- Netmiko's signature
        re_flags: int = re.IGNORECASE,
    ) -> str:
        """Enable, with the secret that was put on the connection for it; a session of ours comes enabled.

        Raises:
            SessionError: ENABLE_REFUSED.
        """
        del cmd, pattern, enable_pattern, check_state, re_flags
        self.terminal.enable(SecretStr(self.secret))
        self.set_base_prompt()
        return ""

    def check_config_mode(self, check_string: str = ")#", pattern: str = r"[>#]", force_regex: bool = False) -> bool:  # noqa: FBT001, FBT002 -- Netmiko's signature
        """Whether configuration mode is open; a session that only reads cannot be in it."""
        if self._gate.purpose is not Purpose.CHANGE:
            return False
        return bool(super().check_config_mode(check_string=check_string, pattern=pattern, force_regex=force_regex))

    def config_mode(self, config_command: str = "configure terminal", pattern: str = "", re_flags: int = 0) -> str:
        """Open configuration mode."""
        self._configuring = True
        return str(super().config_mode(config_command=config_command, pattern=pattern, re_flags=re_flags))

    def exit_config_mode(self, exit_config: str = "end", pattern: str = r"#.*") -> str:
        """Leave configuration mode."""
        output = str(super().exit_config_mode(exit_config=exit_config, pattern=pattern))
        self._configuring = False
        return output

    # -- state

    def is_alive(self) -> bool:
        """Whether the connection stands, as far as this side knows; nothing is sent for it."""
        return self.terminal.engine.alive()

    def disconnect(self) -> None:
        """End the session; never raises."""
        self.terminal.engine.close()
        self.remote_conn = None
