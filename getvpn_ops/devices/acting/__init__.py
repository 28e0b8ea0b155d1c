"""Commands that do something at once: typed once, with the questions that were declared, and judged."""

from getvpn_ops.devices.acting.act import Acted, Typing, act, cues_of
from getvpn_ops.devices.acting.keys import export_key, import_key

__all__ = ["Acted", "Typing", "act", "cues_of", "export_key", "import_key"]
