"""The manifest's reference for people, from the same schema that editors use (``narrate schema --markdown``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.project.schema import manifest_schema

_NO_LIMIT = 10**9
_INTRODUCTION = """\
# The manifest

`project.yaml`, every key with its default. This page is generated: `narrate schema --markdown > docs/manifest.md`.
`narrate schema` prints the same as a JSON Schema; the first line of the samples shows how an editor finds it. Paths are
relative to the manifest's folder and stay within it. A key that is not in these tables is an error.
"""


def manifest_reference() -> str:
    """The reference as Markdown: the top level, then every part in the order of its first use."""
    schema = manifest_schema()
    parts = list(_sections("project.yaml", schema, schema["$defs"], set()))
    return "\n".join([_INTRODUCTION, *parts])


def _sections(path: str, model: Mapping[str, Any], definitions: Mapping[str, Any], done: set[str]) -> Iterator[str]:
    rows = ["| key | value | default | what it says |", "|---|---|---|---|"]
    below: list[tuple[str, str]] = []
    required = set(model.get("required", ()))
    for name, field in model["properties"].items():
        rows.append(_row(name, field, required=name in required))
        below += [(_below(path, name, field), reference) for reference in _references(field)]
    yield f"## `{path}`\n\n{model.get('description', '').replace('``', '`')}\n\n" + "\n".join(rows) + "\n"
    for part, reference in below:
        if reference not in done:
            done.add(reference)
            yield from _sections(part, definitions[reference], definitions, done)


def _row(name: str, field: Mapping[str, Any], *, required: bool) -> str:
    default = "required" if required else _code(field["default"]) if _is_plain(field.get("default")) else ""
    description = str(field.get("description", "")).replace("``", "`").replace("|", "\\|")
    return f"| `{name}` | {_value(field)} | {default} | {description} |"


def _value(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(_code(choice) for choice in field["enum"])
    if "const" in field:
        return _code(field["const"])
    kinds = [field["type"]] if isinstance(field.get("type"), str) else list(field.get("type", ()))
    kind = (
        "text"
        if "string" in kinds
        else {"object": "keys", "array": "list"}.get(kinds[0], kinds[0])
        if kinds
        else "keys"
    )
    if "minimum" in field and field.get("maximum", _NO_LIMIT) < _NO_LIMIT:
        return f"{kind}, {field['minimum']:g} to {field['maximum']:g}"
    return kind


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield str(value["$ref"]).rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _below(path: str, name: str, field: Mapping[str, Any]) -> str:
    start = "" if path == "project.yaml" else f"{path}."
    if field.get("type") == "array":
        return f"{start}{name}[]"
    return f"{start}{name}.NAME" if "additionalProperties" in field else f"{start}{name}"


def _code(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"
