"""getvpn-ops: a fleet manager for Cisco IOS / IOS-XE routers that run GETVPN (GDOI).

The map, from the ground up; a package imports only from those above it in this list:

- ``errors``: every exception we raise on purpose, and the exit codes
- ``resources``: finds the shipped data folders (``parsers``, ``playbooks``, ``inventory``)
- ``settings``: ``getvpn-ops.yaml``, the workspace, and mistakes in what people write, all at once
- ``model``: frozen nouns: ``model.state`` is what a show command tells, ``model.fleet`` what a whole fleet told
- ``dialect``: IOS as data: prompts, noise, names of ports, secrets, which lines read, the syslog catalogue
- ``registry``: the one shape of checks, audit rules and gates
- ``analysis``: proofs: what an access list encrypts, what becomes of traffic, what a change rekeys or cuts off
- ``parsing``: text of a router -> typed state
- ``rendering``: what a GDOI group should be -> the configuration of each of its routers
- ``remediation``: running and intended configuration -> what differs, and the ordered change with its way back
- ``checks``: ``checks.health`` judges that state, ``checks.diagnosis`` finds causes; all pure
- ``devices``: the only door to routers: inventory, SSH, credentials, Nornir, Netmiko, NAPALM
- ``store``: runs, captures and outcomes in a database; captures as plain files
- ``engine``: collect, judge, compare, diagnose, over ports (``engine.ports``)
- ``reports``: values -> terminal, JSON, HTML, JUnit, CSV, Markdown
- ``cli``: the command ``getvpn-ops``; ``cli.wiring`` ties everything together

Beside everything stands ``lab``: simulated routers over real SSH. It imports nothing of the above, and only ``cli`` may
import it, so that the simulator and the parser cannot agree on the same mistake.
"""

import logging

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())  # whoever imports us says where records go
