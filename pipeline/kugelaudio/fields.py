"""Field types for what the API sends: unknown keys are let through, wrong types are not."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticUseDefault


class ApiModel(BaseModel):
    """Base of everything the API sends or takes: immutable, strict about types, deaf to unknown keys."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, strict=True, protected_namespaces=(), hide_input_in_errors=True
    )


def _default_for_null(value: Any) -> Any:
    if value is None:
        raise PydanticUseDefault
    return value


_DEFAULT_FOR_NULL = BeforeValidator(_default_for_null)

Text = Annotated[str, _DEFAULT_FOR_NULL]
"""A string with a default, that the server may also send as null."""

Flag = Annotated[bool, _DEFAULT_FOR_NULL]
"""A flag with a default, that the server may also send as null."""

Whole = Annotated[int, _DEFAULT_FOR_NULL]
"""A whole number with a default, that the server may also send as null."""

Languages = Annotated[list[str], _DEFAULT_FOR_NULL]
"""A list of languages, empty where the server sends null."""
