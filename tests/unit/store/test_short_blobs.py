"""Short texts are packed with small tables, long ones with large: neither loses a byte, or room."""

from __future__ import annotations

import random
import zlib

import pytest

from getvpn_ops.store.blobs import pack, unpack

_WORDS = [b"rekey", b"GigabitEthernet0/0/0", b"172.31.0.1", b"esp-aes", b"lifetime", b"%GDOI-5-GM_RECV_REKEY", b"\r\n"]
_MOST_MORE = 1.02  # as a part of what zlib's usual tables make of it

SIZES = {"a line": 60, "an output": 2_000, "just short": 8_192, "just long": 8_193, "long": 200_000}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_text_comes_back_and_is_as_small_as_zlib_makes_it(size: int) -> None:
    some = random.Random(size)  # noqa: S311 -- the same text each time
    text = b" ".join(some.choice(_WORDS) + b"%d" % some.randrange(1000) for _ in range(size // 5))[:size]
    blob = pack(text)
    assert len(text) == size
    assert unpack(blob) == text
    assert blob.codec == "zlib"
    assert len(blob.data) <= len(zlib.compress(text, 6)) * _MOST_MORE
