"""The README's table of licences names every package that an installation brings."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

README = Path(__file__).parents[2] / "README.md"


def installed_with(package: str, seen: set[str]) -> set[str]:
    """The package's requirements on this machine, and theirs, without extras that nobody asked for."""
    try:
        lines = requires(package) or []
    except PackageNotFoundError:  # for another system or another Python
        return seen
    for requirement in map(Requirement, lines):
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and name not in seen:
            seen.add(name)
            installed_with(name, seen)
    return seen


def test_every_package_that_is_installed_has_its_licence_told() -> None:
    table = README.read_text(encoding="utf-8").split("## Licences", 1)[1].split("\n## ", 1)[0]
    told = {canonicalize_name(name) for name in re.findall(r"[A-Za-z][\w.-]+", table)}
    installed = installed_with("narrate", set())
    assert "httpcore" in installed, "what is required by what is required counts"
    assert sorted(installed - told) == []
