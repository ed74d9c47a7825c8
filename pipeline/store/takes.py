"""Takes by content key: audio as FLAC, and beside it a JSON sidecar that is written last.

The sidecar is the commit mark: a FLAC file without one is not a take. Layout: ``takes/ab/<key>.flac`` and
``takes/ab/<key>.json`` where ``ab`` are the key's first two digits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.errors import DamagedTake
from pipeline.store.files import storage_errors, write_atomically
from pipeline.store.keys import KeyInputs

SIDECAR_SCHEMA = 1


class TakeState(StrEnum):
    """What the store has under a key."""

    STORED = "stored"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Take:
    """A stored take without its audio.

    ``speech_start`` and ``speech_end`` are the first and last audible sample (half-open); ``words`` are relative to
    the take's audio and to the segment's text. ``attempt`` is the ledger's attempt that made it.
    """

    key: str
    sha256: str
    size_bytes: int
    sample_rate: int
    samples: int
    speech_start: int
    speech_end: int
    words: WordTimes
    usage: Usage
    attempt: str
    inputs: KeyInputs

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.samples / self.sample_rate


@dataclass(frozen=True, slots=True)
class TakeStore:
    """The takes of one project, in ``folder`` (``.narration/takes``)."""

    folder: Path

    def audio_path(self, key: str) -> Path:
        """Where the audio of a take lies."""
        return self.folder / key[:2] / f"{key}.flac"

    def sidecar_path(self, key: str) -> Path:
        """Where the commit mark of a take lies."""
        return self.folder / key[:2] / f"{key}.json"

    def state(self, key: str) -> TakeState:
        """Look without reading audio: a sidecar that can be read, and a file of the size it names."""
        try:
            take = self.load(key)
        except ValueError:
            return TakeState.DAMAGED
        if take is None:
            return TakeState.MISSING
        return TakeState.STORED if self._has_size(take) else TakeState.DAMAGED

    def load(self, key: str) -> Take | None:
        """The take under ``key``; None where there is none. Raises ValueError where its sidecar is damaged."""
        try:
            data = self.sidecar_path(key).read_bytes()
        except FileNotFoundError:
            return None
        return _take(key, data)

    def stored(self, key: str) -> Take | None:
        """The take under ``key`` if its sidecar and its size are right, else None: one read instead of two."""
        try:
            take = self.load(key)
        except ValueError:
            return None
        return take if take is not None and self._has_size(take) else None

    def _has_size(self, take: Take) -> bool:
        try:
            return self.audio_path(take.key).stat().st_size == take.size_bytes
        except FileNotFoundError:
            return False

    def audio(self, take: Take) -> NDArray[np.int16]:
        """The samples of a take, its checksum verified. Raises DamagedTake."""
        from pipeline.store.flac import decode_flac  # noqa: PLC0415 - plans read sidecars only and need no codec

        path = self.audio_path(take.key)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _damaged(take.key, f"cannot be read ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != take.sha256:
            raise _damaged(take.key, "does not match its checksum")
        try:
            pcm = decode_flac(data)
        except ValueError as error:
            raise _damaged(take.key, str(error)) from error
        if len(pcm) != take.samples:
            raise _damaged(take.key, f"has {len(pcm)} samples instead of {take.samples}")
        return pcm

    def is_intact(self, take: Take) -> bool:
        """Whether the audio is the one that was stored, by checksum."""
        try:
            return hashlib.sha256(self.audio_path(take.key).read_bytes()).hexdigest() == take.sha256
        except OSError:
            return False

    def put(self, key: str, inputs: KeyInputs, speech: Speech, speech_bounds: tuple[int, int], attempt: str) -> Take:
        """Store a take durably: audio first, the sidecar as commit mark. Raises StorageError."""
        from pipeline.store.flac import encode_flac  # noqa: PLC0415

        data = encode_flac(speech.pcm, speech.sample_rate)
        take = Take(
            key=key,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            sample_rate=speech.sample_rate,
            samples=len(speech.pcm),
            speech_start=speech_bounds[0],
            speech_end=speech_bounds[1],
            words=_own(speech.words),
            usage=speech.usage,
            attempt=attempt,
            inputs=inputs,
        )
        write_atomically(self.audio_path(key), data)
        write_atomically(self.sidecar_path(key), _sidecar(take))
        return take

    def set_aside(self, key: str) -> None:
        """Take a damaged take out of use, commit mark first; what is left of it stays in ``damaged/``.

        Raises StorageError.
        """
        folder = self.folder.parent / "damaged"
        for path in (self.sidecar_path(key), self.audio_path(key)):
            with storage_errors(folder / path.name):
                folder.mkdir(parents=True, exist_ok=True)
                if path.exists():
                    path.replace(folder / path.name)

    def all_keys(self) -> Iterator[str]:
        """The keys of all takes with a sidecar."""
        for path in sorted(self.folder.glob("??/*.json")):
            yield path.stem


def _damaged(key: str, how: str) -> DamagedTake:
    return DamagedTake(f"the take {key[:12]} {how}", key=key)


def _own(words: WordTimes) -> WordTimes:
    """The columns in memory of their own: as views of an engine's answer they would keep its audio alive."""
    score = words.score
    return WordTimes(
        char_start=words.char_start.copy(),
        char_end=words.char_end.copy(),
        start_sample=words.start_sample.copy(),
        end_sample=words.end_sample.copy(),
        score=None if score is None else score.copy(),
    )


def _sidecar(take: Take) -> bytes:
    words: dict[str, object] = {
        "char_start": take.words.char_start.tolist(),
        "char_end": take.words.char_end.tolist(),
        "start_sample": take.words.start_sample.tolist(),
        "end_sample": take.words.end_sample.tolist(),
    }
    if take.words.score is not None:
        words["score"] = [round(score, 4) for score in take.words.score.tolist()]
    cost = take.usage.cost_cents
    return orjson.dumps(
        {
            "schema": SIDECAR_SCHEMA,
            "key": take.key,
            "audio": {
                "sha256": take.sha256,
                "bytes": take.size_bytes,
                "sample_rate": take.sample_rate,
                "samples": take.samples,
                "speech": [take.speech_start, take.speech_end],
            },
            "words": words,
            "usage": {
                "audio_seconds": take.usage.audio_seconds,
                "characters": take.usage.characters,
                "cost_cents": None if cost is None else str(cost),
                "request_id": take.usage.request_id,
            },
            "attempt": take.attempt,
            "inputs": dict(take.inputs),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _take(key: str, data: bytes) -> Take:
    try:
        return _parsed(key, orjson.loads(data))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"the sidecar of take {key[:12]} lacks {error}") from error


def _parsed(key: str, sidecar: Mapping[str, Any]) -> Take:
    if sidecar["schema"] != SIDECAR_SCHEMA or sidecar["key"] != key:
        raise ValueError(f"the sidecar of take {key[:12]} is of schema {sidecar['schema']}, key {sidecar['key'][:12]}")
    audio, words, usage = sidecar["audio"], sidecar["words"], sidecar["usage"]
    cost = usage["cost_cents"]
    return Take(
        key=key,
        sha256=audio["sha256"],
        size_bytes=audio["bytes"],
        sample_rate=audio["sample_rate"],
        samples=audio["samples"],
        speech_start=audio["speech"][0],
        speech_end=audio["speech"][1],
        words=WordTimes(
            char_start=np.array(words["char_start"], np.int32),
            char_end=np.array(words["char_end"], np.int32),
            start_sample=np.array(words["start_sample"], np.int32),
            end_sample=np.array(words["end_sample"], np.int32),
            score=np.array(words["score"], np.float32) if "score" in words else None,
        ),
        usage=Usage(
            audio_seconds=usage["audio_seconds"],
            characters=usage["characters"],
            cost_cents=None if cost is None else Decimal(cost),
            request_id=usage["request_id"],
        ),
        attempt=sidecar["attempt"],
        inputs=sidecar["inputs"],
    )
