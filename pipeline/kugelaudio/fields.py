"""Field types for what the API sends: unknown keys are let through, wrong types are not."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class ApiModel(BaseModel):
    """Base of everything the API sends or takes: immutable, strict about types, deaf to unknown keys."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, strict=True, protected_namespaces=(), hide_input_in_errors=True
    )


def _blank_for_null(value: Any) -> Any:
    return "" if value is None else value


def _empty_for_null(value: Any) -> Any:
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_blank_for_null)]
"""A string that the server may also send as null."""

Languages = Annotated[list[str], BeforeValidator(_empty_for_null)]
