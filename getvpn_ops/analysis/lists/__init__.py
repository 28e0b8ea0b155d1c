"""Access lists of GETVPN: what a member's list does to every packet, and how two lists differ."""
