"""What of a manifest changed, for people: settings that change files or money without changing a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.project.models import Project

_ELSEWHERE = frozenset({"folder", "manifest", "entries", "chapters"})
"""Where the project lies, and what shows in the segments themselves."""
_LONGEST = 40


def changed_settings(before: Project, now: Project) -> list[str]:
    """``pauses.scene_ms: 1500 → 2000``, one line for each setting that differs, in the manifest's order."""
    old, new = dict(_settings(before)), dict(_settings(now))
    return [
        f"{name}: {old.get(name, 'unset')} → {new.get(name, 'unset')}"
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]


def _settings(project: Project) -> Iterator[tuple[str, str]]:
    dumped = project.model_dump(mode="json", exclude=set(_ELSEWHERE), exclude_none=True)
    dumped["dictionaries"] = [path.relative_to(project.folder).as_posix() for path in project.dictionaries]
    if project.cover is not None:
        dumped["cover"] = project.cover.relative_to(project.folder).as_posix()
    yield from _flat("", dumped)


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), below)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for place, item in enumerate(value):
            yield from _flat(f"{name}[{place}]", item)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield name, shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
