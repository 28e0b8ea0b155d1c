"""What a router should hold, as text that was read back: nothing is shown or compared that does not say the intent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import DefectError, ParseFailure
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.resolve import Resolver
from getvpn_ops.rendering.text import text_of, true_text_of

if TYPE_CHECKING:
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.intended import IntendedConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.rendering.secrets import Secrets

_COMMAND = "show running-config"
_CRYPTO = (
    "isakmp_policies",
    "isakmp_keys",
    "isakmp_keepalive",
    "isakmp_identity",
    "keyrings",
    "ikev2_proposals",
    "ikev2_policies",
    "ikev2_keyrings",
    "ikev2_profiles",
    "trustpoints",
    "identities",
    "transform_sets",
    "ipsec_profiles",
    "df_bit",
)
_TOP = ("gdoi_groups", "crypto_maps", "interfaces", "access_lists", "multicast")


@dataclass(frozen=True, slots=True)
class Intended:
    """What one router should hold.

    Attributes:
        config: as typed objects.
        text: as it may be shown.
        read: the text with its secrets, read back; equal to ``config``.
    """

    config: IntendedConfig
    text: str
    read: RunningConfig


class Intents:
    """The intended configurations of a fleet: each group is decided once."""

    def __init__(self, inventory: Inventory, secrets: Secrets | None = None) -> None:
        """For one inventory; without secrets, pre-shared keys stay names."""
        self.resolver = Resolver(inventory, secrets)

    def of(self, device: str) -> Intended:
        """What one router should hold.

        Args:
            device: its name.

        Raises:
            UsageError: it is in no group that is described whole.
            MistakesError: it cannot be rendered; says all reasons.
            DefectError: the text, read back, says something else.
        """
        config = self.resolver.config(device)
        read = read_back(true_text_of(config))
        if differing := differences(config, read):
            raise DefectError(f"{device}: what was rendered does not say what was meant: {'; '.join(differing[:3])}")
        return Intended(config, text_of(config), read)


def read_back(text: str) -> RunningConfig:
    """Read a rendered text as a router's configuration.

    Raises:
        DefectError: it cannot be read as one.
    """
    try:
        read: RunningConfig = parse(_COMMAND, text).data
    except ParseFailure as exc:
        raise DefectError(f"what was rendered cannot be read back as a configuration: {exc}") from exc
    return read


def differences(config: IntendedConfig, read: RunningConfig) -> tuple[str, ...]:
    """Fields in which a text that was read back says something else than was meant; empty if it says the same.

    Order counts only where it does on a router: that of access lists and interfaces among each other does not.
    """
    pairs: list[tuple[str, object, object]] = [
        *((name, getattr(config, name), getattr(read.crypto, name)) for name in _CRYPTO),
        *((name, getattr(config, name), getattr(read, name)) for name in _TOP),
        ("buffers", config.buffers, read.system.buffers),
    ]
    return tuple(
        f"{name}: expected {_first(meant, said)}, found {_first(said, meant)}"
        for name, meant, said in pairs
        if _sorted(meant) != _sorted(said)
    )


def _sorted(value: object) -> object:
    bare = without_lines(value)
    return sorted(bare, key=repr) if isinstance(bare, tuple) else bare


def _first(ours: object, theirs: object) -> object:
    """What one side has and the other has not."""
    if not isinstance(ours, tuple) or not isinstance(theirs, tuple):
        return ours
    known = {repr(without_lines(item)) for item in theirs}
    return next((item for item in map(without_lines, ours) if repr(item) not in known), "nothing")


@lru_cache(maxsize=256)
def _fields(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def without_lines(value: Any) -> Any:  # noqa: ANN401 -- any typed object of a configuration
    """The same object as if nobody knew on which lines it stands."""
    if isinstance(value, tuple):
        return tuple(without_lines(item) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    names = _fields(type(value))
    changed: dict[str, Any] = {}
    for name in names:
        held = getattr(value, name)
        bare = None if name == "line" else without_lines(held)
        if bare is not held:
            changed[name] = bare
    return dataclasses.replace(value, **changed) if changed and not isinstance(value, Secret) else value
