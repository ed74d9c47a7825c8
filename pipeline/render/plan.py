"""The plan: which takes the script needs, which are stored, why the others must be made, and what that takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pipeline.engines.protocol import Engine, Order, VoiceParameters
from pipeline.project.models import Project
from pipeline.render.pace import Estimate, Pricing, measured_paces
from pipeline.render.reasons import Lack, Orphan, read_orphans, reasons
from pipeline.render.speakable import refuse_unspeakable, resolved_voices
from pipeline.script.model import ChapterScript, Script, Segment
from pipeline.store.chosen_takes import ChosenTakes, read_chosen, text_hash
from pipeline.store.keys import KeyInputs, KeyPattern, key_inputs
from pipeline.store.ledger import LedgerLine
from pipeline.store.sidecar_index import IndexedTakes
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeState, TakeStore


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
    elsewhere: bool = False
    """Not here, but in the shared store: a render fetches it."""

    @property
    def lacking(self) -> bool:
        """Whether its take must be made."""
        return self.take is None and not self.elsewhere


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
    pricing: Pricing = field(default_factory=lambda: Pricing({}, None))
    """What the estimate rests on, for estimates of parts."""

    def segments(self) -> Iterator[PlannedSegment]:
        """All segments in reading order."""
        for chapter in self.chapters:
            yield from chapter.segments

    def to_make(self) -> list[PlannedSegment]:
        """The segments without a take, in reading order, each key once (a repeated line is spoken once)."""
        missing: dict[str, PlannedSegment] = {}
        for planned in self.segments():
            if planned.lacking:
                missing.setdefault(planned.key, planned)
        return list(missing.values())

    def spoken(self) -> Iterator[tuple[str, str, float]]:
        """Voice, text and seconds of every stored take, each once."""
        return _spoken(self.segments())

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


def make_plan(
    script: Script,
    project: Project,
    engine: Engine,
    store: TakeStore,
    *,
    assumed: str = "",
    elsewhere: Collection[str] = (),
    ledger: Iterable[LedgerLine] = (),
) -> Plan:
    """Key every segment and look it up; ``assumed`` is said with the estimate, ``elsewhere`` are the keys of takes that
    the shared store has. ``ledger`` tells the pace of takes that are not here; it is read only where one is lacking.

    Raises InputError for voices and text that the engine cannot speak, and for a ``takes.yaml`` that is wrong.
    """
    voices = resolved_voices(script, project, engine)
    refuse_unspeakable(script, engine)
    indexed = IndexedTakes.of(store)
    chapters = planned_chapters(script, voices, engine, read_chosen(project.folder), indexed)
    indexed.save()
    if elsewhere:
        chapters = _marked(chapters, elsewhere)
    segments = [planned for chapter in chapters for planned in chapter.segments]
    orphans: list[Orphan] = []
    spoken = [(voice, len(text), seconds) for voice, text, seconds in _spoken(segments)]
    if any(planned.lacking for planned in segments):
        orphans = list(read_orphans(store, {planned.key for planned in segments}))
        chapters = _with_reasons(chapters, orphans)
        spoken += _spoken_by_ledger(segments, ledger)
    identity = engine.identity()
    pricing = Pricing(
        paces=measured_paces([*spoken, *_spoken_by_orphans(orphans, engine.name, identity, voices)]),
        cents_per_minute=project.rates.get(identity["model"]) if engine.paid else Decimal(0),
        speeds={name: float(voice.get("speed", 1.0)) for name, voice in voices.items()},
        assumed=assumed,
    )
    return Plan(
        engine=engine.name,
        provider=identity["provider"],
        model=identity["model"],
        chapters=chapters,
        estimate=estimate_of((planned for planned in segments if planned.lacking), pricing),
        pricing=pricing,
    )


def estimate_of(segments: Iterable[PlannedSegment], pricing: Pricing) -> Estimate:
    """What making the takes of ``segments`` comes to, each key once."""
    once = {planned.key: planned.segment for planned in segments}
    return pricing.estimate((segment.voice, len(segment.text)) for segment in once.values())


def planned_chapters(
    script: Script,
    voices: Mapping[str, VoiceParameters],
    engine: Engine,
    chosen: ChosenTakes,
    store: IndexedTakes | None,
) -> tuple[PlannedChapter, ...]:
    """Every segment of the script with its key, and its take where ``store`` has it (None: keys only)."""
    cast = _Cast(engine.name, engine.identity(), voices)
    return tuple(
        PlannedChapter(
            chapter,
            tuple([_planned(segment, cast, _chosen_number(segment, chosen), store) for segment in chapter.segments]),
        )
        for chapter in script.chapters
    )


def planned_segment(
    segment: Segment,
    voice: VoiceParameters,
    engine: str,
    identity: Mapping[str, str],
    number: int,
    store: TakeStore | IndexedTakes | None,
) -> PlannedSegment:
    """One segment planned with take ``number``."""
    return _planned(segment, _Cast(engine, identity, {segment.voice: voice}), number, store)


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who speaks: the engine, and its voices by their names in the manifest; and the patterns of keys so far."""

    engine: str
    identity: Mapping[str, str]
    voices: Mapping[str, VoiceParameters]
    patterns: dict[tuple[object, ...], KeyPattern] = field(default_factory=dict)

    def pattern(self, segment: Segment, number: int) -> KeyPattern:
        """What the key of the segment has in common with others."""
        alike = segment.voice, segment.language, segment.entries, number
        found = self.patterns.get(alike)
        if found is None:
            inputs = key_inputs(
                engine=self.engine,
                identity=self.identity,
                voice=self.voices[segment.voice],
                text="",
                language=segment.language,
                entries=segment.entries,
                number=number,
            )
            found = self.patterns[alike] = KeyPattern.of(inputs)
        return found


def _planned(segment: Segment, cast: _Cast, number: int, store: TakeStore | IndexedTakes | None) -> PlannedSegment:
    order = Order(segment.text, segment.language, cast.voices[segment.voice], segment.entries, number)
    key, inputs = cast.pattern(segment, number).keyed(segment.text)
    state, take = store.look_up(key, inputs) if store is not None else (TakeState.MISSING, None)
    return PlannedSegment(segment, key, inputs, order, take, state)


def _marked(chapters: tuple[PlannedChapter, ...], elsewhere: Collection[str]) -> tuple[PlannedChapter, ...]:
    return tuple(
        PlannedChapter(
            chapter.script,
            tuple(
                [
                    replace(planned, elsewhere=True) if planned.take is None and planned.key in elsewhere else planned
                    for planned in chapter.segments
                ]
            ),
        )
        for chapter in chapters
    )


def _chosen_number(segment: Segment, chosen: ChosenTakes) -> int:
    if not chosen:
        return 0
    choice = chosen.get(text_hash(segment.text))
    return choice.take if choice is not None else 0


def _with_reasons(chapters: tuple[PlannedChapter, ...], orphans: list[Orphan]) -> tuple[PlannedChapter, ...]:
    """Say of every segment to be made why; takes that no segment uses any more tell what changed."""
    lacks = {
        planned.key: Lack(planned.key, planned.inputs, planned.segment.voice, planned.state)
        for chapter in chapters
        for planned in chapter.segments
        if planned.lacking
    }
    because = reasons(list(lacks.values()), orphans)
    return tuple(
        PlannedChapter(
            chapter.script,
            tuple(
                [
                    replace(planned, reason=because[planned.key]) if planned.lacking else planned
                    for planned in chapter.segments
                ]
            ),
        )
        for chapter in chapters
    )


def _spoken(segments: Iterable[PlannedSegment]) -> Iterator[tuple[str, str, float]]:
    taken = {planned.key: (planned.segment, planned.take) for planned in segments if planned.take is not None}
    for segment, take in taken.values():
        yield segment.voice, segment.text, take.seconds


def _spoken_by_ledger(
    segments: Iterable[PlannedSegment], ledger: Iterable[LedgerLine]
) -> Iterator[tuple[str, int, float]]:
    """Takes of the plan that other machines made, such as CI runners with a shared store: their seconds are known."""
    absent = {planned.key: planned.segment for planned in segments if planned.take is None}
    for line in ledger:
        if line.outcome == "stored" and line.audio_seconds and line.key in absent:
            segment = absent.pop(line.key)
            yield segment.voice, len(segment.text), line.audio_seconds


def _spoken_by_orphans(
    orphans: Iterable[Orphan], engine: str, identity: Mapping[str, str], voices: Mapping[str, VoiceParameters]
) -> Iterator[tuple[str, int, float]]:
    """Old takes count for a voice as well, where engine, provider, model and binding are what they are now."""
    for orphan in orphans:
        made_by = orphan.inputs["engine"], orphan.inputs["provider"], orphan.inputs["model"]
        if made_by == (engine, identity["provider"], identity["model"]):
            for name, voice in voices.items():
                if orphan.inputs["voice"] == voice:
                    yield name, len(orphan.text), orphan.seconds
