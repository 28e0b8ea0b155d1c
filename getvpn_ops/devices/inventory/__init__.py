"""The fleet as Nornir's inventory describes it, and what its GDOI groups should be; all mistakes at once."""

from getvpn_ops.devices.inventory.load import Access, LoadedInventory, load_folder, load_inventory
from getvpn_ops.devices.inventory.selection import FILTER_HELP, LIMIT_HELP, select

__all__ = ["FILTER_HELP", "LIMIT_HELP", "Access", "LoadedInventory", "load_folder", "load_inventory", "select"]
