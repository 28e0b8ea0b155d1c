"""Simulated IOS routers over real SSH. Knows nothing of the rest of the package, so that both cannot err alike.

- ``syntax``: what a line means to a router: keywords, ranges, abbreviations, and IOS's own errors
- ``grammar/``: the commands of each mode, as data
- ``config``: the lines that a router holds, in the order and form in which it prints them
- ``router``: one device: its flavour, its configurations, what its commands do
- ``terminal``: one session on it: prompts, editing, paging, filters
- ``ssh``: the server that carries sessions
"""
