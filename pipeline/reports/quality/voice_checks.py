"""Takes against the other takes of their voice: level and pace, by median and spread, and pace by absolute bounds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.reports.quality.findings import Blemish, Kind, Severity, graded
from pipeline.reports.quality.limits import Limits

_FEWEST = 5
"""Takes that a median is taken of."""
_NORMAL = 1.4826
"""Median absolute deviation to standard deviation, where values lie normally."""
_SIGMAS = 4.0
_SYLLABLE_DB = 2.5
"""How much the level of a second of speech differs from that of ten minutes: syllables differ by 5 dB, four make a
second."""
_WORD_SPREAD = 0.35
"""Standard deviation of the logarithm of a word's length in time, over that of its letters."""
_WORD_LETTERS = 4.5
"""Of a word of English prose; longer words only make the lower bound more lenient."""
_UNSPACED = frozenset({"ja", "zh", "th", "lo", "km", "my", "yue"})
"""Languages without spaces between words: what counts as a word there has no bounds per minute."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A take in numbers: level of its speech in dB, seconds from first to last sound, words, letters to be spoken."""

    key: str
    voice: str
    language: str
    speed: float
    level_db: float
    seconds: float
    words: int
    letters: int

    @property
    def words_per_minute(self) -> float:
        """How fast."""
        return 60 * self.words / self.seconds if self.seconds else 0.0

    @property
    def letters_per_minute(self) -> float:
        """The same in letters."""
        return 60 * self.letters / self.seconds if self.seconds else 0.0


def voice_blemishes(takes: Iterable[Spoken], limits: Limits) -> Iterator[tuple[str, Blemish]]:
    """What stands out among the takes of a voice, with the key of the take."""
    voices: dict[tuple[str, str], list[Spoken]] = defaultdict(list)
    for take in takes:
        voices[take.voice, take.language].append(take)
    for spoken in voices.values():
        yield from _levels(spoken, limits)
        yield from _paces(spoken, limits)


def _levels(spoken: Sequence[Spoken], limits: Limits) -> Iterator[tuple[str, Blemish]]:
    heard = [take for take in spoken if take.seconds > 0]
    if len(heard) < _FEWEST:
        return
    usual, spread = median_and_spread([take.level_db for take in heard])
    for take in heard:
        off = abs(take.level_db - usual)
        explained = max(_SIGMAS * spread - limits.voice_level_db[0], 3 * _SYLLABLE_DB / math.sqrt(take.seconds), 0.0)
        severity = graded(off - explained, *limits.voice_level_db)
        if severity:
            more = "louder" if take.level_db > usual else "quieter"
            message = f"{off:.1f} dB {more} than the takes of {take.voice} usually are"
            bound = usual + math.copysign(limits.voice_level_db[0] + explained, take.level_db - usual)
            yield (
                take.key,
                Blemish(
                    Kind.VOICE_LEVEL,
                    severity,
                    0.0,
                    message,
                    value=take.level_db,
                    limit=bound,
                    unit="dB",
                    excess=off,
                ),
            )


def _paces(spoken: Sequence[Spoken], limits: Limits) -> Iterator[tuple[str, Blemish]]:
    long = [take for take in spoken if take.words >= limits.pace_words and take.seconds > 0]
    by_words = _off_pace(long, [take.words / take.seconds for take in long], [take.words for take in long])
    by_letters = _off_pace(long, [take.letters / take.seconds for take in long], [take.words for take in long])
    for take, words, letters in zip(long, by_words, by_letters, strict=True):
        # Long words are few in a minute, short ones have few letters: only what is off in both is off.
        off = min(abs(words), abs(letters)) if words * letters > 0 else 0.0
        severity = graded(off, *(math.log(factor) for factor in limits.pace_factor))
        low, high = (bound * take.speed for bound in limits.words_per_minute)
        absolute = take.language.split("-")[0] not in _UNSPACED and (
            max(take.words_per_minute, take.letters_per_minute / _WORD_LETTERS) < low
            or min(take.words_per_minute, take.letters_per_minute / _WORD_LETTERS) > high
        )
        if absolute or severity:
            usual = 60 * float(np.median([each.words / each.seconds for each in long]))
            message = f"{take.words_per_minute:.0f} words a minute"
            message += f"; {take.voice} usually speaks {usual:.0f}" if len(long) >= _FEWEST else ""
            bound = (low if take.words_per_minute < low else high) if absolute else usual
            yield (
                take.key,
                Blemish(
                    Kind.PACE,
                    Severity.ERROR if absolute else severity or Severity.WARNING,
                    0.0,
                    message,
                    value=take.words_per_minute,
                    limit=bound,
                    unit="words per minute",
                    excess=max(off, 1.0 if absolute else 0.0),
                ),
            )


def _off_pace(takes: Sequence[Spoken], rates: Sequence[float], words: Sequence[int]) -> list[float]:
    """By how much more (logarithm of a factor) each take is off the median than its length and the voice's spread
    explain; 0 where there are too few takes to tell."""
    if len(takes) < _FEWEST:
        return [0.0] * len(takes)
    logs = [math.log(rate) if rate > 0 else -math.inf for rate in rates]
    usual, spread = median_and_spread(logs)
    off = []
    for log, count in zip(logs, words, strict=True):
        explained = max(3 * _WORD_SPREAD / math.sqrt(count), (_SIGMAS - 2) * spread)
        off.append(math.copysign(max(0.0, abs(log - usual) - explained), log - usual))
    return off


def median_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Median, and a standard deviation that a few wild values do not move (from the median absolute deviation)."""
    column = np.asarray(values, np.float64)
    median = float(np.median(column))
    return median, _NORMAL * float(np.median(np.abs(column - median)))
