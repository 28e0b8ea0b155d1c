"""Frozen nouns, without behaviour that needs the world."""
