"""PURE running + intended -> what differs, and the ordered steps that end it, each with its exact rollback.

``compare.compare`` is the door. On the way: ``side`` reads the managed lines, ``names`` gives intended objects their
names on this router, ``scope`` chooses what is ours, ``difference`` asks hier_config, ``plan`` and ``cleanup`` make
edits, ``steps`` orders them, ``drift`` tells people. ``apply`` proves it all on the tree.
"""
