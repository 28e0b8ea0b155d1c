"""From running routers to inventory data and intent: what is there already, written down so that it can be managed.

``seen`` (what each router told) -> ``groups`` (who is in which GDOI group) -> ``policy``, ``ike``, ``keys``,
``key_server``, ``member`` (what the group and each router has) -> ``adoption`` (joined and checked) -> ``proof``
(rendered again and compared with what is running) -> ``files`` (as YAML).
"""

from getvpn_ops.engine.adopt.adoption import Adoption, adopt
from getvpn_ops.engine.adopt.files import files_of
from getvpn_ops.engine.adopt.seen import adopt_script, routers_of
from getvpn_ops.engine.adopt.told import Kind, Remark

__all__ = ["Adoption", "Kind", "Remark", "adopt", "adopt_script", "files_of", "routers_of"]
