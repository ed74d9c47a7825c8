"""Parts of chapters: a chapter too long for one file, and the sample that a store plays to customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.assembly.placing import pause_ms
from pipeline.project.models import Pauses, Project
from pipeline.render.plan import PlannedChapter, PlannedSegment
from pipeline.script.model import Boundary, ChapterScript

CREDIT_ELEMENT = "credits."
"""How the source of a credit's text begins (:mod:`pipeline.manuscript.credits`)."""
_SLACK_SECONDS = 2.0
_CUTS = ((Boundary.SCENE,), (Boundary.PARAGRAPH, Boundary.HEADING), (Boundary.SENTENCE,), tuple(Boundary))
"""Where a chapter is cut, best first."""


def delivered_chapters(project: Project, chapters: Sequence[PlannedChapter]) -> list[PlannedChapter]:
    """The chapters as files will hold them: whole ones that are too long for the profile in parts.

    A part's slug is ``<slug>-part-1``, its title ``<title>, part 1``; captions, marks and tags follow, since to all
    that comes after it is a chapter.
    """
    minutes = project.profile.file_minutes
    if minutes is None:
        return list(chapters)
    return [part for chapter in chapters for part in _parts(chapter, minutes * 60 - _SLACK_SECONDS, project.pauses)]


def part_slugs(chapters: Sequence[PlannedChapter], wanted: frozenset[str]) -> frozenset[str]:
    """``wanted`` chapters' slugs with those of their parts."""
    parts = {
        chapter.script.slug
        for chapter in chapters
        if chapter.segments and chapter.segments[0].segment.chapter in wanted
    }
    return wanted | parts


def retail_sample(project: Project, chapters: Sequence[PlannedChapter]) -> PlannedChapter | None:
    """The start of the first chapter that is no credit, from its body on, cut at a paragraph; None where that chapter
    is not whole yet or the profile asks for none."""
    minutes = project.profile.retail_sample_minutes
    first = next((chapter for chapter in chapters if not _is_credit(chapter)), None)
    if minutes is None or first is None or not first.whole:
        return None
    body = 0
    while body < len(first.segments) - 1 and first.segments[body].segment.after is Boundary.HEADING:
        body += 1
    end = _cut(first.segments, body, minutes * 60 - _SLACK_SECONDS, project.pauses, _CUTS[1:])
    return sub_chapter(first, body, end, first.script.slug, f"{project.title} (sample)") if first.segments else None


def sub_chapter(chapter: PlannedChapter, start: int, end: int, slug: str, title: str) -> PlannedChapter:
    """The segments from ``start`` to before ``end`` as a chapter of their own, with the text that they cover."""
    chosen = chapter.segments[start:end]
    base = chosen[0].segment.char_start
    moved = [
        replace(planned.segment, char_start=planned.segment.char_start - base, char_end=planned.segment.char_end - base)
        for planned in chosen
    ]
    moved[-1] = replace(moved[-1], after=Boundary.CHAPTER_END)
    text = chapter.script.text[base : chosen[-1].segment.char_end]
    segments = tuple(replace(planned, segment=segment) for planned, segment in zip(chosen, moved, strict=True))
    return PlannedChapter(ChapterScript(slug, title, text, tuple(moved)), segments)


def _parts(chapter: PlannedChapter, seconds: float, pauses: Pauses) -> Iterator[PlannedChapter]:
    if not chapter.whole or _seconds(chapter.segments, pauses) <= seconds:
        yield chapter
        return
    ends: list[int] = []
    while not ends or ends[-1] < len(chapter.segments):
        ends.append(_cut(chapter.segments, ends[-1] if ends else 0, seconds, pauses, _CUTS))
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False), 1):
        slug, title = f"{chapter.script.slug}-part-{number}", f"{chapter.script.title}, part {number}"
        yield sub_chapter(chapter, start, end, slug, title)


def _cut(
    segments: Sequence[PlannedSegment],
    start: int,
    seconds: float,
    pauses: Pauses,
    cuts: Sequence[tuple[Boundary, ...]],
) -> int:
    """Where a part from ``start`` ends: at most ``seconds`` long, in its last half at the best boundary there is."""
    last, length = start + 1, _seconds(segments[start : start + 1], pauses)
    while last < len(segments) and (length := length + _own_seconds(segments[last], pauses)) <= seconds:
        last += 1
    if last == len(segments):
        return last
    half = (start + last) // 2

    def cut_by(kinds: tuple[Boundary, ...]) -> int | None:
        return next((end for end in range(last, half, -1) if segments[end - 1].segment.after in kinds), None)

    return next((end for end in map(cut_by, cuts) if end is not None), last)


def _seconds(segments: Sequence[PlannedSegment], pauses: Pauses) -> float:
    """At most how long segments last once placed: takes are trimmed, never stretched."""
    edges = (pauses.chapter_head_ms + pauses.chapter_tail_ms) / 1000
    return edges + sum(_own_seconds(planned, pauses) for planned in segments)


def _own_seconds(planned: PlannedSegment, pauses: Pauses) -> float:
    """A take with the pauses within and after it."""
    silence_ms = pause_ms(planned.segment.after, pauses) + pauses.paragraph_ms * len(planned.segment.joints)
    return (planned.take.seconds if planned.take else 0.0) + silence_ms / 1000


def _is_credit(chapter: PlannedChapter) -> bool:
    elements = [planned.segment.source.element or "" for planned in chapter.segments[:1]]
    return any(element.startswith(CREDIT_ELEMENT) for element in elements)
