"""Whether a take is good enough to be stored: audio that came back short is never passed off as the segment."""

from __future__ import annotations

from pipeline.engines.protocol import Speech
from pipeline.script.words import written_words

_FASTEST = 45.0
"""Characters a second that no voice reaches: twice the fastest speed setting's ordinary pace of 19."""
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
