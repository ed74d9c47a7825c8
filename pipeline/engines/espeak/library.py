"""The C library of eSpeak NG (speak_lib.h), through ctypes: text in, sound and word events out."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.espeak.release import data_path, library_path, voice_file

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: espeak_Synth returns when all is said
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_CHARACTERS_UTF8 = 1
_POSITION_CHARACTER = 1
_RATE, _PITCH = 1, 3
_EVENT_END, _EVENT_WORD = 0, 1


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class WordEvent:
    """A word that was said: where it starts in the text (code points from 0) and in the sound (samples)."""

    position: int
    sample: int


class Library:
    """eSpeak NG, initialised: one for a process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(str(library_path()))
        self._library.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        self.sample_rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, str(data_path()).encode(), _DONT_EXIT))
        if self.sample_rate <= 0:
            raise OSError(f"eSpeak NG found nothing to start with in {data_path()}")
        self._sound: list[NDArray[np.int16]] = []
        self._events: list[WordEvent] = []
        self._callback = _Callback(self._receive)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, text: str, *, voice: str, words_per_minute: int, pitch: int
    ) -> tuple[NDArray[np.int16], list[WordEvent]]:
        """Say plain text (no markup). Raises ValueError where the voice is not there."""
        self._check(self._library.espeak_SetVoiceByName(voice_file(voice).encode()), f"set the voice {voice!r}")
        self._check(self._library.espeak_SetParameter(_RATE, words_per_minute, 0), "set the rate")
        self._check(self._library.espeak_SetParameter(_PITCH, pitch, 0), "set the pitch")
        self._sound, self._events = [], []
        encoded = text.replace("\0", " ").encode("utf-8", "replace")
        size = len(encoded) + 1
        self._check(
            self._library.espeak_Synth(encoded, size, 0, _POSITION_CHARACTER, 0, _CHARACTERS_UTF8, None, None), "speak"
        )
        return np.concatenate(self._sound) if self._sound else np.zeros(0, np.int16), self._events

    def _receive(self, sound: Any, samples: int, events: Any) -> int:
        if sound and samples > 0:
            self._sound.append(np.ctypeslib.as_array(sound, (samples,)).copy())
        i = 0
        while events[i].type != _EVENT_END:
            if events[i].type == _EVENT_WORD:
                self._events.append(WordEvent(events[i].text_position - 1, events[i].sample))
            i += 1
        return 0

    @staticmethod
    def _check(status: int, what: str) -> None:
        if status != 0:
            raise ValueError(f"eSpeak NG could not {what} (status {status})")
