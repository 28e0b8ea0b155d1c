"""Playbooks -> plans, and the performers of what a stage does beside configuring: gates, waits, tests, drills."""
