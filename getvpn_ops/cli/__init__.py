"""The command ``getvpn-ops``: the only place that wires things together."""
