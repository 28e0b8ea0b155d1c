"""One router's IOS: what it understands, holds, prints and asks.

- ``syntax``: what a line means to a router: keywords, ranges, abbreviations, and IOS's own errors
- ``grammar/``: the commands of each mode, as data
- ``releases``: what differs by release
- ``config``: the lines that a router holds, in the order and form in which it prints them
- ``router``: one device: its configurations, clock, keys, files, sessions
- ``dialog``: what a command may do with the terminal it was typed on
- ``commands/``: what the commands do
- ``shell``: modes, prompts, privilege: it turns a line into a dialog
- ``terminal``: keys in, screen out: editing, paging
"""
