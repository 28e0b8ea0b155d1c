"""Simulated IOS routers over real SSH. Knows nothing of the rest of the package, so that both cannot err alike.

- ``ios/``: one router: what it understands, holds, prints and asks
- ``gdoi/``: what key servers and members hold and do to each other
- ``packets/``: flows between sites, their fate at both ends, and the ledger
- ``life``: machines and packets of a fleet, tied together
- ``clock``, ``events``: time that jumps, and what happened
- ``faults``, ``script``: what goes wrong, where and when; as people write it
- ``inventory``, ``fleet``, ``station``: hosts, their routers, and the ports on which they answer
- ``ssh``: the server that carries sessions
- ``control``, ``workspace``, ``server``: the handles of a running lab, what it leaves for clients, and its process
- ``background``: a fleet in a thread, for programs and tests
"""
