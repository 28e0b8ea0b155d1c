"""What a plan would cut of what routers need (promise: nobody locks himself out)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.crossing import Verdict
from getvpn_ops.engine.change.planning.simulated import configs_after
from getvpn_ops.engine.forecast.lockout import lockout, situation
from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from getvpn_ops.analysis.lockout.cuts import Cut
    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.values import Address

_MOST = 40


def lockouts(
    inventory: Inventory,
    configs: Mapping[str, RunningConfig],
    done: Sequence[Tried],
    station: Address | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hold the network as it is against what it is when its first half is done, and when all is done.

    The first half are the key servers; on a way back the members, whose maps go before the key servers do.

    Args:
        inventory: all devices.
        configs: whole running configurations, by device; who is absent is unknown, before and after.
        done: stages of the plan.
        station: address of the management station; None: it is looked for behind the routers with ``manager``.

    Returns:
        What is certainly cut, and what cannot be told any more though it could before.
    """
    servers = {name for name, device in inventory.devices.items() if device.role is Role.KEY_SERVER}
    busy = [item for item in done if item.stage.parts]
    first = list(itertools.takewhile(lambda item: _only(item, servers) is _only(busy[0], servers), busy))
    before = situation(configs)
    found: dict[str, Cut] = {}
    for stages in [first, busy] if 0 < len(first) < len(busy) else [busy]:
        after = situation({**configs, **configs_after(stages, configs)})
        for cut in lockout(inventory, before, after, station).worse:
            found.setdefault(cut.text, cut)
    cuts = [text for text, cut in found.items() if cut.verdict is Verdict.CUT]
    unknown = [
        f"what becomes of what a router needs could be told before the plan, and cannot be told after it: {text}"
        for text, cut in found.items()
        if cut.verdict is not Verdict.CUT
    ]
    return _short(cuts), _short(unknown)


def _only(item: Tried, servers: Collection[str]) -> bool:
    return all(part.device in servers for part in item.stage.parts)


def _short(texts: Sequence[str]) -> tuple[str, ...]:
    more = len(texts) - _MOST
    return (*texts[:_MOST], *([f"and {more} more"] if more > 0 else []))
