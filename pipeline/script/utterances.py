"""A block as utterances: runs of text with one voice and one language, each with something to say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.manuscript.model import Block, Chapter
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.models import Project
from pipeline.script.casting import Role, cast_block
from pipeline.script.pronouncing import Pronunciation
from pipeline.script.words import has_word


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of a block's text (code points, half-open, no outer white space) in one voice and language."""

    start: int
    end: int
    voice: str
    language: str
    pronunciations: tuple[Pronunciation, ...] = ()


_OPENING_ONLY = re.compile(r"[\s\"'“‘„«»‹›(\[{¿¡「『（—–\-]+")


def utterances(block: Block, chapter: Chapter, project: Project) -> list[Utterance]:
    """The utterances of a block in order, white space alone between them; none where it holds no written word.

    Punctuation between two voices goes with the one before it, opening marks with the one after.
    """
    if not has_word(block.text):
        return []
    roles = cast_block(block, chapter, project)
    if len(roles) > 1:
        roles = _with_words(block.text, roles)
    pronunciations = _pronunciations(block) if block.spans else ()
    return [_utterance(block.text, role, pronunciations) for role in roles]


def _utterance(text: str, role: Role, pronunciations: Sequence[Pronunciation]) -> Utterance:
    start, end, voice, language = role
    stretch = text[start:end]
    start += len(stretch) - len(stretch.lstrip())
    end -= len(stretch) - len(stretch.rstrip())
    within = tuple(said for said in pronunciations if start <= said.start and said.end <= end) if pronunciations else ()
    return Utterance(start, end, voice, language, within)


def _with_words(text: str, roles: Sequence[Role]) -> list[Role]:
    """Roles with a written word each: a wordless one is given to a neighbour, and neighbours alike become one."""
    kept: list[Role] = []
    waiting: int | None = None
    for start, end, voice, language in roles:
        stretch = text[start:end]
        if not has_word(stretch):
            if kept and not (stretch.strip() and _OPENING_ONLY.fullmatch(stretch)):
                kept[-1] = (kept[-1][0], end, *kept[-1][2:])
                waiting = None
            elif waiting is None:
                waiting = start
            continue
        begin = start if waiting is None else waiting
        waiting = None
        if kept and kept[-1][2:] == (voice, language):
            kept[-1] = (kept[-1][0], end, voice, language)
        else:
            kept.append((begin, end, voice, language))
    if waiting is not None:
        kept[-1] = (kept[-1][0], len(text), *kept[-1][2:])
    return kept


def _pronunciations(block: Block) -> tuple[Pronunciation, ...]:
    """A block's own pronunciations as dictionary entries for exactly the words that they mark."""
    return tuple(
        Pronunciation(span.start, span.end, DictionaryEntry(word, word, ipa=span.ipa, case_sensitive=True))
        for span in sorted(block.spans, key=lambda span: (span.start, span.end))
        if span.ipa is not None and (word := block.text[span.start : span.end].strip())
    )
