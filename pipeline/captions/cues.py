"""From the word times of a chapter to its captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.breaks import break_costs
from pipeline.captions.rules import AS_SPOKEN, CaptionRules
from pipeline.captions.segmentation import Columns, Cut, cut_paragraph
from pipeline.captions.sentence_ends import sentence_ends
from pipeline.captions.speakers import label, voices_of_words
from pipeline.captions.timing import cue_times
from pipeline.captions.units import Joint, Units, units
from pipeline.captions.widths import widths
from pipeline.engines.protocol import WordTimes


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption.

    ``text`` has a line feed between lines. ``start_sample`` and ``end_sample`` (exclusive) count from the chapter's
    start. ``first_word`` and ``last_word`` are rows of the chapter's words, both inclusive. ``word_starts`` says where
    in ``text`` each of them begins with the marks before it; what stands before the first is the speaker's label.
    ``voice`` is the manifest's name of the voice, None where several speak in the cue.
    """

    text: str
    start_sample: int
    end_sample: int
    first_word: int
    last_word: int
    word_starts: tuple[int, ...] = ()
    voice: str | None = None

    def words(self) -> list[str]:
        """The cue's words with their marks, spaces and line feeds; together they are its text without a label."""
        return [self.text[a:b] for a, b in pairwise((*self.word_starts, len(self.text)))]


@dataclass(frozen=True, slots=True)
class _Page:
    """A chapter as it is cut: its words as shown, who speaks each, and the runs that a cue keeps to."""

    chapter: ChapterTimeline
    shown: Units
    voices: list[str]
    labels: list[str]
    runs: list[tuple[int, int]]


def cues(
    chapter: ChapterTimeline, rules: CaptionRules, language: str, *, by_voice: bool = False, labelled: bool = False
) -> list[Cue]:
    """Caption a chapter in the words of its manuscript; ``language`` is BCP 47.

    Every word is in one cue, in order, and so is every character of the text but white space and engine tags. Cues
    keep to their paragraph, with ``by_voice`` also to one speaker; ``labelled``: a change of speaker is announced by
    name. Where rules conflict, what comes first wins: words, sync, no overlap, lines, duration, reading speed.
    """
    page = _page(chapter, by_voice=by_voice, labelled=labelled)
    ends = sentence_ends(chapter.text, chapter.words, language)
    columns = _columns(page, chapter.words, break_costs(page.shown, ends, language), language)
    cuts = [
        cut
        for first, last in page.runs
        for cut in cut_paragraph(
            columns,
            first,
            last,
            next_start=_next_start(columns, last, chapter.samples),
            rules=rules,
            language=language,
        )
    ]
    return _timed(page, cuts, rules)


def sentence_cues(
    chapter: ChapterTimeline, language: str, *, by_voice: bool = False, labelled: bool = False
) -> list[Cue]:
    """A cue of one line for every sentence, for as long as it is spoken."""
    page = _page(chapter, by_voice=by_voice, labelled=labelled)
    ends = sentence_ends(chapter.text, chapter.words, language)
    cuts = [Cut(a, b, None) for first, last in page.runs for a, b in _parted(first, last, ends)]
    return _timed(page, cuts, AS_SPOKEN)


def word_cues(chapter: ChapterTimeline, *, by_voice: bool = False, labelled: bool = False) -> list[Cue]:
    """A cue for every word, for as long as it is spoken."""
    page = _page(chapter, by_voice=by_voice, labelled=labelled)
    return _timed(page, [Cut(row, row, None) for row in range(len(page.shown))], AS_SPOKEN)


def _page(chapter: ChapterTimeline, *, by_voice: bool, labelled: bool) -> _Page:
    shown, voices = units(chapter.text, chapter.words), voices_of_words(chapter)
    changes = [row for row in range(1, len(shown)) if voices[row] != voices[row - 1]] if by_voice else []
    labels = [""] * len(shown)
    if labelled and changes:
        for row in (0, *changes):
            labels[row] = f"{label(voices[row])} "
    return _Page(chapter, shown, voices, labels, _runs(shown, changes))


def _runs(shown: Units, changes: list[int]) -> list[tuple[int, int]]:
    """The first and last row of every paragraph, and of every voice in it."""
    ends = {row for row, joint in enumerate(shown.joint) if joint is Joint.PARAGRAPH} | {row - 1 for row in changes}
    return list(_parted(0, len(shown) - 1, ends)) if len(shown) else []


def _parted(first: int, last: int, ends: set[int]) -> Iterator[tuple[int, int]]:
    for row in range(first, last + 1):
        if row in ends or row == last:
            yield first, row
            first = row + 1


def _columns(page: _Page, words: WordTimes, cost: list[int], language: str) -> Columns:
    """The words as cutting reads them."""
    left, right, at = [], [], 0
    texts = [name + text for name, text in zip(page.labels, page.shown.text, strict=True)]
    for width, joint in zip(widths(texts, language), page.shown.joint, strict=True):
        left.append(at)
        at += width
        right.append(at)
        at += joint is not Joint.NONE
    return Columns(left, right, words.start_sample.tolist(), words.end_sample.tolist(), cost)


def _next_start(columns: Columns, row: int, chapter_samples: int) -> int:
    return columns.start[row + 1] if row + 1 < len(columns.start) else chapter_samples


def _timed(page: _Page, cuts: list[Cut], rules: CaptionRules) -> list[Cue]:
    """The cuts as cues: when each appears and goes, its text and its voice."""
    words, voices = page.chapter.words, page.voices
    start, end = words.start_sample.tolist(), words.end_sample.tolist()
    counts = [cut.last - cut.first + 1 for cut in cuts]
    times = cue_times([(start[c.first], end[c.last]) for c in cuts], page.chapter.samples, rules, words=counts)
    joints = page.shown.joint
    pieces = [t if joint is Joint.NONE else f"{t} " for t, joint in zip(page.shown.text, joints, strict=True)]
    made = []
    for cut, (appears, goes) in zip(cuts, times, strict=True):
        text, starts = _text(pieces, page.labels[cut.first], cut)
        voice = voices[cut.first] if len(set(voices[cut.first : cut.last + 1])) == 1 else ""
        made.append(Cue(text, appears, goes, cut.first, cut.last, starts, voice or None))
    return made


def _text(pieces: list[str], name: str, cut: Cut) -> tuple[str, tuple[int, ...]]:
    """The words of a cue, in one line or two, and where each begins."""
    shown = pieces[cut.first : cut.last + 1]
    if cut.line_end is not None:
        at = cut.line_end - cut.first
        shown[at] = f"{shown[at].rstrip()}\n"
    shown[-1] = shown[-1].rstrip()
    starts, at = [], len(name)
    for piece in shown:
        starts.append(at)
        at += len(piece)
    return name + "".join(shown), tuple(starts)
