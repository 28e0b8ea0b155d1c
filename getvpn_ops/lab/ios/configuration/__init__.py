"""The lines that a router holds: what they mean, when they are typed, kept and printed."""
