"""What every part of a manifest has in common: no unknown keys, no changes once read, no silent conversions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """A mapping in a manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_keys_without_value(cls, data: object) -> object:
        """A key that stands there without a value ("cover:") counts as absent."""
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data
