"""What people write about GDOI groups and their routers: the intent. Everything is closed, and checked on load."""

from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.group import Direction, GdoiGroupIntent
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent

__all__ = ["AccessListIntent", "Direction", "GdoiGroupIntent", "KeyServerIntent", "MemberIntent"]
