"""One router's IOS.

- ``grammar/``: the commands of each mode, as data
- ``configuration/``: what lines mean, and how they are kept and printed
- ``session/``: keys in, screen out; the shell behind the prompt
- ``commands/``: what the commands do and show
- ``identity/``: accounts, passwords, keys, certificates
- ``router``: one device: its configurations, clock, keys, files, sessions
- ``releases``, ``platforms``, ``interfaces``, ``times``, ``archive``, ``gdoi_trace``: what it is and what it keeps
"""
