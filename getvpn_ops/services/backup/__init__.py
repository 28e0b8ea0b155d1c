"""Configurations of the fleet in a git repository of the workspace: taken, looked at, and given back for a restore.

``backups`` takes them, ``history`` reads them, ``restored`` makes of one what a plan to restore needs; ``repository``
alone knows git, and ``sealing`` what stands in the files in place of secrets.
"""

from getvpn_ops.services.backup.backups import Backups, sealer_of
from getvpn_ops.services.backup.history import History
from getvpn_ops.services.backup.restored import Restored, restored, restored_secrets
from getvpn_ops.services.backup.sealing import Sealer

__all__ = ["Backups", "History", "Restored", "Sealer", "restored", "restored_secrets", "sealer_of"]
