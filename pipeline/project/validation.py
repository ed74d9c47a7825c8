"""A YAML tree against a model: every problem with its place, in the words of the one who wrote the file."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import Problem
from pipeline.project.fields import Plain
from pipeline.project.wording import did_you_mean, key_path, printable
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar

_LONGEST_SHOWN = 60
_CONTAINERS = {
    "model_type": "keys with values",
    "dict_type": "names with values",
    "tuple_type": "a list (lines that begin with '- ')",
}

ModelT = TypeVar("ModelT", bound=BaseModel)
_Location = tuple[str | int, ...]


def validate(model: type[ModelT], root: Node, *, shown: str) -> tuple[ModelT | None, list[Problem]]:
    """``root`` as a ``model``, or None with all that is wrong with it. ``shown`` is the file's name in messages."""
    if isinstance(root, Scalar) and root.null:
        return None, [Problem(shown, 1, 1, "is empty; expected at least " + ", ".join(_required(model)))]
    try:
        return model.model_validate(_data(root)), []
    except ValidationError as exc:
        details = exc.errors(include_url=False, include_input=False)
        return None, [_problem(model, root, detail, shown) for detail in details]


def describe(node: Node) -> str:
    """A value as a message shows it: scalars as written, shortened; containers by kind."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Keys):
        return "keys with values"
    shown = node.text if len(node.text) <= _LONGEST_SHOWN else node.text[: _LONGEST_SHOWN - 1] + "…"
    return f"'{printable(shown)}'"


def _data(node: Node) -> object:
    if isinstance(node, Scalar):
        return None if node.null else Plain(node.text) if node.plain else node.text
    if isinstance(node, Items):
        return tuple(_data(item) for item in node.items)
    return {key: _data(value) for key, value in node.values.items()}


def _problem(model: type[BaseModel], root: Node, detail: ErrorDetails, shown: str) -> Problem:
    context = detail.get("ctx", {})
    location: _Location = (*detail["loc"], *context.get("at", ()))
    of_key = location[-1:] == ("[key]",)
    location = location[:-1] if of_key else location
    parent = _node_at(root, location[:-1])
    key = parent.keys.get(str(location[-1])) if location and isinstance(parent, Keys) else None
    path = key_path(location) or "the file"
    if detail["type"] == "extra_forbidden" and key is not None:
        hint = did_you_mean(key.text, _keys_of(_annotation_at(model, location[:-1])))
        known = ", ".join(_keys_of(_annotation_at(model, location[:-1])))
        return Problem(shown, key.line, key.column, f"{path}: unknown key{_end(hint or f'expected one of {known}')}")
    if detail["type"] == "missing":
        place = key or parent or root
        what = "has no value" if key else "is missing"
        words = _words_at(model, location)
        return Problem(shown, place.line, place.column, f"{path}: {what}; expected {words}")
    node: Node = (key if of_key else _node_at(root, location)) or root
    words, hint = _expectation(detail["type"], detail["msg"], context)
    if detail["type"] == "model_type":
        words += _example(_annotation_at(model, location), node)
    return Problem(shown, node.line, node.column, f"{path}: got {describe(node)}; expected {words}{_end(hint)}")


def _expectation(kind: str, message: str, context: dict[str, Any]) -> tuple[str, str]:
    if kind == "expected":
        return context["words"], context["hint"]
    return _CONTAINERS.get(kind, message), ""


def _example(model: object, node: Node) -> str:
    """The key that a bare value was probably meant for, or the keys there are."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ""
    required = _required(model)
    if len(required) == 1 and isinstance(node, Scalar):
        return f", such as '{required[0]}: {node.text[:_LONGEST_SHOWN]}'"
    return f": {', '.join(_keys_of(model))}"


def _end(hint: str) -> str:
    return f"; {hint}" if hint else ""


def _node_at(root: Node, location: _Location) -> Node | None:
    node: Node | None = root
    for part in location:
        if isinstance(node, Keys):
            node = node.values.get(str(part))
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def _annotation_at(annotation: object, location: _Location) -> object:
    for part in location:
        annotation = _plain_annotation(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = _fields_by_key(annotation).get(str(part))
        else:
            arguments = get_args(annotation)
            annotation = arguments[1 if get_origin(annotation) is dict else 0] if arguments else None
    return _plain_annotation(annotation)


def _plain_annotation(annotation: object) -> object:
    """Without ``Annotated`` and ``| None``."""
    while get_origin(annotation) in {Annotated, Union, UnionType}:
        arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
        annotation = arguments[0]
    return annotation


def _fields_by_key(model: type[BaseModel]) -> dict[str, object]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _keys_of(annotation: object) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(_fields_by_key(annotation))
    return []


def _words_at(model: type[BaseModel], location: _Location) -> str:
    """What the missing key is for, from its description."""
    owner = _annotation_at(model, location[:-1])
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        description = owner.model_fields[str(location[-1])].description or ""
        first = description.partition(".")[0]
        return first[:1].lower() + first[1:] if first else "a value"
    return "a value"


def _required(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
