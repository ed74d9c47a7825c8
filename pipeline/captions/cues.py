"""From the word times of a chapter to its captions."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.breaks import break_costs
from pipeline.captions.rules import CaptionRules
from pipeline.captions.segmentation import Columns, Cut, cut_paragraph
from pipeline.captions.sentence_ends import sentence_ends
from pipeline.captions.timing import cue_times
from pipeline.captions.units import Joint, Units, units, widths
from pipeline.engines.protocol import WordTimes


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption.

    ``text`` has a line feed between lines. ``start_sample`` and ``end_sample`` (exclusive) count from the chapter's
    start. ``first_word`` and ``last_word`` are rows of the chapter's words, both inclusive.
    """

    text: str
    start_sample: int
    end_sample: int
    first_word: int
    last_word: int


def cues(chapter: ChapterTimeline, rules: CaptionRules, language: str) -> list[Cue]:
    """Caption a chapter in the words of its manuscript; ``language`` is BCP 47.

    Every word is in one cue, in order, and so is every character of the text but white space and engine tags. Cues
    keep to their paragraph. Where rules conflict, what comes first wins: words, sync, no overlap, lines, duration,
    reading speed.
    """
    shown = units(chapter.text, chapter.words)
    ends = sentence_ends(chapter.text, chapter.words, language)
    columns = _columns(shown, chapter.words, break_costs(shown, ends, language))
    cuts = [
        cut
        for first, last in _paragraphs(shown)
        for cut in cut_paragraph(
            columns,
            first,
            last,
            next_start=_next_start(columns, last, chapter.samples),
            rules=rules,
            language=language,
        )
    ]
    times = cue_times([(columns.start[c.first], columns.end[c.last]) for c in cuts], chapter.samples, rules)
    pieces = [t if joint is Joint.NONE else t + " " for t, joint in zip(shown.text, shown.joint, strict=True)]
    return [
        Cue(_text(pieces, cut), start, end, cut.first, cut.last) for cut, (start, end) in zip(cuts, times, strict=True)
    ]


def _columns(shown: Units, words: WordTimes, cost: list[int]) -> Columns:
    """The words as cutting reads them."""
    left, right, at = [], [], 0
    for width, joint in zip(widths(shown.text), shown.joint, strict=True):
        left.append(at)
        at += width
        right.append(at)
        at += joint is not Joint.NONE
    return Columns(left, right, words.start_sample.tolist(), words.end_sample.tolist(), cost)


def _paragraphs(shown: Units) -> list[tuple[int, int]]:
    """The first and last row of every paragraph."""
    lasts = [row for row, joint in enumerate(shown.joint) if joint is Joint.PARAGRAPH]
    return list(zip([0, *(row + 1 for row in lasts[:-1])], lasts, strict=True)) if lasts else []


def _next_start(columns: Columns, row: int, chapter_samples: int) -> int:
    return columns.start[row + 1] if row + 1 < len(columns.start) else chapter_samples


def _text(pieces: list[str], cut: Cut) -> str:
    """The words of a cue, in one line or two."""
    if cut.line_end is None:
        return "".join(pieces[cut.first : cut.last + 1]).rstrip()
    upper, lower = pieces[cut.first : cut.line_end + 1], pieces[cut.line_end + 1 : cut.last + 1]
    return "".join(upper).rstrip() + "\n" + "".join(lower).rstrip()
