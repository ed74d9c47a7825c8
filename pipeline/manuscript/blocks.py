"""Blocks made from runs of text: the same rules for every format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pipeline.manuscript.folding import Run, fold
from pipeline.manuscript.model import Block, BlockKind, Skip, SkipReason, Source

_ORNAMENTS, _RULES = "*＊⁂✱✲✳❋✻•●○◆◇■□★☆❦❧☙~#§†", "-–—_=·"
_LOOSE_BREAK = re.compile(rf"[{_ORNAMENTS}]+(?: [{_ORNAMENTS}]+)*")
_RULED_BREAK = re.compile(rf"(?:[{_RULES}] ?){{3,}}")
_MARKS = frozenset(_ORNAMENTS + _RULES)


def is_scene_break(text: str) -> bool:
    """Whether a line of its own marks a change of scene: asterisks, a lone ``#``, ornaments, or a drawn rule."""
    return len(text) <= 80 and bool(_LOOSE_BREAK.fullmatch(text) or _RULED_BREAK.fullmatch(text))


def is_scene_break_line(line: str) -> bool:
    """As :func:`is_scene_break`, of a line whose white space is not folded yet."""
    return line.lstrip()[:1] in _MARKS and is_scene_break(" ".join(line.split()))


def build_block(
    kind: BlockKind,
    runs: Iterable[Run],
    source: Source,
    *,
    level: int = 0,
    voice: str | None = None,
    language: str | None = None,
    classes: tuple[str, ...] = (),
) -> list[Block | Skip]:
    """The block that ``runs`` make, with a skip for each kind of invisible character in them.

    Nothing but white space makes no block. A paragraph of scene break marks makes a scene break, whose marks are
    skipped as markup: a scene break is heard as a pause.
    """
    folded = fold(runs)
    made: list[Block | Skip] = [Skip(text, reason, source) for reason, text in folded.removed]
    if not folded.text:
        return made
    if kind is BlockKind.PARAGRAPH and is_scene_break(folded.text):
        return [*made, Skip(folded.text, SkipReason.MARKUP, source), Block(BlockKind.SCENE_BREAK, "", source)]
    return [
        Block(
            kind,
            folded.text,
            source,
            level=level,
            voice=voice,
            language=language,
            classes=classes,
            spans=folded.spans,
            emphases=folded.emphases,
        ),
        *made,
    ]


def build_skip(text: str, reason: SkipReason, source: Source) -> list[Skip]:
    """The skip for ``text``, white space folded and NFC; none where there is nothing but white space."""
    folded = unicodedata.normalize("NFC", " ".join(text.split()))
    return [Skip(folded, reason, source)] if folded else []
