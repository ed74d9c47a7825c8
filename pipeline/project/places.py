"""Where in the manifest a setting stands, for what is found wrong with it after it was read."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import InputError, Problem
from pipeline.project.encoding import read_text
from pipeline.project.loading import LIMIT_BYTES
from pipeline.project.models import Project
from pipeline.project.yaml_tree import Keys, read_tree


def manifest_problem(project: Project, keys: Sequence[str], message: str) -> Problem:
    """A problem at the deepest of ``keys`` that the manifest has; without a place where it has none of them."""
    line, column = _place(project, keys)
    return Problem(project.manifest.name, line, column, message)


def _place(project: Project, keys: Sequence[str]) -> tuple[int, int]:
    shown = project.manifest.name
    try:
        node, _ = read_tree(read_text(project.manifest, shown=shown, limit_bytes=LIMIT_BYTES), shown=shown)
    except InputError:
        return 0, 0  # it has changed since it was read: the message is what counts
    line = column = 0
    for key in keys:
        if not isinstance(node, Keys) or key not in node.keys:
            break
        line, column = node.keys[key].line, node.keys[key].column
        node = node.values[key]
    return line, column
