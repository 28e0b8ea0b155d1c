"""Playbooks: migrations and drills as data. The format, the actions that a stage may have, and their binding."""
