"""From an order to speech with eSpeak NG: sentence by sentence, word events brought back to the written words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from pipeline.engines.espeak.library import Library, WordEvent
from pipeline.engines.local.joining import SAMPLE_RATE, Placed, joined, trimmed
from pipeline.engines.local.markup import Markup, break_ms, parse_markup
from pipeline.engines.local.passages import Passage, passages
from pipeline.engines.local.traced import Traced
from pipeline.engines.local.word_columns import shared, word_columns
from pipeline.engines.local.word_places import WordPlaces
from pipeline.engines.protocol import Order, Speech, Usage
from pipeline.script.dictionary import Occurrence, occurrences
from pipeline.script.words import written_words

_WORDS_PER_MINUTE = 175  # eSpeak NG's normal rate (espeakRATE)
_SLOWEST, _FASTEST = 80, 450  # and its limits
_CHARACTER = re.compile(r"\w")


class EspeakSpeaker:
    """eSpeak NG, loaded: one per worker process."""

    def __init__(self) -> None:
        self._library = Library()

    def speak(self, order: Order) -> Speech:
        """Speak an order. eSpeak NG keeps state: an order spoken twice differs in inaudible detail."""
        words = written_words(order.text)
        pcm, heard = joined(self._parts(order, WordPlaces(words)))
        sounded = {i for i, (start, end) in enumerate(words) if _CHARACTER.search(order.text, start, end)}
        return Speech(
            pcm=pcm,
            sample_rate=SAMPLE_RATE,
            words=word_columns(words, shared(heard, words, sounded), len(pcm)),
            usage=Usage(audio_seconds=len(pcm) / SAMPLE_RATE, characters=len(order.text)),
        )

    def _parts(self, order: Order, places: WordPlaces) -> Iterator[Placed]:
        """What is said, in order, each with the pause before it; a last one without sound holds the final pause."""
        markup = parse_markup(order.text)
        found = occurrences(order.text, order.entries)
        cut = passages(order.text, order.language, markup, [(start, end) for start, end, _ in found])
        pause_ms = break_ms(order.text[: cut[0].start]) if cut else break_ms(order.text)
        for passage in cut:
            text = _said(order.text, passage, markup, found)
            sound, events = self._library.speak(
                text.text,
                voice=str(order.voice["voice"]),
                words_per_minute=_rate(float(order.voice["speed"]) * passage.rate),
                pitch=int(order.voice["pitch"]),
            )
            owners = _owners(events, text, places)
            if owners:
                samples = _resampled(sound, self._library.sample_rate)
                yield trimmed(samples, _ranges(owners, len(samples), self._library.sample_rate), pause_ms)
                pause_ms = 0
            pause_ms += passage.pause_ms
        yield Placed.silence(pause_ms)


def _said(text: str, passage: Passage, markup: Markup, found: Sequence[Occurrence]) -> Traced:
    """The passage as it is said: tags gone, dictionary words replaced, ``<spell>`` as single capital letters."""
    start, end = passage.start, passage.end
    spelled = [i for low, high in markup.spelled for i in range(max(low, start), min(high, end))]
    edits = [(low, high, "") for low, high in markup.tags if start <= low and high <= end]
    edits += [(i, i + 1, f" {text[i].upper()} ") for i in spelled]
    edits += [
        (low, high, entry.replacement)
        for low, high, entry in found
        if start <= low and high <= end and entry.replacement and low not in spelled
    ]
    return Traced.of(text, start, end).edited([(low - start, high - start, new) for low, high, new in sorted(edits)])


def _owners(events: Sequence[WordEvent], text: Traced, places: WordPlaces) -> list[tuple[int, int]]:
    """For each event the written word that it says, and its sample; words never go back.

    eSpeak NG raises several events for a number, none for a word that it joins to the one before, and its position
    can fall on the space before a word: such an event is for that word, unless the word has its own.
    """
    exact = {i: _word_at(event.position, text, places) for i, event in enumerate(events)}
    taken = set(exact.values())
    owners: list[tuple[int, int]] = []
    word = 0
    for i, event in enumerate(events):
        following = _word_at(event.position + 1, text, places)
        at = exact[i]
        if at is None:
            at = following if following is not None and following not in taken else word
        word = max(word, at)
        owners.append((word, event.sample))
    return owners


def _word_at(position: int, text: Traced, places: WordPlaces) -> int | None:
    if not 0 <= position < len(text) or text.text[position].isspace():
        return None
    return places.at(text.starts[position], text.ends[position])


def _ranges(owners: Sequence[tuple[int, int]], length: int, sample_rate: int) -> dict[int, tuple[int, int]]:
    """The sample range of each word at the final rate: from its first event to the next word's."""
    starts = [min(sample * SAMPLE_RATE // sample_rate, length - 1) for _, sample in owners]
    ranges: dict[int, tuple[int, int]] = {}
    for (word, _), start, following in zip(owners, starts, [*starts[1:], length], strict=True):
        ranges[word] = (ranges[word][0] if word in ranges else start, max(following, start + 1))
    return ranges


def _resampled(sound: NDArray[np.int16], sample_rate: int) -> NDArray[np.float32]:
    samples = sound.astype(np.float32) / np.float32(32768)
    divisor = np.gcd(SAMPLE_RATE, sample_rate)
    resampled = resample_poly(samples, SAMPLE_RATE // divisor, sample_rate // divisor)
    return np.asarray(resampled, np.float32)


def _rate(speed: float) -> int:
    return min(max(round(_WORDS_PER_MINUTE * speed), _SLOWEST), _FASTEST)
