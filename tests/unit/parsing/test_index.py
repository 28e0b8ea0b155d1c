"""Commands as people type them."""

from __future__ import annotations

import pytest

from getvpn_ops.errors import UnknownCommandError
from getvpn_ops.parsing.index import resolve, resolve_or_raise

TYPED = {
    "show crypto gdoi ks members": "show crypto gdoi ks members",
    "sh cry gdoi ks mem": "show crypto gdoi ks members",
    "SH CRY GDOI KS MEM": "show crypto gdoi ks members",
    "  show   crypto gkm  ks members ": "show crypto gdoi ks members",
    "do sh crypto gkm gr LAB-G_1 ks m": "show crypto gdoi group LAB-G_1 ks members",
    "show crypto gdoi group G1 ks members 10.1.1.1": "show crypto gdoi group G1 ks members 10.1.1.1",
    "show crypto gdoi ks members 2001:db8::1": "show crypto gdoi ks members 2001:db8::1",
}


@pytest.mark.parametrize(("typed", "canonical"), TYPED.items())
def test_resolve(typed: str, canonical: str) -> None:
    found = resolve(typed)
    assert found is not None
    assert found.canonical == canonical
    assert found.output_filter is None


def test_filter_is_kept_apart() -> None:
    found = resolve("sh cry gdoi ks mem | inc Member ID|Rekey")
    assert found is not None
    assert (found.canonical, found.output_filter) == ("show crypto gdoi ks members", "inc Member ID|Rekey")


@pytest.mark.parametrize(
    "typed", ["", "show", "show foo", "members", "clear crypto gdoi", "show crypto gdoi ks members 1 2", "|"]
)
def test_unknown(typed: str) -> None:
    assert resolve(typed) is None
    with pytest.raises(UnknownCommandError):
        resolve_or_raise(typed)
