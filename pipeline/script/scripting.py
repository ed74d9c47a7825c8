"""From a manuscript to a script: every chapter's text, and the segments that an engine will be asked for.

What holds of every script: no segment is longer than the limit or without a written word; segments are in order and
do not overlap; what lies between them is white space, or paragraphs that hold no word (“…”), for which an engine has
nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import InputError, Problem
from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source
from pipeline.project.models import Project
from pipeline.script.casting import check_voices
from pipeline.script.dictionary import Lexicon, compile_entries
from pipeline.script.elements import engine_elements
from pipeline.script.halving import ItemSpan
from pipeline.script.joining import joined
from pipeline.script.model import Boundary, ChapterScript, Script, Segment
from pipeline.script.pronouncing import Pronunciation, entries_for
from pipeline.script.utterances import Utterance, utterances
from pipeline.script.words import has_word

if TYPE_CHECKING:
    from pipeline.script.cutting import Piece

Item = TypeVar("Item")

_BLANK_LINE = "\n\n"
_ENDS_SENTENCE = re.compile(r"[.!?…‽。！？｡؟۔।][\"'”’»›«“‘)\]」』）]*\s*$")


@dataclass(frozen=True, slots=True)
class _Unit:
    """The least that is ever asked for by itself: an utterance, or a piece of one; offsets in the chapter's text."""

    start: int
    end: int
    utterance: Utterance
    after: Boundary
    block: Block
    pronunciations: tuple[Pronunciation, ...] = ()


def write_script(manuscript: Manuscript, project: Project, *, limit: int) -> Script:
    """Cast a manuscript and cut it into segments of at most ``limit`` code points.

    ``limit`` is what an engine takes in one request: the smallest of engine, tier and manifest. Raises InputError,
    with every problem and its file and line, for voices that the manifest does not have and for engine elements
    (``<prosody>…</prosody>``) longer than the limit, which no cut may part. Raises ValueError for a limit under 1.
    """
    if limit < 1:
        msg = f"the limit must be at least 1 character, not {limit}"
        raise ValueError(msg)
    check_voices(manuscript, project)
    _check_elements(manuscript, limit)
    lexicon = compile_entries([*project.entries, *manuscript.entries])
    return Script(tuple(_script_chapter(chapter, project, lexicon, limit) for chapter in manuscript.chapters))


def _check_elements(manuscript: Manuscript, limit: int) -> None:
    problems = [
        Problem(block.source.file, block.source.line, 0, _too_long(block.text[start:end], limit, block.source))
        for chapter in manuscript.chapters
        for block in chapter.blocks
        if "<" in block.text
        for start, end in engine_elements(block.text)
        if end - start > limit
    ]
    if problems:
        raise InputError(problems)


def _too_long(element: str, limit: int, source: Source) -> str:
    where = f" (in {source.element})" if source.element else ""
    return (
        f"“{element[:24]}…” is {len(element):,} characters long{where} and the engine takes {limit:,} at once; "
        "close the element at the end of a sentence and open it again"
    )


def _script_chapter(chapter: Chapter, project: Project, lexicon: Lexicon, limit: int) -> ChapterScript:
    blocks = [block for block in chapter.blocks if block.text]
    text = _BLANK_LINE.join([block.text for block in blocks])
    units = list(_units(chapter, project, limit))
    segments: list[Segment] = []
    for row in _rows(text, units):
        spans = [(unit.start, unit.end) for unit in row]
        groups = joined(text, spans, min(project.segment_target, limit)) if len(row) > 1 else [(0, 1)]
        for first, past in groups:
            segments.append(_segment(chapter.slug, len(segments), text, row[first:past], lexicon))
    if segments:
        segments[-1] = replace(segments[-1], after=Boundary.CHAPTER_END)
    return ChapterScript(chapter.slug, chapter.title, text, tuple(segments), chapter.blocks)


def _units(chapter: Chapter, project: Project, limit: int) -> Iterator[_Unit]:
    """The units of a chapter in order."""
    offset = 0
    for block, after in zip(chapter.blocks, _boundaries(chapter.blocks), strict=True):
        if not block.text:
            continue
        said = utterances(block, chapter, project)
        for utterance, following in _followed(said):
            kind = after if following is None else _boundary_within(block.text, utterance.end, following.start)
            yield from _cut_utterance(block, utterance, offset, kind, limit)
        offset += len(block.text) + len(_BLANK_LINE)


def _boundaries(blocks: Sequence[Block]) -> list[Boundary]:
    """What follows each block: a scene break, a change to or from a heading, or the next paragraph."""
    after: list[Boundary] = []
    scene, following = False, None
    for block in reversed(blocks):
        if block.kind is BlockKind.SCENE_BREAK:
            scene = True
            after.append(Boundary.SCENE)
        elif not block.text or not has_word(block.text):
            after.append(Boundary.PARAGRAPH)
        else:
            after.append(_boundary_between(block.kind, following, scene=scene))
            scene, following = False, block.kind
    return after[::-1]


def _boundary_between(kind: BlockKind, following: BlockKind | None, *, scene: bool) -> Boundary:
    if scene:
        return Boundary.SCENE
    return Boundary.HEADING if BlockKind.HEADING in (kind, following) else Boundary.PARAGRAPH


def _boundary_within(text: str, end: int, start: int) -> Boundary:
    """What parts two utterances of one paragraph: “Stop!” and he said are one sentence."""
    sentence = _ENDS_SENTENCE.search(text, max(0, end - 12), end) and not text[start : start + 1].islower()
    return Boundary.SENTENCE if sentence else Boundary.CLAUSE


def _cut_utterance(block: Block, utterance: Utterance, offset: int, after: Boundary, limit: int) -> Iterator[_Unit]:
    """An utterance as units within the limit; ``offset`` is the block's place in the chapter's text."""
    start, own = utterance.start, utterance.pronunciations
    if utterance.end - start <= limit:
        yield _Unit(offset + start, offset + utterance.end, utterance, after, block, own)
        return
    from pipeline.script.cutting import cut  # noqa: PLC0415 - the rules of sentences load where one has to be found

    stretch = block.text[start : utterance.end]
    whole = _kept_whole(stretch, [(said.start - start, said.end - start) for said in own], limit)
    pieces = [
        piece
        for piece in cut(stretch, limit, utterance.language, whole=whole)
        if has_word(stretch[piece.start : piece.end])
    ]
    for piece, following in _followed(pieces):
        kind = after if following is None else piece.after
        within = tuple(said for said in own if _lies_in(said, piece, start))
        yield _Unit(offset + start + piece.start, offset + start + piece.end, utterance, kind, block, within)


def _kept_whole(text: str, pronounced: Iterable[ItemSpan], limit: int) -> list[ItemSpan]:
    """What no cut may part: engine elements, and pronounced words apart from them and from one another."""
    whole = engine_elements(text)
    for start, end in pronounced:
        if end - start <= limit and all(end <= first or past <= start for first, past in whole):
            whole.append((start, end))
    return whole


def _followed(items: Sequence[Item]) -> Iterator[tuple[Item, Item | None]]:
    """Each item with the one after it."""
    return zip_longest(items, items[1:])


def _lies_in(said: Pronunciation, piece: Piece, start: int) -> bool:
    return start + piece.start <= said.start and said.end <= start + piece.end


def _rows(text: str, units: Iterable[_Unit]) -> Iterator[list[_Unit]]:
    """Units that may share segments: neighbouring paragraphs of one voice and language, nothing else between."""
    row: list[_Unit] = []
    for unit in units:
        if row and not _may_join(text, row[-1], unit):
            yield row
            row = []
        row.append(unit)
    if row:
        yield row


def _may_join(text: str, one: _Unit, other: _Unit) -> bool:
    return (
        one.after is Boundary.PARAGRAPH
        and one.utterance.voice == other.utterance.voice
        and one.utterance.language == other.utterance.language
        and other.start - one.end == len(_BLANK_LINE)
        and text[one.end : other.start] == _BLANK_LINE
        and not one.pronunciations
        and not other.pronunciations
    )


def _segment(chapter: str, index: int, text: str, units: Sequence[_Unit], lexicon: Lexicon) -> Segment:
    first, last = units[0], units[-1]
    alone = first is last and first.end - first.start == len(first.block.text)
    said = first.block.text if alone else text[first.start : last.end]  # a paragraph's text is held once
    return Segment(
        chapter=chapter,
        index=index,
        text=said,
        char_start=first.start,
        char_end=last.end,
        voice=first.utterance.voice,
        language=first.utterance.language,
        after=last.after,
        source=_source(first.block.source, last.block.source),
        joints=tuple([unit.start - first.start for unit in units[1:]]),
        joint_sources=tuple([unit.block.source for unit in units[1:]]),
        entries=entries_for(said, first.utterance.language, lexicon, first.pronunciations),
    )


def _source(first: Source, last: Source) -> Source:
    """Where joined paragraphs came from: from the first one's line to the last one's."""
    if first is last or first.file != last.file or not last.line:
        return first
    return Source(first.file, first.line, max(last.end_line, last.line), first.element)
