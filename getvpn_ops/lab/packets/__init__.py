"""Packets between the sites of a lab, and what becomes of them.

- ``places``, ``sites``: where they come from and go to, read from inventory and configurations
- ``flows``, ``flow_file``: the standard flows, and flows of one's own
- ``matching``, ``fate``: what a packet meets at its sender, on its way and at its receiver; pure
- ``traffic``, ``meter``: flows with their fates of now, and the counters that they move
- ``ledger``: the truth about it, which no router sees
- ``surroundings``: what traffic asks of routers and paths
"""
