"""Exact sets of packet headers, and which of them a line of an access list matches."""
