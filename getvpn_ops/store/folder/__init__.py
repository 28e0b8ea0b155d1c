"""Captures as plain files: what ``collect --out`` writes, and whatever people send, for ``--from``.

``ours`` writes and takes back our own form. For everything else ``found`` gathers files, ``readable`` makes text of
them, ``names`` understands file names, ``pieces`` takes a file apart, ``times`` tells when, and ``foreign`` puts it
together.
"""

from getvpn_ops.store.folder.found import Note
from getvpn_ops.store.folder.ours import must_be_replaceable, write_folder
from getvpn_ops.store.folder.read import Captured, read_folder

__all__ = ["Captured", "Note", "must_be_replaceable", "read_folder", "write_folder"]
