"""YAML text as a tree in which every key and value knows its place.

Scalars stay as they were written: what they mean (number, text, yes or no) is decided by the field that they
are for, so that ``language: no`` is Norwegian, ``title: 1984`` is a title and money never passes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from pipeline.errors import InputError, Problem
from pipeline.project.wording import printable

_DEEPEST = 16
_TOO_DEEP = f"nested more than {_DEEPEST} deep; a manifest needs no such nesting"
_TOO_DEEP_TO_PARSE = "maximum nesting depth"
"""What libyaml says from a thousand on, as PyYAML 6.0.4 brings it, before it tells of any node."""
_NULLS = {"", "~", "null", "Null", "NULL"}
# YAML 1.2.2, section 5.1: what is printable, but for NEL, LS and PS: they end lines in YAML 1.1 and nowhere else,
# so that every place after them would be wrong.
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value or key as written; ``plain`` when it stands without quotes. Line and column count from 1."""

    line: int
    column: int
    text: str
    plain: bool

    @property
    def null(self) -> bool:
        """Whether the value is absent: nothing, ``~`` or ``null``."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Keys:
    """A YAML mapping, with its keys' own places."""

    line: int
    column: int
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)


Node = Scalar | Items | Keys


def read_tree(text: str, *, shown: str) -> tuple[Node, list[Problem]]:
    """The document in ``text`` and what is wrong with it as YAML but does not stop reading (keys written twice).

    ``text`` has LF line ends. Raises InputError for a syntax error and for what a manifest has no need of:
    aliases (a few lines of them expand to gigabytes), tags, several documents, nesting deeper than 16.
    """
    match = _UNPRINTABLE.search(text)
    if match:
        line, column = _place(text, match.start())
        message = f"the character U+{ord(match[0]):04X} cannot stand in YAML; delete it"
        raise InputError([Problem(shown, line, column, message)])
    problems: list[Problem] = []
    try:
        root = _build(yaml.parse(text, Loader=_LOADER), problems, shown)
    except yaml.MarkedYAMLError as exc:
        raise InputError([*problems, _syntax_problem(exc, text, shown)]) from exc
    except yaml.YAMLError as exc:
        raise InputError([*problems, Problem(shown, 0, 0, f"is not YAML: {' '.join(str(exc).split())}")]) from exc
    return root or Scalar(1, 1, "", plain=True), problems


def _build(events: Iterator[yaml.Event], problems: list[Problem], shown: str) -> Node | None:
    root: Node | None = None
    open_nodes: list[Items | Keys] = []
    keys: list[Scalar | None] = []  # of each open node: the key that waits for its value
    for event in events:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            open_nodes.pop()
            keys.pop()
            continue
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise _refused(event, shown, "a second document begins; expected one document in the file")
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event, shown)
        if not open_nodes:
            root = node
        else:
            _place_in(open_nodes[-1], keys, node, problems, shown)
        if isinstance(node, (Items, Keys)):
            if len(open_nodes) == _DEEPEST:
                raise _refused(event, shown, _TOO_DEEP)
            open_nodes.append(node)
            keys.append(None)
    return root


def _node(event: yaml.NodeEvent, shown: str) -> Node:
    line, column = _start(event)
    if isinstance(event, yaml.AliasEvent):
        raise _refused(event, shown, f"got the alias '*{event.anchor}'; aliases are not read here: write the value out")
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!":
        raise _refused(event, shown, f"got the tag '{tag}'; tags are not read here: leave it out")
    if isinstance(event, yaml.MappingStartEvent):
        return Keys(line, column)
    if isinstance(event, yaml.SequenceStartEvent):
        return Items(line, column)
    return Scalar(line, column, str(event.value), plain=not event.style)  # type: ignore[attr-defined]


def _place_in(parent: Items | Keys, keys: list[Scalar | None], node: Node, problems: list[Problem], shown: str) -> None:
    if isinstance(parent, Items):
        parent.items.append(node)
        return
    key = keys[-1]
    if key is None:
        if not isinstance(node, Scalar):
            raise InputError([*problems, Problem(shown, node.line, node.column, "a key must be a plain word")])
        keys[-1] = node
        return
    keys[-1] = None
    first = parent.keys.get(key.text)
    if first is None:
        parent.keys[key.text] = key
        parent.values[key.text] = node
    else:
        message = f"{key.text}: written twice (first in line {first.line}); expected each key once"
        problems.append(Problem(shown, key.line, key.column, message))


def _syntax_problem(exc: yaml.MarkedYAMLError, text: str, shown: str) -> Problem:
    mark = exc.problem_mark or exc.context_mark
    what = " ".join(" ".join(part for part in (exc.context, exc.problem) if part).split())
    if mark is None:
        return Problem(shown, 0, 0, f"is not YAML: {what}")
    if _TOO_DEEP_TO_PARSE in what:
        return Problem(shown, mark.line + 1, mark.column + 1, _TOO_DEEP)
    lines = text.split("\n")
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    return Problem(shown, mark.line + 1, mark.column + 1, f"is not YAML: {what}{_next_step(what, rest)}")


def _next_step(what: str, rest: str) -> str:
    if "mapping values are not allowed" in what:
        return "; a value that holds a colon and a space must stand in quotes"
    if "cannot start any token" in what:
        return "; indent with spaces, not tabs" if rest.startswith("\t") else "; put the value in quotes"
    return ""


def _refused(event: yaml.Event, shown: str, message: str) -> InputError:
    return InputError([Problem(shown, *_start(event), printable(message))])


def _start(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None  # the parser marks every event
    return event.start_mark.line + 1, event.start_mark.column + 1


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
