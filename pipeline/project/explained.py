"""Every setting of a manifest: which value holds, and whether it stands in the file or is the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.project.encoding import read_text
from pipeline.project.loading import LIMIT_BYTES
from pipeline.project.models import Manifest, Project
from pipeline.project.wording import key_path
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar, read_tree

_Location = tuple[str | int, ...]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its ``name`` such as ``outputs[0].format``, the ``value`` that holds (None: unset), its ``default``
    (``required`` where there is none), ``line`` in the manifest (None: not written there), and what it is for.

    ``by`` is the shorter setting that stands for it in the manifest, as ``profile: acx`` does for its keys.
    """

    name: str
    value: object
    default: object
    required: bool
    line: int | None
    by: str
    description: str

    @property
    def differs(self) -> bool:
        """Whether the manifest set it to something else than the default."""
        return self.line is not None and (self.required or self.value != self.default)


def explained(project: Project) -> list[Setting]:
    """Every setting of the project in the manifest's order; lists and names as far as they are filled.

    Raises InputError where the manifest can no longer be read.
    """
    manifest = project.manifest
    text = read_text(manifest, shown=manifest.name, limit_bytes=LIMIT_BYTES)
    root, _ = read_tree(text, shown=manifest.name)
    values = {name: getattr(project, name) for name in Manifest.model_fields if name != "schema_version"}
    values["schema_version"] = project.schema_version
    values["cover"] = _below(project, project.cover)
    values["dictionaries"] = tuple(_below(project, path) for path in project.dictionaries)
    return list(_settings(Manifest, values, root, ()))


def known_names() -> list[str]:
    """The name of every setting that a manifest can have; NAME and [] stand for what a book calls them."""
    return list(dict.fromkeys(_names(Manifest, "")))


def _below(project: Project, path: Path | None) -> str | None:
    return None if path is None else path.relative_to(project.folder).as_posix()


def _settings(
    model: type[BaseModel], values: Mapping[str, object], root: Node, location: _Location
) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        here = (*location, field.alias or name)
        value = values[name]
        part = _part(field.annotation)
        if part is not None and isinstance(value, BaseModel):
            yield from _settings(part, _fields(value), root, here)
        elif part is not None and isinstance(value, tuple) and value:
            for index, item in enumerate(value):
                yield from _settings(part, _fields(item), root, (*here, index))
        elif part is not None and isinstance(value, Mapping) and value:
            for key, item in value.items():
                yield from _settings(part, _fields(item), root, (*here, key))
        else:
            yield _setting(field, value, root, here)


def _fields(part: BaseModel) -> dict[str, object]:
    return {name: getattr(part, name) for name in type(part).model_fields}


def _setting(field: FieldInfo, value: object, root: Node, location: _Location) -> Setting:
    depth, node = _written(root, location)
    by = key_path(location[:depth]) if node is not None and depth < len(location) else ""
    default = None if field.default is PydanticUndefined else field.default
    return Setting(
        name=key_path(location),
        value=value,
        default=default,
        required=field.is_required(),
        line=node.line if node is not None else None,
        by=by,
        description=" ".join((field.description or "").split()),
    )


def _written(root: Node, location: _Location) -> tuple[int, Node | None]:
    """The node of a setting and its depth; a scalar above it stands for all its keys. None: it is not written."""
    node: Node = root
    for depth, part in enumerate(location, 1):
        found: Any = _MISSING
        if isinstance(node, Keys):
            found = node.values.get(str(part), _MISSING)
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            found = node.items[part]
        if found is _MISSING or (isinstance(found, Scalar) and found.null):
            return depth, None
        key = node.keys.get(str(part)) if isinstance(node, Keys) else None
        node = found
        if isinstance(node, Scalar):
            return depth, key or node
        if depth == len(location):
            return depth, key or node
    return len(location), None


def _names(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        here = f"{path}.{field.alias or name}".lstrip(".")
        part = _part(field.annotation)
        yield here
        if part is not None:
            origin = get_origin(_plain(field.annotation))
            yield from _names(part, f"{here}[]" if origin is tuple else f"{here}.NAME" if origin is dict else here)


def _part(annotation: object) -> type[BaseModel] | None:
    """The model that a setting is made of, or that its items are."""
    plain = _plain(annotation)
    if get_origin(plain) in (tuple, dict):
        plain = _plain(get_args(plain)[1 if get_origin(plain) is dict else 0])
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def _plain(annotation: object) -> object:
    """Without ``Annotated`` and ``| None``."""
    while get_origin(annotation) in {Annotated, Union, UnionType}:
        annotation = next(argument for argument in get_args(annotation) if argument is not type(None))
    return annotation
