"""Asking for another take of a segment, or going back to an earlier one: what ``narrate retake`` decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.engines.protocol import Engine
from pipeline.errors import UsageError
from pipeline.render.plan import Plan, PlannedSegment, planned_segment
from pipeline.store.chosen_takes import MOST_TAKES, ChosenTake, ChosenTakes, excerpt_of, text_hash
from pipeline.store.takes import TakeState, TakeStore

_PLACE = re.compile(r"([^/\\]+):([0-9]+)")
_KEY = re.compile(r"[0-9a-f]{4,64}")
_SHOWN_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Retaken:
    """A text whose take was chosen: the segment as planned before, the take before and now, and where it stands."""

    planned: PlannedSegment
    before: int
    take: int
    places: tuple[str, ...]


def looks_like_segment(name: str) -> bool:
    """Whether an argument of the command line is meant for a segment, and not for a project."""
    return _PLACE.fullmatch(name) is not None or _KEY.fullmatch(name) is not None


def named_segments(plan: Plan, names: Sequence[str]) -> list[PlannedSegment]:
    """The segments that ``names`` mean, each text once: ``CHAPTER:INDEX`` (slug, or number from 1) or a key's start.

    Raises UsageError, with the candidates, for a name that means none or several.
    """
    found: dict[str, PlannedSegment] = {}
    for name in names:
        planned = _at_place(plan, name) if _PLACE.fullmatch(name) else _by_key(plan, name)
        found.setdefault(text_hash(planned.segment.text), planned)
    return list(found.values())


def _at_place(plan: Plan, name: str) -> PlannedSegment:
    match = _PLACE.fullmatch(name)
    assert match is not None
    chapter, index = match[1], int(match[2])
    by_slug = {planned.script.slug: planned for planned in plan.chapters}
    if chapter not in by_slug and chapter.isdigit() and 1 <= int(chapter) <= len(plan.chapters):
        chapter = plan.chapters[int(chapter) - 1].script.slug
    if chapter not in by_slug:
        raise UsageError(f"there is no chapter '{chapter}'", hint=f"the chapters are {_some(list(by_slug))}")
    segments = by_slug[chapter].segments
    if index >= len(segments):
        raise UsageError(
            f"chapter '{chapter}' has no segment {index}; its segments are 0 to {len(segments) - 1}",
            hint="build/index.html shows every segment with its number",
        )
    return segments[index]


def _by_key(plan: Plan, prefix: str) -> PlannedSegment:
    matching = {planned.key: planned for planned in plan.segments() if planned.key.startswith(prefix)}
    if not matching:
        raise UsageError(
            f"no segment's key begins with {prefix}", hint="`narrate plan --json` has all keys; CHAPTER:INDEX works too"
        )
    if len(matching) > 1:
        candidates = [f"{key[:12]} ({place_of(planned)})" for key, planned in matching.items()]
        raise UsageError(f"{prefix} begins {len(matching)} keys: {_some(candidates)}", hint="give more digits")
    return next(iter(matching.values()))


def place_of(planned: PlannedSegment) -> str:
    """``chapter:index``."""
    return f"{planned.segment.chapter}:{planned.segment.index}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_AT_MOST]) + (f" and {len(names) - _SHOWN_AT_MOST} more" if len(names) > 6 else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of ``takes.yaml`` with the places where its text stands now, and the numbers of its stored takes."""

    entry: ChosenTake
    places: tuple[str, ...]
    stored: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Booth:
    """Where takes are chosen: a plan with the choices that it was made with."""

    plan: Plan
    engine: Engine
    store: TakeStore
    chosen: ChosenTakes

    def choose(
        self, names: Sequence[str], *, number: int | None = None, undo: bool = False, unheard: bool = False
    ) -> tuple[dict[str, ChosenTake], list[Retaken]]:
        """The choices as they are to be, and what changes: another take of each segment that ``names`` mean.

        ``number`` goes back to an earlier take, ``undo`` takes the last choice back; ``unheard`` asks for another take
        although the chosen one is not stored. Raises UsageError.
        """
        chosen, places = dict(self.chosen), self._places()
        retaken = []
        for planned in named_segments(self.plan, [self._as_chosen_now(name) for name in names]):
            name, before = text_hash(planned.segment.text), planned.order.number
            if undo:
                chosen = _undone(chosen, planned)
            else:
                take = self._another(planned, unheard=unheard) if number is None else self._earlier(planned, number)
                if take != before:
                    chosen[name] = ChosenTake(
                        name, take, before, planned.segment.chapter, excerpt_of(planned.segment.text)
                    )
            now = chosen[name].take if name in chosen else 0
            retaken.append(Retaken(planned, before, now, tuple(map(place_of, places[name]))))
        return chosen, retaken

    def choices(self) -> list[Choice]:
        """Every entry, in the order of the file's chapters; those without a place hold for a text that is gone."""
        places = self._places()
        return [
            Choice(entry, tuple(map(place_of, there)), tuple(self._stored(there[0])) if there else ())
            for name, entry in self.chosen.items()
            for there in [places.get(name, [])]
        ]

    def _as_chosen_now(self, name: str) -> str:
        """The place of a segment that ``name`` means by the key of a take that was chosen before; else ``name``."""
        if _PLACE.fullmatch(name) or any(planned.key.startswith(name) for planned in self.plan.segments()):
            return name
        places = self._places()
        for planned in (places[text][0] for text in self.chosen if text in places):
            if any(take.key.startswith(name) for take in self._takes(planned)):
                return place_of(planned)
        return name

    def _places(self) -> dict[str, list[PlannedSegment]]:
        places: dict[str, list[PlannedSegment]] = {}
        for planned in self.plan.segments():
            places.setdefault(text_hash(planned.segment.text), []).append(planned)
        return places

    def _another(self, planned: PlannedSegment, *, unheard: bool) -> int:
        """The first take after the chosen one that is not stored.

        While the chosen one itself is not stored, asking again would pay for what nobody has heard: then it stays.
        """
        chosen = planned.order.number
        if planned.take is None and not unheard:
            if chosen:
                return chosen
            raise UsageError(
                f"{place_of(planned)} has no take here that could be made again",
                hint="`narrate render` makes the first; --unheard asks for another one all the same",
            )
        for number, is_stored in self._numbers(planned):
            if number > chosen and not is_stored:
                return number
        raise UsageError(
            f"{place_of(planned)} has {MOST_TAKES + 1} takes already",
            hint="choose one of them with --choose N; `narrate retake --list` shows them",
        )

    def _earlier(self, planned: PlannedSegment, number: int) -> int:
        stored = self._stored(planned)
        if number and number not in stored:
            there = ", ".join(map(str, stored)) or "none"
            raise UsageError(
                f"{place_of(planned)} has no take {number}; stored: {there}", hint="--choose 0 always works"
            )
        return number

    def _stored(self, planned: PlannedSegment) -> list[int]:
        """The numbers of all stored takes, up to the first gap after the chosen one."""
        found = []
        for number, is_stored in self._numbers(planned):
            if is_stored:
                found.append(number)
            elif number > planned.order.number:
                break
        return found

    def _numbers(self, planned: PlannedSegment) -> Iterator[tuple[int, bool]]:
        for number, take in enumerate(self._takes(planned)):
            yield number, take.state is TakeState.STORED

    def _takes(self, planned: PlannedSegment) -> Iterator[PlannedSegment]:
        """The segment with each of the takes that may be asked for, from the first."""
        identity, voice = self.engine.identity(), planned.order.voice
        for number in range(MOST_TAKES + 1):
            yield planned_segment(planned.segment, voice, self.engine.name, identity, number, self.store)


def _undone(chosen: ChosenTakes, planned: PlannedSegment) -> dict[str, ChosenTake]:
    name = text_hash(planned.segment.text)
    entry = chosen.get(name)
    if entry is None:
        raise UsageError(
            f"no take was chosen for {place_of(planned)}", hint="`narrate retake --list` shows all choices"
        )
    rest = {other: choice for other, choice in chosen.items() if other != name}
    return {**rest, name: replace(entry, take=entry.before, before=0)} if entry.before else rest
