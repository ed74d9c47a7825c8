"""From an order to speech: read, sound, trim, join, and say when each written word is heard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.hibari.acoustic import AcousticModel
from pipeline.engines.hibari.phonemes import NO_WORD, PUNCTUATION, Reader, Spoken
from pipeline.engines.hibari.pieces import pieces
from pipeline.engines.hibari.reading import Reading
from pipeline.engines.local.joining import SAMPLE_RATE, Placed, joined, trimmed
from pipeline.engines.local.markup import break_ms, parse_markup
from pipeline.engines.local.passages import JOINT_PAUSE_MS, passages
from pipeline.engines.local.word_columns import shared, word_columns
from pipeline.engines.local.word_places import WordPlaces
from pipeline.engines.protocol import Order, Speech, Usage
from pipeline.script.dictionary import Occurrence, occurrences
from pipeline.script.words import written_words

_SLOWEST, _FASTEST = 0.5, 2.0
_CLAUSE_PAUSE_MS = 120


class Speaker:
    """hibari, loaded: one per worker process."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._model = AcousticModel()

    def speak(self, order: Order) -> Speech:
        """Speak an order. The same order gives the same bytes, whichever worker speaks it."""
        words = written_words(order.text)
        found = occurrences(order.text, order.entries)
        pcm, heard = joined(self._parts(order, words, found))
        heard = shared(heard, words, _within(words, found))
        return Speech(
            pcm=pcm,
            sample_rate=SAMPLE_RATE,
            words=word_columns(words, heard, len(pcm)),
            usage=Usage(audio_seconds=len(pcm) / SAMPLE_RATE, characters=len(order.text)),
        )

    def _parts(self, order: Order, words: Sequence[tuple[int, int]], found: Sequence[Occurrence]) -> Iterator[Placed]:
        """What is sounded, in order, each with the pause before it; a last one without sound holds the final pause."""
        markup = parse_markup(order.text)
        reading = Reading(self._reader, order.text, markup, found, WordPlaces(words))
        rng = np.random.default_rng(seed(order))
        cut = passages(order.text, order.language, markup, [(start, end) for start, end, _ in found])
        pause_ms = break_ms(order.text[: cut[0].start]) if cut else break_ms(order.text)
        for passage in cut:
            speed = min(max(float(order.voice["speed"]) * passage.rate, _SLOWEST), _FASTEST)
            spoken = reading.spoken(passage.start, passage.end)
            own_pause_ms = pause_ms
            for piece in pieces(self._known(spoken), speed):
                yield self._sounded(piece, order, speed, rng, own_pause_ms)
                own_pause_ms = _CLAUSE_PAUSE_MS if piece.phonemes[-1] in PUNCTUATION else JOINT_PAUSE_MS
                pause_ms = 0
            pause_ms += passage.pause_ms
        yield Placed.silence(pause_ms)

    def _known(self, spoken: Spoken) -> Spoken:
        """Without what is not in the model's alphabet."""
        kept = [i for i, phoneme in enumerate(spoken.phonemes) if self._model.knows(phoneme)]
        return Spoken("".join(spoken.phonemes[i] for i in kept), tuple(spoken.owners[i] for i in kept))

    def _sounded(self, piece: Spoken, order: Order, speed: float, rng: np.random.Generator, pause_ms: int) -> Placed:
        samples, lengths = self._model.sound(
            piece.phonemes,
            speed=speed,
            pitch=float(order.voice["pitch"]),
            rng=rng,
        )
        return trimmed(samples, _ranges(lengths, piece.owners), pause_ms)


def _ranges(lengths: NDArray[np.int64], owners: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The sample range of each word; ``owners[i]`` is the word of the phoneme with id ``i + 1`` (0 is silence)."""
    ends = np.cumsum(lengths).tolist()
    ranges: dict[int, tuple[int, int]] = {}
    for i, word in enumerate(owners):
        if word != NO_WORD:
            ranges[word] = (ranges[word][0] if word in ranges else ends[i], ends[i + 1])
    return ranges


def _within(words: Sequence[tuple[int, int]], found: Sequence[Occurrence]) -> set[int]:
    """The words that dictionary entries replace: where fewer are said ("St. John" → "Sinjin"), they share the time."""
    return {i for i, (start, end) in enumerate(words) if any(low < end and start < high for low, high, _ in found)}


def seed(order: Order) -> list[int]:
    """The seed of the voice's noise: the text and the number of the take, nothing of the process."""
    digest = hashlib.sha256(order.text.encode("utf-8", "surrogatepass")).digest()
    return [int.from_bytes(digest[:8], "big"), order.number]
