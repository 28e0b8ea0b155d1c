"""The one pydantic base, for what people write. Parsed state is frozen, slotted dataclasses: there may be thousands."""

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """Immutable, closed: a typo in YAML is an error, never a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
