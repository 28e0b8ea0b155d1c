"""What is kept: runs, captures, outcomes. SQLite by default, PostgreSQL by URL.

``Store`` is the door. Behind it ``database`` connects, ``migrate`` brings the tables of ``schema`` up to date by the
steps of ``migrations``, ``writer`` is the one thread that writes, ``blobs`` packs texts, and ``runs``, ``captures`` and
``outcomes`` turn rows into the nouns of ``model``. ``folder`` keeps captures as plain files, and reads those that other
people made. ``journal`` keeps what is done to devices, sealed by ``chain``; ``leases`` let one writer do it.
"""

from getvpn_ops.store.runs import Pruned
from getvpn_ops.store.store import Store

__all__ = ["Pruned", "Store"]
