"""GDOI that lives: what key servers and members hold and do to each other.

- ``state``: what a router holds of GDOI; screens read it and nothing else
- ``intent``, ``lists``: what a configuration asks for
- ``software``, ``variants``: what differs by release, and what nobody attests
- ``ike``, ``paths``: whether two routers agree, and whether they reach each other
- ``key_server``, ``policy``, ``desk``, ``rekeying``, ``cooperation``: a group on its key server
- ``member``, ``registration``: a group on a member
- ``messages``, ``syslog``: what they send, and what they log
- ``world``: all machines of a lab, and the events that move them; ``commands``: what someone at a terminal does to them
- ``harms``: faults put on a world
"""
