"""Whether a take is good enough to be stored: audio that came back short is never passed off as the segment."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pipeline.engines.protocol import Order, Speech, Usage, WordTimes
from pipeline.kugelaudio import IncompleteAudioError
from pipeline.script.words import written_words

_FASTEST = 45.0
"""Characters a second that no voice reaches: twice the fastest speed setting's ordinary pace of 19."""
_NO_AUDIO_RATE = 24_000
"""Hz, where nothing came whose rate could be told."""
_FREE_SECONDS = 0.5
"""What is not counted against the pace: a short word may be quick."""


def objection(text: str, speech: Speech, bounds: tuple[int, int]) -> str | None:
    """Why the take cannot stand for ``text``, in a phrase; None where it can."""
    words = written_words(text)
    seconds = len(speech.pcm) / speech.sample_rate
    if not len(speech.pcm):
        return "the engine returned no audio"
    if bounds[1] <= bounds[0]:
        return f"{seconds:.1f} s of silence came back"
    if seconds + _FREE_SECONDS < len(text) / _FASTEST:
        return f"{seconds:.1f} s of audio for {len(text)} characters is too short"
    if words and (not len(speech.words) or int(speech.words.char_end[-1]) < words[-1][1]):
        start, end = words[-1]
        return f"the audio ends before the last word, “{text[start:end]}”"
    return None


def incomplete_speech(order: Order, error: IncompleteAudioError) -> Speech:
    """What came of an answer that the client found incomplete, without its word times; it may be no audio at all."""
    part, told = error.partial, error.usage
    nothing = np.zeros(0, np.int32)
    cents = None if told is None or told.cost_cents is None else Decimal(str(told.cost_cents))
    seconds = 0.0 if part is None else part.duration_seconds
    return Speech(
        pcm=np.zeros(0, np.int16) if part is None else np.frombuffer(part.audio, "<i2").astype(np.int16, copy=False),
        sample_rate=_NO_AUDIO_RATE if part is None else part.sample_rate,
        words=WordTimes(nothing, nothing, nothing, nothing),
        usage=Usage(
            audio_seconds=seconds if told is None else told.audio_seconds,
            characters=len(order.text),
            cost_cents=cents,
            request_id=error.request_id,
        ),
    )
