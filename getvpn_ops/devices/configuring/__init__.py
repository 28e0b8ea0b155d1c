"""The configuration session: one step of a change, sent line by line, with a way out on every path."""

from getvpn_ops.devices.configuring.stay import send_step

__all__ = ["send_step"]
