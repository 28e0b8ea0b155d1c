"""Intended configuration -> text, in the order in which a router prints it, every value written out.

Jinja2, strict and sandboxed: an undefined value is an error and no object of ours is in reach of a template. Lines are
those that IOS itself prints (``encr``, not ``encryption``), so that a person can compare them by eye.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from getvpn_ops.rendering.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Template

    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.intended import IntendedConfig

_MAIN = "router.j2"


@cache
def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("getvpn_ops.rendering"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(family=_family, duration=_duration)
    return environment.get_template(_MAIN)


def _family(address: str) -> str:
    return "ipv6" if ":" in address else "ipv4"


def _duration(seconds: int) -> str:
    return f"seconds {seconds}"


def text_of(config: IntendedConfig) -> str:
    """The configuration as it may be shown: secrets by name, or as a fingerprint where they were looked up."""
    return _rendered(config, _shown)


def true_text_of(config: IntendedConfig) -> str:
    """The configuration with its secrets, for comparing and for sending; never for showing."""
    return _rendered(config, lambda secret: secret.reveal())


def _shown(secret: Secret) -> str:
    text = secret.reveal()
    return text if text.startswith("<secret:") else str(secret)


def _rendered(config: IntendedConfig, word: Callable[[Secret], str]) -> str:
    return _template().render(plain(config, word))
