"""In which order the steps of a change stand: what is built, what is set, what is cleaned up.

Build before reference, dereference before removal; of two steps the one with the smaller place comes first.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Place(IntEnum):
    """Places of steps. Up to ``BUILD_END`` they build, up to ``SET_END`` they set, the others clean up."""

    BUILD_LIST = 10
    BUILD_IKE = 20
    BUILD_IPSEC = 30
    BUILD_GROUP = 40
    BUILD_MAP = 50
    BUILD_END = 99
    FAIL_CLOSE_OFF = 100
    """Before anything else of a member is touched that fail-close would punish."""
    GLOBAL = 105
    IKE_POLICY_KEPT = 110
    """The old policy under a free number: who has not changed yet can still register."""
    IKE_POLICY = 111
    IKE_KEY = 120
    IKE_SECTION = 125
    AUTHORIZATION = 130
    RECEIVE_ONLY_ON = 132
    """First of the lines that change policy, and its removal last: while it is on nobody encrypts by itself."""
    PROFILE = 135
    MEMBER_ENDS = 136
    """The map of a group that the router is going to serve: it is a member or a key server of it, never both."""
    SERVER_CLOSES = 138
    """It serves no more before it names servers; and it names none before it serves."""
    GROUP_PLAIN = 140
    SERVER_BUILDS = 142
    GROUP_POLICY = 145
    SERVER_OPENS = 147
    RECEIVE_ONLY_OFF = 149
    MAP_PART = 150
    INTERFACE = 155
    INTERFACE_MAP = 160
    INTERFACE_MAP_OFF = 165
    """A map that moves is on its new interface before it leaves the old one: nothing passes in clear for want of it."""
    FAIL_CLOSE_LIST = 170
    FAIL_CLOSE_ON = 180
    """The last of all."""
    SET_END = 199
    CLEAN_MAP = 200
    CLEAN_IPSEC = 210
    CLEAN_IKE = 220
    CLEAN_LIST = 230


BUILD_PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "trustpoint": Place.BUILD_IKE,
        "keyring": Place.BUILD_IKE,
        "isakmp-policy": Place.BUILD_IKE,
        "isakmp-key": Place.BUILD_IKE,
        "isakmp-profile": Place.BUILD_IKE,
        "ikev2-proposal": Place.BUILD_IKE,
        "ikev2-policy": Place.BUILD_IKE,
        "ikev2-keyring": Place.BUILD_IKE,
        "ikev2-profile": Place.BUILD_IKE,
        "crypto-identity": Place.BUILD_IKE,
        "transform-set": Place.BUILD_IPSEC,
        "ipsec-profile": Place.BUILD_IPSEC,
        "gdoi-group": Place.BUILD_GROUP,
        "map-entry": Place.BUILD_MAP,
        "map-local-address": Place.BUILD_MAP,
        "map-fail-close": Place.BUILD_MAP,
    }
)
"""Where a new object of the global mode is built, by the id of its line."""

BUILD_ORDER: Mapping[str, int] = MappingProxyType(
    {
        name: place
        for place, name in enumerate(
            (
                "trustpoint", "crypto-identity", "keyring", "isakmp-policy", "isakmp-key", "isakmp-profile",
                "ikev2-proposal", "ikev2-policy", "ikev2-keyring", "ikev2-profile", "transform-set", "ipsec-profile",
                "gdoi-group", "map-local-address", "map-entry", "map-fail-close",
            )
        )
    }
)  # fmt: skip
"""Order of new objects within a step: what is referred to comes before what refers to it. Removal goes backwards."""

CLEAN_PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "map-entry": Place.CLEAN_MAP,
        "map-local-address": Place.CLEAN_MAP,
        "map-fail-close": Place.CLEAN_MAP,
        "transform-set": Place.CLEAN_IPSEC,
        "ipsec-profile": Place.CLEAN_IPSEC,
    }
)
"""Where an object is removed; ``CLEAN_IKE`` if it does not stand here."""

SET_PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "authorization-acl": Place.AUTHORIZATION,
        "isakmp-policy": Place.IKE_POLICY,
        "isakmp-key": Place.IKE_KEY,
        "ipsec-profile": Place.PROFILE,
        "gdoi-group": Place.GROUP_PLAIN,
        "map-entry": Place.MAP_PART,
        "map-local-address": Place.MAP_PART,
        "map-fail-close": Place.FAIL_CLOSE_LIST,
        "fail-close-match": Place.FAIL_CLOSE_LIST,
        "interface": Place.INTERFACE,
        "keyring": Place.IKE_SECTION,
        "isakmp-profile": Place.IKE_SECTION,
        "ikev2-proposal": Place.IKE_SECTION,
        "ikev2-policy": Place.IKE_SECTION,
        "ikev2-keyring": Place.IKE_SECTION,
        "ikev2-profile": Place.IKE_SECTION,
        "trustpoint": Place.IKE_SECTION,
        "crypto-identity": Place.IKE_SECTION,
        "transform-set": Place.PROFILE,
    }
)
"""Where a line is set in something that is in use: by its own id, else by the id of the global line above it, else
``GLOBAL``."""
