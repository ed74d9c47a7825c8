"""A REST request as data, and what its answer means: everything but the sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter
from pydantic import ValidationError as SchemaMismatch

from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.mapping import from_http

T = TypeVar("T")
Part = tuple[str, tuple[str | None, bytes, str]]
"""One part of a multipart body: field, then file name, content, content type."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. ``read`` turns the body of a 2xx answer into the result, or raises SchemaMismatch."""

    method: str
    path: str
    read: Callable[[bytes], T]
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    parts: tuple[Part, ...] = ()

    def content(self) -> bytes | None:
        """Return the JSON body."""
        return None if self.body is None else orjson.dumps(self.body)


def reader(model: type[T]) -> Callable[[bytes], T]:
    """Return a reader of JSON bodies as ``model``."""
    return TypeAdapter(model).validate_json


def nothing(body: bytes) -> None:
    """Read an answer whose body does not matter."""


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given: None means leave alone."""
    return {name: value for name, value in fields.items() if value is not None}


def result(call: Call[T], status: int, headers: Mapping[str, str], body: bytes) -> T:
    """Turn an answer into the call's result, or raise what it says went wrong."""
    if not 200 <= status < 300:
        raise from_http(status, headers, body)
    try:
        return call.read(body)
    except SchemaMismatch as mismatch:
        where = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in mismatch.errors(include_input=False)[:3]
        )
        raise KugelAudioError(
            f"The answer to {call.method} {call.path} is not what the API promises: {where}",
            status_code=status,
            error_code="UNEXPECTED_ANSWER",
            request_id=headers.get("x-request-id"),
        ) from None
