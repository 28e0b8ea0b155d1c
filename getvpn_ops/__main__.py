"""``python -m getvpn_ops``."""

from getvpn_ops.cli.app import main

main()
