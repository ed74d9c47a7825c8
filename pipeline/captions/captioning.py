"""Captions as an output of the manifest asks for them: which cues, in which format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.captioned import CaptionedChapter, CaptionSettings, CaptionWriter
from pipeline.captions.cues import Cue, cues, sentence_cues, word_cues
from pipeline.captions.rules import RULE_SETS, CaptionRules
from pipeline.captions.speakers import colours, language_of
from pipeline.captions.violations import Violation, violations
from pipeline.project.captions import Granularity, RuleSet, Speakers
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output
from pipeline.project.registered import load

WRITERS: Mapping[OutputFormat, CaptionWriter] = MappingProxyType(
    {each: load(each.written_by) for each in OutputFormat if each.written_by}
)
"""The writer of every caption format."""

_WRITE_NAMES = frozenset({OutputFormat.SRT, OutputFormat.LRC, OutputFormat.ASS})
"""Formats where a name stands in the text; WebVTT and JSON have a place for it."""


@dataclass(frozen=True, slots=True)
class BookCaptions:
    """What all caption files of a book share: title, author, language, and its voices in the order of colours."""

    title: str
    author: str | None
    language: str
    voices: tuple[str, ...] = ()


def caption(book: BookCaptions, timeline: ChapterTimeline, output: Output) -> CaptionedChapter:
    """A chapter's captions as ``output`` asks for them, on its own clock.

    Its language is the one that most of it is spoken in.
    """
    language = language_of(timeline, book.language)
    return CaptionedChapter(timeline, _cues(timeline, output, language), language)


def caption_file(book: BookCaptions, chapters: Iterable[CaptionedChapter], output: Output) -> Iterator[str]:
    """The text of a caption file, piece by piece; to be written as UTF-8, line feeds as they are."""
    return WRITERS[output.format](_settings(book, output), chapters)


def caption_violations(chapter: CaptionedChapter, output: Output) -> Sequence[Violation]:
    """What in these captions their rules do not allow; nothing where no rules are followed."""
    rules = rules_of(output)
    return violations(chapter.cues, rules, chapter.language, chapter.timeline.words) if rules else []


def rules_of(output: Output) -> CaptionRules | None:
    """The rules that the captions of an output keep to; None for sentences, single words and lines of LRC."""
    cut_by_rules = output.granularity is not Granularity.SENTENCE and not _one_cue_a_word(output)
    if output.format is OutputFormat.LRC or not cut_by_rules:
        return None
    return RULE_SETS[output.rules or RuleSet.NETFLIX]


def _one_cue_a_word(output: Output) -> bool:
    return output.granularity is Granularity.WORD and output.format is OutputFormat.SRT


def _cues(timeline: ChapterTimeline, output: Output, language: str) -> list[Cue]:
    by_voice = output.speakers in {Speakers.NAMES, Speakers.COLOURS}
    labelled = output.speakers is Speakers.NAMES and output.format in _WRITE_NAMES
    if _one_cue_a_word(output):
        return word_cues(timeline, by_voice=by_voice, labelled=labelled)
    if output.granularity is Granularity.SENTENCE:
        return sentence_cues(timeline, language, by_voice=by_voice, labelled=labelled)
    rules = rules_of(output) or replace(RULE_SETS[RuleSet.NETFLIX], max_lines=1)
    return cues(timeline, rules, language, by_voice=by_voice, labelled=labelled)


def _settings(book: BookCaptions, output: Output) -> CaptionSettings:
    granularity = output.granularity or Granularity.CAPTION
    return CaptionSettings(
        title=book.title,
        author=book.author,
        language=book.language,
        granularity=granularity,
        rules=(output.rules or RuleSet.NETFLIX).value if rules_of(output) else None,
        words=granularity is Granularity.WORD,
        names=output.speakers is Speakers.NAMES,
        colours=colours(book.voices) if output.speakers is Speakers.COLOURS else {},
    )
