"""Who speaks what, in which language.

The innermost word wins. Voice: the span's own, the span's class, the block's own, the block's class, quoted speech
(``casting.dialogue``), the chapter's, ``casting.default``. Language: the span's, the block's, the chapter's, the
manifest's. Headings hold no dialogue.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import pairwise

from pipeline.errors import InputError, Problem
from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source
from pipeline.project.models import Casting, Project
from pipeline.script.quotations import quoted_speech, with_trailing_punctuation

Role = tuple[int, int, str, str]
"""Start and end in a block's text (code points, half-open), voice and language."""


def cast_block(block: Block, chapter: Chapter, project: Project) -> list[Role]:
    """The stretches of a block's text in order and without gaps, each with its voice and language."""
    casting = project.casting
    own_voice = block.voice or (_voice_of_classes(block.classes, casting) if block.classes else None)
    voice = own_voice or chapter.voice or casting.default
    language = block.language or chapter.language or project.language
    speech = _speech(block, casting) if own_voice is None else []
    if not block.spans and not speech:
        return [(0, len(block.text), voice, language)]
    return _painted(block, casting, voice, language, speech)


def _speech(block: Block, casting: Casting) -> list[tuple[int, int]]:
    if casting.dialogue is None or block.kind is not BlockKind.PARAGRAPH:
        return []
    return [(start, with_trailing_punctuation(block.text, end)) for start, end in quoted_speech(block.text)]


def _voice_of_classes(classes: Iterable[str], casting: Casting) -> str | None:
    return next((casting.classes[name] for name in classes if name in casting.classes), None)


def _painted(
    block: Block, casting: Casting, voice: str, language: str, speech: Iterable[tuple[int, int]]
) -> list[Role]:
    """Lay speech over the block's own role, then the spans over both, the shorter (inner) over the longer."""
    layers: list[tuple[int, int, str | None, str | None]] = [(s, e, casting.dialogue, None) for s, e in speech]
    for span in sorted(block.spans, key=lambda span: span.start - span.end):
        said_by = span.voice or _voice_of_classes(span.classes, casting)
        if said_by is not None or span.language is not None:
            layers.append((span.start, span.end, said_by, span.language))
    edges = sorted({0, len(block.text)}.union(*((s, e) for s, e, _, _ in layers)))
    roles: list[Role] = []
    for start, end in pairwise(edges):
        covering = [layer for layer in layers if layer[0] <= start and end <= layer[1]]
        who = next((said for _, _, said, _ in reversed(covering) if said is not None), voice)
        tongue = next((spoken for _, _, _, spoken in reversed(covering) if spoken is not None), language)
        if roles and roles[-1][2:] == (who, tongue):
            roles[-1] = (roles[-1][0], end, who, tongue)
        else:
            roles.append((start, end, who, tongue))
    return roles


def check_voices(manuscript: Manuscript, project: Project) -> None:
    """Raise InputError naming every voice that the manuscript casts and the manifest does not have."""
    known = {*project.voices, project.casting.default}
    problems = [
        _unknown_voice(voice, source, known)
        for chapter in manuscript.chapters
        for voice, source in _cast_voices(chapter)
        if voice not in known
    ]
    manifest = Source(project.manifest.name)
    in_manifest = [*project.casting.classes.values(), project.casting.dialogue or project.casting.default]
    problems += [_unknown_voice(voice, manifest, known) for voice in in_manifest if voice not in known]
    if problems:
        raise InputError(dict.fromkeys(problems))


def _cast_voices(chapter: Chapter) -> Iterable[tuple[str, Source]]:
    if chapter.voice is not None:
        yield chapter.voice, chapter.source
    for block in chapter.blocks:
        if block.voice is not None:
            yield block.voice, block.source
        for span in block.spans:
            if span.voice is not None:
                yield span.voice, block.source


def _unknown_voice(voice: str, source: Source, known: Iterable[str]) -> Problem:
    names = sorted(known)
    close = get_close_matches(voice, names, n=1)
    advice = f'did you mean "{close[0]}"?' if close else f"the manifest has {', '.join(names)}"
    where = f" (in {source.element})" if source.element else ""
    return Problem(source.file, source.line, 0, f'no voice is called "{voice}"{where}; {advice}')
