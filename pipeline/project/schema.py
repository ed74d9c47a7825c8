"""The manifest's JSON Schema, by which editors complete and check ``project.yaml`` while it is written."""

from __future__ import annotations

from typing import Any

from pipeline.project.models import Manifest

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def manifest_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the manifest, from the models, with a description for every key.

    It is broader than loading: patterns, files and voices are checked by ``narrate check``.
    """
    schema = _tidy(Manifest.model_json_schema(by_alias=True))
    return {"$schema": _DIALECT, **schema, "title": "narrate: project.yaml"}


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Without generated titles, null as a type, and defaults that only repeat what is below."""
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    merged = {**branches[0], **rest} if len(branches) == 1 else schema
    return {
        key: _tidy_value(key, value)
        for key, value in merged.items()
        if not (key == "title" or (key == "default" and (value is None or isinstance(value, dict))))
    }


def _tidy_value(key: str, value: Any) -> Any:
    if key in {"properties", "$defs"}:
        return {name: _tidy(part) for name, part in value.items()}
    return _tidy(value) if key in {"items", "additionalProperties"} and isinstance(value, dict) else value
