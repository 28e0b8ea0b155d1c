"""Entries of access lists, for whoever parses; the reader itself is ``dialect.ace``."""

from getvpn_ops.dialect.ace import parse_ace

__all__ = ["parse_ace"]
