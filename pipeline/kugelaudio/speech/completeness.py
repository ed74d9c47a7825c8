"""Notice audio that came back short although the server said it was done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.kugelaudio.models import SessionUsage, WordTimestamp
from pipeline.kugelaudio.speech.request import SpeechRequest
from pipeline.kugelaudio.speech.sequence import AudioSequence

NATIVE_RATE: Final = 24000
"""Hz in which ``total_samples`` counts, before resampling and speed."""
FASTEST: Final = 1.2
"""The highest rate that ``<prosody rate>`` may ask for."""
SLACK: Final = 0.01
SLACK_SAMPLES: Final = NATIVE_RATE // 20
"""Resamplers and time-stretching lose a little at the edges of each chunk: 1 % and 50 ms are let pass."""

_TAG = re.compile(r"</?(?:break|spell|prosody)\b[^>]*>")
_SPOKEN = re.compile(r"\w[\w'’\-]*")


def missing_audio(final: Mapping[str, Any], audio: AudioSequence, request: SpeechRequest) -> str | None:
    """Say what is short about the audio against the final frame; None when nothing is."""
    if not audio.complete:
        return "audio frames in the middle are missing"
    if not audio.samples:
        return "there is no audio"
    frames = final.get("chunks")
    if isinstance(frames, int) and audio.frames < frames:
        return f"{audio.frames} of {frames} audio frames came"
    native = final.get("total_samples")
    if isinstance(native, int) and not isinstance(native, bool):
        rate = FASTEST if "<prosody" in request.text else 1.0
        least = native / max(rate, request.speed, 1.0) * (1 - SLACK) - SLACK_SAMPLES
        came = audio.samples * NATIVE_RATE / audio.sample_rate
        if came < least:
            return f"{came / NATIVE_RATE:.2f} s of audio came, at least {least / NATIVE_RATE:.2f} s were announced"
    return None


def short_of_account(usage: SessionUsage | None, came_s: float, speed: float) -> str | None:
    """Say what is short about the audio of a session against its account; None when nothing is, or none was given.

    The account counts generated audio; speed, and ``<prosody>`` anywhere in the text, make the delivered shorter.
    """
    if usage is None:
        return None
    least_s = usage.audio_seconds / max(speed, FASTEST) * (1 - SLACK) - SLACK_SAMPLES / NATIVE_RATE
    return f"{came_s:.2f} s of audio came, {usage.audio_seconds:.2f} s were generated" if came_s < least_s else None


def missing_words(text: str, words: Sequence[WordTimestamp]) -> str | None:
    """Say whether the last words of ``text`` have no timestamp; None when they have, or nothing is to be spoken.

    A word counts as reached when a timestamp covers it by offset, or is the same word: a server that rewrites
    numbers may put its offsets a little off.
    """
    spoken = _last_word(_without_tags(text) if "<" in text else text)
    if spoken is None:
        return None
    if not words:
        return "no word has a timestamp"
    start, last = spoken
    reached = max(word.char_end for word in words)
    if reached > start or _bare(words[-1].word) == _bare(last):
        return None
    return f"the last words have no timestamp (text after character {reached})"


def _last_word(text: str) -> tuple[int, str] | None:
    """Where the last word starts, and the word. No word holds white space, so it is sought from the end."""
    end = len(text)
    for piece in reversed(text.split()):
        end = text.rindex(piece, 0, end)
        for match in reversed(list(_SPOKEN.finditer(piece))):
            return end + match.start(), match.group()
    return None


def unspoken_between(text: str, start: int, end: int) -> str | None:
    """Return the first whole word of letters in ``text[start:end]``, where two neighbouring frames leave one out."""
    if not any(map(str.isalpha, text[start:end])):
        return None
    for match in _SPOKEN.finditer(_without_tags(text)):
        if match.start() >= start and match.end() <= end and any(map(str.isalpha, match.group())):
            return match.group()
    return None


def _without_tags(text: str) -> str:
    return _TAG.sub(lambda match: " " * len(match.group()), text)


def _bare(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", word).casefold() if char.isalnum())
