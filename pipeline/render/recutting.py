"""A segment that the service finds too long, in pieces: each a take of its own, joined to the segment's take.

Pieces depend on the segment's text alone (always halved, then halved again), so that a run that was cut off finds
those that it has paid for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.render.plan import PlannedSegment
from pipeline.script.cutting import cut
from pipeline.script.elements import engine_elements
from pipeline.script.words import has_word
from pipeline.store.keys import content_key
from pipeline.store.takes import TakeState, TakeStore

_LEAST_CHARACTERS = 20
"""Below this, length is not what is wrong."""
_LEAST_LIMIT = 200
"""No service takes less; a refusal below it says something about that text alone."""


class KnownLimit:
    """How long a text may be in this run: learned from refusals, never contradicted by what went through."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        self._passed = 0

    def passed(self, characters: int) -> None:
        """A text of that length was taken."""
        self._passed = max(self._passed, characters)
        self.characters = max(self.characters, characters)

    def refused(self, characters: int) -> None:
        """A text of that length was too long."""
        if characters > self._passed:
            self.characters = max(self._passed, _LEAST_LIMIT, min(self.characters, characters - 1))


def halves(planned: PlannedSegment) -> list[tuple[int, PlannedSegment]]:
    """The segment's text in pieces of at most half its length, with their offsets; one or none: it cannot be cut."""
    text = planned.segment.text
    limit = (len(text) + 1) // 2
    if len(text) < _LEAST_CHARACTERS:
        return []
    whole = [(start, end) for start, end in engine_elements(text) if end - start <= limit]
    pieces = cut(text, limit, planned.segment.language, whole=whole)
    return [
        (piece.start, _piece(planned, piece.start, piece.end))
        for piece in pieces
        if has_word(text[piece.start : piece.end])
    ]


def _piece(planned: PlannedSegment, start: int, end: int) -> PlannedSegment:
    segment = planned.segment
    text = segment.text[start:end]
    inputs = {**planned.inputs, "text": unicodedata.normalize("NFC", text)}
    said = replace(
        segment,
        text=text,
        char_start=segment.char_start + start,
        char_end=segment.char_start + end,
        source=segment.source_at(start),
        joints=(),
        joint_sources=(),
    )
    return PlannedSegment(
        segment=said,
        key=content_key(inputs),
        inputs=inputs,
        order=replace(planned.order, text=text),
        take=None,
        state=TakeState.MISSING,
        reason="cut smaller",
    )


def is_begun(planned: PlannedSegment, store: TakeStore, refused: frozenset[str]) -> bool:
    """Whether an earlier run, which was ``refused`` the whole, has bought a piece: then the rest is bought as pieces
    too, even if the service would take the whole by now.
    """
    if planned.key not in refused:
        return False
    return any(store.stored(piece.key) is not None or is_begun(piece, store, refused) for _, piece in halves(planned))


def joined(pieces: Sequence[tuple[int, Speech]]) -> Speech:
    """The speech of all pieces (with their offsets in the text) as one. It costs nothing: the pieces were paid for."""
    speeches = [speech for _, speech in pieces]
    starts = np.cumsum([0, *(len(speech.pcm) for speech in speeches[:-1])], dtype=np.int32)
    columns = [
        (
            speech.words.char_start + offset,
            speech.words.char_end + offset,
            speech.words.start_sample + start,
            speech.words.end_sample + start,
        )
        for (offset, speech), start in zip(pieces, starts, strict=True)
    ]
    char_start, char_end, start_sample, end_sample = (
        np.concatenate(column).astype(np.int32) for column in zip(*columns, strict=True)
    )
    scores = [speech.words.score for speech in speeches if speech.words.score is not None]
    score = np.concatenate(scores) if len(scores) == len(speeches) else None
    return Speech(
        pcm=np.concatenate([speech.pcm for speech in speeches]),
        sample_rate=speeches[0].sample_rate,
        words=WordTimes(char_start, char_end, start_sample, end_sample, score),
        usage=Usage(
            audio_seconds=sum(speech.usage.audio_seconds for speech in speeches),
            characters=sum(speech.usage.characters for speech in speeches),
            cost_cents=Decimal(0),
        ),
    )
