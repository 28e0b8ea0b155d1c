"""Plans as files: written, sealed with the key of this installation, and read again unchanged or not at all (P1)."""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from getvpn_ops.errors import StalePlanError, UsageError
from getvpn_ops.model.plan import Plan

FORMAT: Final = "getvpn-ops plan"
_SECTIONS = frozenset({"format", "digest", "seal", "plan"})


def digest(plan: Plan) -> str:
    """SHA-256 (hexadecimal) of everything that a plan says."""
    return hashlib.sha256(_plain(plan)).hexdigest()


def seal(value: str, key: bytes) -> str:
    """What only this installation can make of the digest of a plan.

    Args:
        value: the digest.
        key: of this installation.
    """
    own = hmac.new(key, b"getvpn-ops: plans", hashlib.sha256).digest()
    return hmac.new(own, value.encode("ascii"), hashlib.sha256).hexdigest()


def to_text(plan: Plan, key: bytes) -> str:
    """A plan as it is kept: JSON, ASCII, with its digest and its seal.

    Args:
        plan: to write.
        key: of this installation; only who has it can apply the plan.
    """
    value = digest(plan)
    document = {
        "format": FORMAT,
        "digest": value,
        "seal": seal(value, key),
        "plan": json.loads(_plain(plan)),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def from_text(text: str, key: bytes) -> Plan:
    """A plan that was written here, unchanged.

    Args:
        text: of the file.
        key: of this installation.

    Raises:
        UsageError: it is no plan.
        StalePlanError: it was changed after it was shown, or another installation made it.
    """
    try:
        document: Any = json.loads(text)
    except ValueError as exc:
        raise UsageError("this is no plan: it is no JSON") from exc
    if not isinstance(document, dict) or document.get("format") != FORMAT or set(document) != _SECTIONS:
        raise UsageError("this is no plan of getvpn-ops: make one with `getvpn-ops plan`")
    try:
        plan = _adapter().validate_json(json.dumps(document["plan"]))
    except ValidationError as exc:
        places = sorted({".".join(map(str, error["loc"])) or "the whole" for error in exc.errors()})
        msg = f"this plan cannot be read: wrong is {', '.join(places[:3])}; make it anew"
        raise StalePlanError(msg) from None
    value = digest(plan)
    said = (str(document["digest"]), str(document["seal"]))
    if not all(map(hmac.compare_digest, said, (value, seal(value, key)))):
        msg = f"plan {plan.id} is not as it was shown, or another installation made it: nothing was sent; make it anew"
        raise StalePlanError(msg)
    return plan


def _plain(plan: Plan) -> bytes:
    return json.dumps(
        _adapter().dump_python(plan, mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode("ascii")


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
