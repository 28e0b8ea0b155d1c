"""Texts are packed and come back; what was changed does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.errors import StoreError
from getvpn_ops.store.blobs import Blob, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable


@given(st.binary(max_size=500), st.integers(1, 50))
def test_every_text_comes_back_and_never_grows(text: bytes, times: int) -> None:
    blob = pack(text * times)
    assert unpack(blob) == text * times
    assert len(blob.data) <= blob.size == len(text * times)


DAMAGE: dict[str, Callable[[Blob], Blob]] = {
    "no zlib": lambda blob: replace(blob, data=b"\x00" + blob.data[1:]),
    "cut": lambda blob: replace(blob, data=blob.data[:-3]),
    "another text": lambda blob: replace(blob, data=pack(b"b" * 500).data),
    "another name": lambda blob: replace(blob, digest="0" * 64),
    "another codec": lambda blob: replace(blob, codec="raw"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found(damage: Callable[[Blob], Blob]) -> None:
    with pytest.raises(StoreError, match="the store is damaged"):
        unpack(damage(pack(b"a" * 500)))
