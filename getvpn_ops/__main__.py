"""``python -m getvpn_ops``."""

from getvpn_ops.cli.entry import main

main()
