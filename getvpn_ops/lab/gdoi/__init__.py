"""GDOI that lives: what key servers and members hold, do to each other, and what that does to packets.

- ``state``: what a router holds of GDOI; screens read it and nothing else
- ``intent``: what a configuration asks for
- ``world``: the routers of a lab, the paths between them, and the events that move them
- ``key_server``, ``cooperation``, ``member``: the machines
- ``traffic``, ``ledger``: flows, their fate at both ends, and the truth about it
"""
