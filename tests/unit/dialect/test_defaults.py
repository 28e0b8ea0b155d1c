"""The tables of hidden defaults speak of fields that exist."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from getvpn_ops.dialect.defaults import IPSEC_PROFILE_DEFAULTS, ISAKMP_POLICY_DEFAULTS, REKEY_DEFAULTS
from getvpn_ops.model.config.crypto import IpsecProfile, IsakmpPolicy
from getvpn_ops.model.config.gdoi import RekeyConfig

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("table", "cls"),
    [
        (ISAKMP_POLICY_DEFAULTS, IsakmpPolicy),
        (REKEY_DEFAULTS, RekeyConfig),
        (IPSEC_PROFILE_DEFAULTS, IpsecProfile),
    ],
)
def test_defaults_are_fields(table: Mapping[str, object], cls: Any) -> None:  # noqa: ANN401 -- a dataclass
    assert set(table) <= {field.name for field in dataclasses.fields(cls)}
