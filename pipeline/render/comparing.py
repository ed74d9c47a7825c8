"""Two plans beside each other: what one must have made that the other had not, segment by segment, and what that costs.

Keys of both scripts are compared, so that no stored take is needed; where there are some, they lower the price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from pipeline.render.pace import Estimate
from pipeline.render.plan import Plan, PlannedChapter, PlannedSegment, estimate_of
from pipeline.render.reasons import NEW, differences, edited_reason
from pipeline.render.resemblance import ALIKE, features, resemblance

_COMPARED_AT_MOST = 400
"""Segments in a row that changed, up to which each is compared with each to find which became which."""


class Change(StrEnum):
    """What became of a segment or a chapter."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """One difference. ``now`` is None for a segment that was removed, ``before`` for one that was added."""

    change: Change
    now: PlannedSegment | None
    before: PlannedSegment | None
    why: str

    @property
    def planned(self) -> PlannedSegment:
        """The segment as it is, or as it was where it is gone."""
        found = self.now or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class ChapterChange:
    """A chapter with its differences; a changed one is assembled anew, whether or not a take has to be made."""

    slug: str
    title: str
    change: Change
    segments: tuple[SegmentChange, ...]


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """A plan against another. ``against`` names the other for people, ``commit`` where it is a git revision.

    ``to_make`` are the segments, each key once, that only the plan itself has; ``estimate`` is for those of them that
    are not stored. ``manifest`` are settings that changed, ``existed`` whether there was anything to compare with.
    """

    plan: Plan
    against: str
    commit: str | None
    existed: bool
    chapters: tuple[ChapterChange, ...]
    to_make: tuple[PlannedSegment, ...]
    estimate: Estimate
    manifest: tuple[str, ...]

    def segments(self) -> Iterator[SegmentChange]:
        """All differences, in reading order."""
        for chapter in self.chapters:
            yield from chapter.segments

    def count(self, change: Change) -> int:
        """How many segments were added, changed or removed."""
        return sum(1 for segment in self.segments() if segment.change is change)

    @property
    def characters_removed(self) -> int:
        """Characters of the segments that are gone."""
        return sum(len(gone.planned.segment.text) for gone in self.segments() if gone.change is Change.REMOVED)


def compare_plans(
    plan: Plan,
    before: Sequence[PlannedChapter] | None,
    *,
    against: str,
    commit: str | None = None,
    manifest: Sequence[str] = (),
) -> PlanComparison:
    """``plan`` against the chapters of another one, ``before`` (None: there was nothing, everything is new)."""
    pairs = _paired_chapters(plan.chapters, before or ())
    known = {planned.key for chapter in before or () for planned in chapter.segments}
    needed = {planned.key for planned in plan.segments()}
    to_make = {planned.key: planned for planned in plan.segments() if planned.key not in known}
    return PlanComparison(
        plan=plan,
        against=against,
        commit=commit,
        existed=before is not None,
        chapters=tuple(_chapter(now, old, known, needed) for now, old in pairs),
        to_make=tuple(to_make.values()),
        estimate=estimate_of((planned for planned in to_make.values() if planned.lacking), plan.pricing),
        manifest=tuple(manifest),
    )


_Pair = tuple[PlannedChapter | None, PlannedChapter | None]


def _paired_chapters(now: Sequence[PlannedChapter], before: Sequence[PlannedChapter]) -> list[_Pair]:
    """Chapters by their slugs; a renamed one by the takes that both have; those that are gone at the end."""
    old = {chapter.script.slug: chapter for chapter in before}
    slugs = {chapter.script.slug for chapter in now}
    free = {slug: {planned.key for planned in chapter.segments} for slug, chapter in old.items() if slug not in slugs}
    pairs: list[_Pair] = []
    for chapter in now:
        found = old.get(chapter.script.slug)
        if found is None:
            keys = {planned.key for planned in chapter.segments}
            shared = {slug: len(keys & theirs) for slug, theirs in free.items()}
            best = max(shared, key=lambda slug: shared[slug], default=None)
            if best is not None and shared[best]:
                found = old[best]
                del free[best]
        pairs.append((chapter, found))
    return [*pairs, *((None, old[slug]) for slug in free)]


def _chapter(
    now: PlannedChapter | None, before: PlannedChapter | None, known: set[str], needed: set[str]
) -> ChapterChange:
    shown = now or before
    assert shown is not None
    if now is None or before is None:
        change = Change.ADDED if before is None else Change.REMOVED
    else:
        change = Change.UNCHANGED if _outline(now) == _outline(before) else Change.CHANGED
    changes: tuple[SegmentChange, ...] = ()
    if change is not Change.UNCHANGED:
        changes = tuple(_changes(now.segments if now else (), before.segments if before else (), known, needed))
    return ChapterChange(shown.script.slug, shown.script.title, change, changes)


def _outline(chapter: PlannedChapter) -> list[object]:
    """All of a chapter's script that its files depend on."""
    return [
        chapter.script.slug,
        chapter.script.title,
        *((planned.key, planned.segment.after, planned.segment.joints) for planned in chapter.segments),
    ]


def _changes(
    now: Sequence[PlannedSegment], before: Sequence[PlannedSegment], known: set[str], needed: set[str]
) -> Iterator[SegmentChange]:
    matcher = SequenceMatcher(None, [one.key for one in before], [one.key for one in now], autojunk=False)
    for tag, first_old, past_old, first, past in matcher.get_opcodes():
        if tag == "equal":
            continue
        # A text that only moved, or that is said elsewhere too, needs no take and is no difference.
        gone = [old for old in before[first_old:past_old] if old.key not in needed]
        new = [planned for planned in now[first:past] if planned.key not in known]
        became = _which_became_which(new, before[first_old:past_old])
        for planned in new:
            old = became.get(planned.segment.index)
            if old is None:
                yield SegmentChange(Change.ADDED, planned, None, NEW)
            else:
                yield SegmentChange(Change.CHANGED, planned, old, _why(old, planned))
        left = {old.segment.index for old in became.values()}
        for old in gone:
            if old.segment.index not in left:
                yield SegmentChange(Change.REMOVED, None, old, Change.REMOVED.value)


def _why(old: PlannedSegment, planned: PlannedSegment) -> str:
    voice = planned.segment.voice
    if old.inputs["text"] != planned.inputs["text"]:
        return edited_reason(old.inputs, planned.inputs, voice)
    return ", ".join(differences(old.inputs, planned.inputs, voice)) or NEW


def _which_became_which(new: Sequence[PlannedSegment], old: Sequence[PlannedSegment]) -> dict[int, PlannedSegment]:
    """By the new segment's index the old one that it was: of the same text, else of the most alike.

    An old segment that was split is what all its parts were.
    """
    by_text: dict[object, list[PlannedSegment]] = {}
    for one in old:
        by_text.setdefault(one.inputs["text"], []).append(one)
    became: dict[int, PlannedSegment] = {}
    for planned in new:
        same = by_text.get(planned.inputs["text"])
        if same:
            became[planned.segment.index] = same[0]
    taken = {one.segment.index for one in became.values()}
    rest = [planned for planned in new if planned.segment.index not in became]
    free = [one for one in old if one.segment.index not in taken]
    if len(rest) * len(free) <= _COMPARED_AT_MOST**2:
        became.update(_most_alike(rest, free))
    return became


def _most_alike(new: Sequence[PlannedSegment], gone: Sequence[PlannedSegment]) -> Mapping[int, PlannedSegment]:
    if len(new) == len(gone) == 1:
        return {new[0].segment.index: gone[0]}  # one text in the place of one other, such as a heading
    old_features = [features(old.segment.text) for old in gone]
    found: dict[int, PlannedSegment] = {}
    for planned in new:
        own = features(planned.segment.text)
        scored = [(resemblance(own, theirs), -place) for place, theirs in enumerate(old_features)]
        score, place = max(scored, default=(0.0, 0))
        if score >= ALIKE:
            found[planned.segment.index] = gone[-place]
    return found
