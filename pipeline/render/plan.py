"""The plan: which takes the script needs, which are stored, why the others must be made, and what that takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.engines.protocol import Engine, Order, VoiceParameters
from pipeline.errors import InputError, Problem
from pipeline.manuscript.model import Source
from pipeline.project.models import Project
from pipeline.render.pace import Estimate, estimate
from pipeline.render.reasons import Orphans, reason_missing
from pipeline.script.model import ChapterScript, Script, Segment
from pipeline.store.keys import KeyInputs, content_key, key_inputs
from pipeline.store.takes import Take, TakeState, TakeStore


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """A segment with its content key, the take that is stored for it (None: to be made) and why it must be made."""

    segment: Segment
    key: str
    inputs: KeyInputs
    order: Order
    take: Take | None
    state: TakeState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedChapter:
    """A chapter of the script with its segments planned."""

    script: ChapterScript
    segments: tuple[PlannedSegment, ...]

    @property
    def whole(self) -> bool:
        """Whether every take is there."""
        return all(planned.take is not None for planned in self.segments)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a render would use or make."""

    engine: str
    provider: str
    model: str
    chapters: tuple[PlannedChapter, ...]
    estimate: Estimate

    def segments(self) -> Iterator[PlannedSegment]:
        """All segments in reading order."""
        for chapter in self.chapters:
            yield from chapter.segments

    def to_make(self) -> list[PlannedSegment]:
        """The segments without a take, in reading order, each key once (a repeated line is spoken once)."""
        missing: dict[str, PlannedSegment] = {}
        for planned in self.segments():
            if planned.take is None:
                missing.setdefault(planned.key, planned)
        return list(missing.values())

    def with_takes(self, takes: Mapping[str, Take]) -> Plan:
        """The same plan with takes that have been made since."""

        def filled(planned: PlannedSegment) -> PlannedSegment:
            take = takes.get(planned.key)
            if take is None or planned.take is not None:
                return planned
            return replace(planned, take=take, state=TakeState.STORED)

        chapters = tuple(
            PlannedChapter(chapter.script, tuple(filled(planned) for planned in chapter.segments))
            for chapter in self.chapters
        )
        return replace(self, chapters=chapters)


def make_plan(script: Script, project: Project, engine: Engine, store: TakeStore) -> Plan:
    """Key every segment and look it up. Raises InputError for voices and text that the engine cannot speak."""
    voices = resolved_voices(script, project, engine)
    refuse_unspeakable(script, engine)
    identity = engine.identity()
    chapters = tuple(
        PlannedChapter(
            chapter,
            tuple(
                _planned(segment, voices[segment.voice], engine.name, identity, store) for segment in chapter.segments
            ),
        )
        for chapter in script.chapters
    )
    chapters = _with_reasons(chapters, store)
    segments = [planned for chapter in chapters for planned in chapter.segments]
    rate = project.rates.get(identity["model"]) if engine.paid else Decimal(0)
    return Plan(
        engine=engine.name,
        provider=identity["provider"],
        model=identity["model"],
        chapters=chapters,
        estimate=estimate(
            stored=[(p.segment.voice, len(p.segment.text), p.take.seconds) for p in segments if p.take is not None],
            missing=[
                (p.segment.voice, len(p.segment.text)) for p in {p.key: p for p in segments}.values() if not p.take
            ],
            cents_per_minute=rate,
        ),
    )


def _planned(
    segment: Segment, voice: VoiceParameters, engine: str, identity: Mapping[str, str], store: TakeStore
) -> PlannedSegment:
    order = Order(text=segment.text, language=segment.language, voice=voice, entries=segment.entries)
    inputs = key_inputs(
        engine=engine,
        identity=identity,
        voice=voice,
        text=segment.text,
        language=segment.language,
        entries=segment.entries,
        number=order.number,
    )
    key = content_key(inputs)
    take = store.stored(key)
    state = TakeState.STORED if take is not None else store.state(key)
    return PlannedSegment(segment, key, inputs, order, take, state)


def _with_reasons(chapters: tuple[PlannedChapter, ...], store: TakeStore) -> tuple[PlannedChapter, ...]:
    """Say of every segment to be made why; takes that no segment uses any more tell what changed."""
    if all(chapter.whole for chapter in chapters):
        return chapters
    used = {planned.key for chapter in chapters for planned in chapter.segments}
    orphans = Orphans.of(store, used)
    return tuple(
        PlannedChapter(
            chapter.script,
            tuple(
                planned
                if planned.take is not None
                else replace(
                    planned, reason=reason_missing(planned.inputs, planned.segment.voice, planned.state, orphans)
                )
                for planned in chapter.segments
            ),
        )
        for chapter in chapters
    )


def resolved_voices(script: Script, project: Project, engine: Engine) -> dict[str, VoiceParameters]:
    """What each voice of the script is to the engine, defaults filled in. Raises InputError for a voice it has not."""
    resolved: dict[str, VoiceParameters] = {}
    problems = []
    for name in sorted({segment.voice for chapter in script.chapters for segment in chapter.segments}):
        voice = project.voices[name]
        binding = getattr(voice, engine.name, None)
        if binding is None:
            message = f"voice '{name}' has no binding for the engine '{engine.name}'; add `{engine.name}:` to it"
            problems.append(Problem(project.manifest.name, 0, 0, message))
            continue
        try:
            resolved[name] = engine.resolve_voice(binding.model_dump(exclude_none=True), voice.speed)
        except ValueError as error:
            problems.append(Problem(project.manifest.name, 0, 0, f"voice '{name}': {error}"))
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
        more = f" (and {len(segments) - 1} more passages)" if len(segments) > 1 else ""
        problems.append(_problem(segments[0].source, f"“{_shortened(segments[0].text)}”{more}: {message}"))
    if problems:
        raise InputError(problems)


def _problem(source: Source, message: str) -> Problem:
    place = source.file if source.element is None else f"{source.file} ({source.element})"
    return Problem(place, source.line, 0, message)


def _shortened(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
