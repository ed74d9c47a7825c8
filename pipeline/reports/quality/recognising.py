"""Takes written down by a local recogniser, and held against the manuscript (extra ``asr``, English only).

PocketSphinx brings its American English model in the wheel; nothing is downloaded and nothing leaves the machine. Its
errors are many and small, so only what is gross is found: several words in a row that are not heard, or heard twice.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.reports.quality.findings import Blemish, Kind, graded
from pipeline.reports.quality.take_listening import Transcript
from pipeline.script.words import written_words

_RATE = 16_000
_FRAMES_PER_SECOND = 100
_WORDS = (4.0, 7.0)
"""Words in a row, besides those that may stand for others: what the recogniser loses by itself is shorter."""
_SPOKEN_DIGITS = 2
"""A number is so many words more than it is written, about."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as recognised, and when it begins in the take."""

    word: str
    seconds: float


def recogniser() -> Transcript:
    """A check of takes by recognition. Raises UsageError where the extra is not installed."""
    try:
        import pocketsphinx  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--transcribe needs a recogniser", hint="pip install 'narrate[asr]'") from error
    own = threading.local()

    def check(text: str, language: str, pcm: NDArray[np.int16], rate: int) -> list[Blemish]:
        if language.split("-", maxsplit=1)[0] != "en" or not len(pcm):
            return []
        if not hasattr(own, "decoder"):
            own.decoder = pocketsphinx.Decoder(loglevel="FATAL")
        return transcript_blemishes(text, _recognised(own.decoder, pcm, rate))

    return check


def _recognised(decoder: Any, pcm: NDArray[np.int16], rate: int) -> list[HeardWord]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    decoder.start_utt()
    decoder.process_raw(b"".join(made.to_ndarray().tobytes() for made in frames), full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    return [
        HeardWord(part.word.split("(")[0], part.start_frame / _FRAMES_PER_SECOND)
        for part in decoder.seg()
        if part.word[0] not in "<[+"
    ]


def transcript_blemishes(text: str, heard: Sequence[HeardWord]) -> list[Blemish]:
    """Runs of written words that were not heard, and of heard words that are not written."""
    spans = written_words(text)
    written = [_plain(text[start:end]) for start, end in spans]
    matcher = SequenceMatcher(None, written, [_plain(each.word) for each in heard], autojunk=False)
    found = []
    for tag, first, last, heard_first, heard_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        numbers = _SPOKEN_DIGITS * sum(any(map(str.isdigit, word)) for word in written[first:last])
        missing = (last - first) - (heard_last - heard_first)
        severity = graded(abs(missing) - numbers, *(limit - 0.5 for limit in _WORDS))
        if severity is None:
            continue
        at = heard[min(heard_first, len(heard) - 1)].seconds if heard else 0.0
        char = spans[min(first, len(spans) - 1)][0] if spans else 0
        if missing > 0:
            phrase = text[spans[first][0] : spans[last - 1][1]]
            message = f"{missing} words are not recognised: “{phrase[:80]}”"
        else:
            message = f"{-missing} words more than are written: “{_said(heard[heard_first:heard_last])}”"
        kind = Kind.WORDS_MISSING if missing > 0 else Kind.WORDS_REPEATED
        found.append(
            Blemish(
                kind,
                severity,
                at,
                message,
                value=float(abs(missing)),
                limit=_WORDS[0] - 1,
                unit="words",
                excess=float(abs(missing)),
                char=char,
            )
        )
    return found


def _said(heard: Sequence[HeardWord]) -> str:
    return " ".join(each.word for each in heard)[:80]


def _plain(word: str) -> str:
    return "".join(each for each in word.casefold() if each.isalnum())
