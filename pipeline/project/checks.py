"""What only a look beyond the single value can tell: files that are not there, voices that nobody declared.

The checks walk the YAML tree rather than the model, so that they speak up in the same go as wrong types
elsewhere in the file; a value that the model refuses already is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import Problem
from pipeline.project.engines import EngineName
from pipeline.project.fields import inside_problem
from pipeline.project.models import DEFAULT_VOICE
from pipeline.project.sources import NO_SUCH_FILE, escapes, matching_files, names_beside, source_problem
from pipeline.project.wording import did_you_mean, key_path
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar

_COVER_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_PAID_SPEEDS = (0.8, 1.2)  # KugelAudio API, field `speed`


def check_files(root: Keys, folder: Path, shown: str) -> list[Problem]:
    """The cover, the dictionaries and the sources: there, readable as what they should be, inside ``folder``."""
    problems = [
        _file_problem(scalar, path, folder, shown)
        for path, scalar in [*_at(root, "cover"), *_each(root, "dictionaries")]
    ]
    return [*filter(None, problems), *_source_problems(root, folder, shown)]


def check_voices(root: Keys, engine: EngineName, shown: str) -> list[Problem]:
    """Every voice that is cast is declared, and every declared voice is bound to ``engine``."""
    declared = root.values.get("voices")
    voices = declared.values if isinstance(declared, Keys) else {}
    if declared is not None and not isinstance(declared, Keys) and not (isinstance(declared, Scalar) and declared.null):
        return []
    names = list(voices) or [DEFAULT_VOICE]
    problems = [_unknown_voice(path, scalar, names, shown) for path, scalar in _cast(root) if scalar.text not in names]
    problems += _default_voice_problems(root, names, shown)
    if not voices and engine is not EngineName.HIBARI:
        message = f"voices: is missing; engine {engine} needs a binding, such as {DEFAULT_VOICE}: {{{engine.binding}}}"
        problems.append(Problem(shown, root.line, root.column, message))
    for name, voice in voices.items():
        problems += _binding_problems(name, voice, declared.keys[name], engine, shown)  # type: ignore[union-attr]
    return problems


def _file_problem(scalar: Scalar, key: str, folder: Path, shown: str) -> Problem | None:
    if inside_problem(scalar.text):
        return None
    try:
        message = _file_message(folder, folder / scalar.text, key)
    except OSError as exc:
        message = f"cannot be read: {exc.strerror}"
    return Problem(shown, scalar.line, scalar.column, f"{key}: got '{scalar.text}'; {message}") if message else None


def _file_message(folder: Path, path: Path, key: str) -> str:
    if not path.is_file():
        hint = did_you_mean(path.name, names_beside(path))
        return f"no such file in the project's folder{f'; {hint}' if hint else ''}"
    if escapes(folder, path):
        return "expected a file in the project's folder; this link leaves it"
    if key == "cover":
        with path.open("rb") as image:
            if not image.read(8).startswith(_COVER_SIGNATURES):
                return "expected a JPEG or PNG image; this is neither"
    return ""


def _source_problems(root: Keys, folder: Path, shown: str) -> list[Problem]:
    problems = []
    seen: dict[Path, int] = {}
    entries = _entries(root)
    for index, entry in enumerate(entries):
        source = entry.values.get("source")
        if not isinstance(source, Scalar) or source.null or inside_problem(source.text):
            continue
        path = key_path(("chapters", index, "source"))
        try:
            files = matching_files(folder, source.text)
            message = source_problem(folder, source.text, files)
        except ValueError as exc:
            files, message = [], f"is no glob: {exc}"
        except OSError as exc:
            files, message = [], f"cannot be read: {exc.strerror}"
        if message == NO_SUCH_FILE:
            hint = did_you_mean(Path(source.text).name, names_beside(folder / source.text))
            message += f"; {hint}" if hint else ""
        message = message or _entry_problem(entry, files, seen, folder)
        if message:
            problems.append(Problem(shown, source.line, source.column, f"{path}: got '{source.text}'; {message}"))
        if len(entries) > 1 and not {"include", "exclude", "split", "title"} & set(entry.values):
            seen.update((file, source.line) for file in files)
    return problems


def _entry_problem(entry: Keys, files: list[Path], seen: dict[Path, int], folder: Path) -> str | None:
    title = entry.values.get("title")
    if isinstance(title, Scalar) and not title.null and len(files) > 1:
        return f"matches {len(files)} files but has one title; expected one file, or no title"
    if {"include", "exclude", "split", "title"} & set(entry.values):
        return None
    twice = next((file for file in files if file in seen), None)
    if twice is None:
        return None
    name = twice.relative_to(folder).as_posix()
    return f"'{name}' is narrated already by the entry in line {seen[twice]}; expected each file once"


def _unknown_voice(path: str, scalar: Scalar, names: list[str], shown: str) -> Problem:
    hint = did_you_mean(scalar.text, names)
    message = f"{path}: got '{scalar.text}'; expected one of the voices {', '.join(names)}{f'; {hint}' if hint else ''}"
    return Problem(shown, scalar.line, scalar.column, message)


def _default_voice_problems(root: Keys, names: list[str], shown: str) -> list[Problem]:
    casting = root.values.get("casting")
    given = casting.values.get("default") if isinstance(casting, Keys) else None
    if DEFAULT_VOICE in names or (given is not None and not (isinstance(given, Scalar) and given.null)):
        return []
    key = root.keys["voices"]
    message = (
        f"voices: no voice is called '{DEFAULT_VOICE}', the default; "
        f"expected casting: {{default: …}} to name one of {', '.join(names)}"
    )
    return [Problem(shown, key.line, key.column, message)]


def _binding_problems(name: str, voice: Node, key: Scalar, engine: EngineName, shown: str) -> list[Problem]:
    if not isinstance(voice, Keys):
        return []
    binding = voice.values.get(engine)
    if binding is None or (isinstance(binding, Scalar) and binding.null):
        bound = [key for key, value in voice.values.items() if key in list(EngineName) and isinstance(value, Keys)]
        message = f"voices.{name}: has no binding for engine {engine} (bound: {', '.join(bound) or 'none'})"
        return [Problem(shown, key.line, key.column, f"{message}; expected one such as {engine.binding}")]
    speed = voice.values.get("speed")
    low, high = _PAID_SPEEDS
    if engine is EngineName.KUGELAUDIO and isinstance(speed, Scalar) and _outside(speed.text, low, high):
        message = f"voices.{name}.speed: got '{speed.text}'; expected {low} to {high} for engine {engine}"
        return [Problem(shown, speed.line, speed.column, message)]
    return []


def _outside(text: str, low: float, high: float) -> bool:
    try:
        return not low <= float(text) <= high
    except ValueError:
        return False


def _cast(root: Keys) -> Iterator[tuple[str, Scalar]]:
    """Every place that names a voice."""
    casting = root.values.get("casting")
    if isinstance(casting, Keys):
        for key in ("default", "dialogue"):
            yield from ((f"casting.{path}", scalar) for path, scalar in _at(casting, key))
        classes = casting.values.get("classes")
        if isinstance(classes, Keys):
            for key in classes.values:
                yield from ((f"casting.classes.{path}", scalar) for path, scalar in _at(classes, key))
    for index, entry in enumerate(_entries(root)):
        yield from ((key_path(("chapters", index, path)), scalar) for path, scalar in _at(entry, "voice"))


def _at(node: Keys, key: str) -> Iterator[tuple[str, Scalar]]:
    value = node.values.get(key)
    if isinstance(value, Scalar) and not value.null:
        yield key, value


def _each(node: Keys, key: str) -> Iterator[tuple[str, Scalar]]:
    value = node.values.get(key)
    for index, item in enumerate(value.items if isinstance(value, Items) else []):
        if isinstance(item, Scalar) and not item.null:
            yield key_path((key, index)), item


def _entries(root: Keys) -> list[Keys]:
    """The chapters entries; one that is no mapping counts as empty, so that positions stay."""
    chapters = root.values.get("chapters")
    items = chapters.items if isinstance(chapters, Items) else []
    return [item if isinstance(item, Keys) else Keys(item.line, item.column) for item in items]
