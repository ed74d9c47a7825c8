"""What word times and sound say about each other: silent words, sound without words, stretched words, low scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.protocol import WordTimes
from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, Envelope, audible, runs, speech_level
from pipeline.reports.quality.findings import Blemish, Kind, Severity, graded
from pipeline.reports.quality.limits import Limits
from pipeline.script.words import written_words

LETTERS_OF_A_DIGIT = 4
"""What a digit is spoken as: 'four', 'seven', 'hundred'."""
_EDGE_MS = 60
"""Engines' word times are right to about this."""
_SHORTEST_WORD_LETTERS = 3
_BREATH_DB = 25.0
"""Breath is further below speech than this."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """Words of a take with their windows; ``sound`` is how many windows of each are audible, ``voiced`` tells the
    windows of the take that are as loud as speech."""

    text: str
    words: WordTimes
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    sound: NDArray[np.int64]
    voiced: NDArray[np.bool_]
    rate: int

    def written(self, index: int) -> str:
        return self.text[int(self.words.char_start[index]) : int(self.words.char_end[index])]

    def phrase(self, first: int, last: int) -> str:
        """The text from one word to another."""
        return self.text[int(self.words.char_start[first]) : int(self.words.char_end[last])]

    def seconds(self, index: int) -> float:
        return float(self.words.start_sample[index]) / self.rate


def spoken_letters(text: str) -> int:
    """Letters to be spoken: digits are words of their own."""
    return sum(LETTERS_OF_A_DIGIT if each.isdigit() else 1 for each in text if each.isalnum())


def word_blemishes(text: str, words: WordTimes, levels: Envelope, rate: int, limits: Limits) -> list[Blemish]:
    """What is wrong with a take's words. ``levels`` is its envelope, ``rate`` what the word times count at."""
    if not len(words):
        return list(_untimed(text, words, rate))
    timed = _timed(text, words, levels, rate)
    return [
        *_untimed(text, words, rate),
        *_silent(timed, limits),
        *_extra(timed, limits),
        *_stretched(timed, limits),
        *_overlaps(timed, limits),
        *_scores(timed, limits),
    ]


def _timed(text: str, words: WordTimes, levels: Envelope, rate: int) -> _Timed:
    loud = speech_level(levels)
    heard = audible(levels, loud)
    sums = np.concatenate([[0], np.cumsum(heard)])
    first = words.start_sample.astype(np.int64) * WINDOWS_PER_SECOND // rate
    last = -(-words.end_sample.astype(np.int64) * WINDOWS_PER_SECOND // rate)
    sound = sums[np.clip(last, 0, len(heard))] - sums[np.clip(first, 0, len(heard))]
    return _Timed(text, words, first, last, sound, levels > loud - _BREATH_DB, rate)


def _untimed(text: str, words: WordTimes, rate: int) -> Iterator[Blemish]:
    """Written words without a time: the engine may not have spoken them."""
    starts, ends = words.char_start.tolist(), words.char_end.tolist()
    covered = np.zeros(len(text) + 1, np.bool_)
    for start, end in zip(starts, ends, strict=True):
        covered[start:end] = True
    missing = [(start, end) for start, end in written_words(text) if not covered[start:end].any()]
    if missing:
        start = missing[0][0]
        before = int(np.searchsorted(words.char_start, start)) - 1
        seconds = int(words.end_sample[before]) / rate if before >= 0 else 0.0
        share = len(missing) / max(1, len(written_words(text)))
        severity = Severity.ERROR if share > 0.5 else Severity.WARNING
        shown = " ".join(text[start:end] for start, end in missing[:5])
        message = f"{len(missing)} written words have no time: {shown}"
        yield Blemish(
            Kind.WORD_UNTIMED,
            severity,
            seconds,
            message,
            value=float(len(missing)),
            limit=0.0,
            unit="words",
            excess=float(len(missing)),
            char=start,
        )


def _silent(timed: _Timed, limits: Limits) -> Iterator[Blemish]:
    """Words during whose time nothing is heard, or that have no time to be heard in."""
    letters = np.array([spoken_letters(timed.written(index)) for index in range(len(timed.words))])
    for first, end in runs((timed.sound == 0) & (letters >= _SHORTEST_WORD_LETTERS)):
        count = end - first
        severity = Severity.ERROR if count >= limits.silent_words else Severity.WARNING
        message = f"nothing is heard while “{timed.phrase(first, end - 1)}” should be"
        yield Blemish(
            Kind.WORD_SILENT,
            severity,
            timed.seconds(first),
            message,
            value=float(count),
            limit=0.0,
            unit="words",
            excess=float(count),
            char=int(timed.words.char_start[first]),
        )


def _extra(timed: _Timed, limits: Limits) -> Iterator[Blemish]:
    """Sound before, between or after the words, louder than breath: a repeated word, a hum, a cough."""
    edge = _EDGE_MS * WINDOWS_PER_SECOND // 1000
    free = np.ones(len(timed.voiced), np.bool_)
    for first, last in zip(timed.first.tolist(), timed.last.tolist(), strict=True):
        free[max(0, first - edge) : last + edge] = False
    for start, end in runs(free):
        loud = np.flatnonzero(timed.voiced[start:end])
        length_ms = len(loud) * 1000 / WINDOWS_PER_SECOND
        severity = graded(length_ms, *limits.extra_sound_ms)
        if severity:
            first = start + int(loud[0])
            index = int(np.searchsorted(timed.first, first))
            where = "before the first word" if index == 0 else "after the last word"
            if 0 < index < len(timed.words):
                where = f"between “{timed.written(index - 1)}” and “{timed.written(index)}”"
            message = f"{length_ms:.0f} ms of sound {where} that no word accounts for"
            yield Blemish(
                Kind.EXTRA_SOUND,
                severity,
                first / WINDOWS_PER_SECOND,
                message,
                value=length_ms,
                limit=limits.extra_sound_ms[0],
                unit="ms",
                excess=length_ms,
                char=int(timed.words.char_start[min(index, len(timed.words) - 1)]),
            )


def _stretched(timed: _Timed, limits: Limits) -> Iterator[Blemish]:
    """Words far longer than the take's own pace explains: spoken twice, or held."""
    letters = np.array([spoken_letters(timed.written(index)) for index in range(len(timed.words))])
    if letters.sum() == 0 or len(letters) < 3:
        return
    pace = float(np.median(timed.sound / np.maximum(letters, 1)))
    most = (letters * pace * limits.stretched + WINDOWS_PER_SECOND / 2).tolist()
    for index in np.flatnonzero(timed.sound > np.array(most)).tolist():
        length_ms, limit_ms = (1000 / WINDOWS_PER_SECOND * each for each in (int(timed.sound[index]), most[index]))
        message = f"“{timed.written(index)}” takes {length_ms:.0f} ms"
        yield Blemish(
            Kind.WORD_STRETCHED,
            Severity.WARNING,
            timed.seconds(index),
            message,
            value=length_ms,
            limit=limit_ms,
            unit="ms",
            excess=length_ms / limit_ms,
            char=int(timed.words.char_start[index]),
        )


def _overlaps(timed: _Timed, limits: Limits) -> Iterator[Blemish]:
    """Words whose times lie over each other: an aligner that lost its place."""
    starts, ends = timed.words.start_sample.tolist(), timed.words.end_sample.tolist()
    over = [1000 * (end - start) / timed.rate for end, start in _ends_and_starts(starts, ends)]
    found = [index for index, length_ms in enumerate(over) if length_ms > limits.overlap_ms]
    if found:
        worst = max(found, key=lambda index: over[index])
        message = f"the times of {len(found)} words lie over the next one's, “{timed.written(worst)}” by most"
        yield Blemish(
            Kind.WORDS_OVERLAP,
            Severity.WARNING,
            timed.seconds(worst),
            message,
            value=over[worst],
            limit=limits.overlap_ms,
            unit="ms",
            excess=over[worst],
            char=int(timed.words.char_start[worst]),
        )


def _ends_and_starts(starts: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    """The end of each word with the start of the next."""
    for (_, end), (start, _) in pairwise(zip(starts, ends, strict=True)):
        yield end, start


def _scores(timed: _Timed, limits: Limits) -> Iterator[Blemish]:
    """Low confidence of the alignment: as a whole, and of several words in a row."""
    score = timed.words.score
    if score is None:
        return
    mean = float(score.mean())
    severity = graded(-mean, *(-limit for limit in limits.low_score))
    if severity:
        message = f"the words' mean alignment score is {mean:.2f}"
        yield Blemish(
            Kind.LOW_SCORE,
            severity,
            0.0,
            message,
            value=mean,
            limit=limits.low_score[0],
            unit="of 1",
            excess=1 - mean,
            char=0,
        )
        return
    for first, end in runs(score < limits.low_score[1]):
        if end - first >= limits.low_score_words:
            message = f"“{timed.phrase(first, end - 1)}” is aligned with a score of {score[first:end].mean():.2f}"
            yield Blemish(
                Kind.LOW_SCORE,
                Severity.WARNING,
                timed.seconds(first),
                message,
                value=float(score[first:end].mean()),
                limit=limits.low_score[1],
                unit="of 1",
                excess=float(end - first) / 100,
                char=int(timed.words.char_start[first]),
            )
