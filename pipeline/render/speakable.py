"""Whether the engine of the run can speak the script: its voices, its languages, its letters."""

from __future__ import annotations

from pipeline.engines.protocol import Engine, VoiceParameters
from pipeline.errors import InputError, Problem
from pipeline.manuscript.model import Source
from pipeline.project.models import Project
from pipeline.project.places import manifest_problem
from pipeline.script.model import Script, Segment


def resolved_voices(script: Script, project: Project, engine: Engine) -> dict[str, VoiceParameters]:
    """What each voice of the script is to the engine, defaults filled in. Raises InputError for a voice it has not."""
    resolved: dict[str, VoiceParameters] = {}
    problems = []
    for name in sorted({segment.voice for chapter in script.chapters for segment in chapter.segments}):
        voice = project.voices[name]
        binding = getattr(voice, engine.name, None)
        if binding is None:
            message = f"voice '{name}' has no binding for the engine '{engine.name}'; add `{engine.name}:` to it"
            problems.append(manifest_problem(project, ("voices", name), message))
            continue
        try:
            resolved[name] = engine.resolve_voice(binding.model_dump(exclude_none=True), voice.speed)
        except ValueError as error:
            problems.append(manifest_problem(project, ("voices", name, str(engine.name)), f"voice '{name}': {error}"))
    if problems:
        raise InputError(problems)
    return resolved


def speaks(engine: Engine, language: str) -> bool:
    """Whether the engine speaks the language at all."""
    return not engine.unspeakable("a", language)


def refuse_unspeakable(script: Script, engine: Engine) -> None:
    """Raise InputError, one line per run of text that the engine cannot speak, before anything is rendered.

    Whole segments in a language that it does not speak are one line per language, at the first.
    """
    problems: list[Problem] = []
    whole: dict[str, list[Segment]] = {}
    for chapter in script.chapters:
        for segment in chapter.segments:
            for run in engine.unspeakable(segment.text, segment.language):
                if run.end - run.start == len(segment.text):
                    whole.setdefault(run.message, []).append(segment)
                else:
                    shown = _shortened(segment.text[run.start : run.end])
                    problems.append(_problem(segment.source_at(run.start), f"“{shown}”: {run.message}"))
    for message, segments in whole.items():
        rest = len(segments) - 1
        more = f" (and {rest} more passage{'s' if rest > 1 else ''})" if rest else ""
        problems.append(_problem(segments[0].source, f"“{_shortened(segments[0].text)}”{more}: {message}"))
    if problems:
        raise InputError(problems)


def _problem(source: Source, message: str) -> Problem:
    place = source.file if source.element is None else f"{source.file} ({source.element})"
    return Problem(place, source.line, 0, message)


def _shortened(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
