"""Sidecars: what a take's JSON file says, and the take that it tells of.

A sidecar is written last and is the commit mark; its last member is a digest of all that stands before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import orjson

from pipeline.engines.protocol import Usage, WordTimes
from pipeline.errors import StorageError
from pipeline.store.keys import KeyInputs

SIDECAR_SCHEMA = 1
_DIGEST = b',"digest":"'
"""What stands before the last member of a sidecar: the SHA-256 of all that stands before it."""

_MEMBERS = frozenset({"schema", "key", "audio", "words", "usage", "attempt", "inputs"})
"""Of a sidecar without a digest: with any other it had one, before it was damaged."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Take:
    """A stored take without its audio and its words: what a plan needs of ten thousand takes at once.

    ``speech_start`` and ``speech_end`` are the first and last audible sample (half-open). ``attempt`` is the ledger's
    attempt that made it. :meth:`TakeStore.words` and :meth:`TakeStore.audio` read the rest, chapter by chapter.
    """

    key: str
    sha256: str
    size_bytes: int
    sample_rate: int
    samples: int
    speech_start: int
    speech_end: int
    usage: Usage
    attempt: str
    inputs: KeyInputs

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.samples / self.sample_rate


def write_sidecar(take: Take, times: WordTimes) -> bytes:
    """A take and its words as its sidecar."""
    words: dict[str, object] = {
        "char_start": times.char_start.tolist(),
        "char_end": times.char_end.tolist(),
        "start_sample": times.start_sample.tolist(),
        "end_sample": times.end_sample.tolist(),
    }
    if times.score is not None:
        words["score"] = [round(score, 4) for score in times.score.tolist()]
    cost = take.usage.cost_cents
    written = orjson.dumps(
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
        }
    )[:-1]
    return b'%b%b%b"}\n' % (written, _DIGEST, hashlib.sha256(written).hexdigest().encode())


def read_sidecar(key: str, data: bytes) -> Take:
    """The take that a sidecar of ``key`` tells of, from wherever it came, all of it looked at. Raises ValueError for
    what is not one, StorageError for one of a later version.
    """
    read_words(key, data)
    return read_take(key, data)


def read_take(key: str, data: bytes, inputs: KeyInputs | None = None) -> Take:
    """The take of a sidecar, its digest not looked at; ``inputs`` are what the key was made of, where the caller has
    them. Raises ValueError, StorageError."""
    return _checked(key, _parsed(data), partial(_take, inputs))


def read_words(key: str, data: bytes) -> WordTimes:
    """The words of a sidecar, held to its digest, which those of earlier versions lack. Raises ValueError,
    StorageError."""
    return _checked(key, _verified(data), _word_times)


def _parsed(data: bytes) -> dict[str, Any]:
    """A sidecar as it stands. Raises ValueError; StorageError for one of a later version, which is no damage: to take
    it for that would buy a library again."""
    sidecar: dict[str, Any] = orjson.loads(data)
    if not isinstance(sidecar, dict):
        raise ValueError("its sidecar is no object")
    schema = sidecar.get("schema")
    if type(schema) is int and schema > SIDECAR_SCHEMA and _keeps_its_digest(sidecar, data):
        raise StorageError(
            f"the take {str(sidecar.get('key'))[:12]} is of schema {schema}; this narrate reads up to {SIDECAR_SCHEMA}",
            hint="use the version of narrate that wrote it, or a later one",
        )
    return sidecar


def _verified(data: bytes) -> Mapping[str, Any]:
    """A sidecar, held to its digest, which those of earlier versions lack. Raises ValueError, StorageError."""
    sidecar = _parsed(data)
    if not _keeps_its_digest(sidecar, data) or not ("digest" in sidecar or _MEMBERS.issuperset(sidecar)):
        raise ValueError("its sidecar does not match its digest")
    return sidecar


def _keeps_its_digest(sidecar: Mapping[str, Any], data: bytes) -> bool:
    written, mark, _ = data.rpartition(_DIGEST)
    return not mark or sidecar.get("digest") == hashlib.sha256(written).hexdigest()


def _checked(key: str, sidecar: Mapping[str, Any], read: Callable[[str, Mapping[str, Any]], _T]) -> _T:
    """What ``read`` makes of a sidecar of this key. Raises ValueError where it is not one, or lacks something."""
    try:
        if sidecar["schema"] != SIDECAR_SCHEMA or sidecar["key"] != key:
            found = f"of schema {sidecar['schema']}, key {sidecar['key'][:12]}"
            raise ValueError(f"the sidecar of take {key[:12]} is {found}")
        return read(key, sidecar)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"the sidecar of take {key[:12]} lacks {error}") from error
    except ArithmeticError as error:
        raise ValueError(f"the sidecar of take {key[:12]} holds a number that is none") from error


def _take(inputs: KeyInputs | None, key: str, sidecar: Mapping[str, Any]) -> Take:
    audio, usage = sidecar["audio"], sidecar["usage"]
    cost = usage["cost_cents"]
    counts = (audio["bytes"], audio["sample_rate"], audio["samples"], audio["speech"][0], audio["speech"][1])
    if any(type(count) is not int or count < 0 for count in counts) or not audio["sample_rate"]:
        raise TypeError("its counts")
    return Take(
        key=key,
        sha256=audio["sha256"],
        size_bytes=audio["bytes"],
        sample_rate=audio["sample_rate"],
        samples=audio["samples"],
        speech_start=audio["speech"][0],
        speech_end=audio["speech"][1],
        usage=Usage(
            audio_seconds=usage["audio_seconds"],
            characters=usage["characters"],
            cost_cents=None if cost is None else Decimal(cost),
            request_id=usage["request_id"],
        ),
        attempt=sidecar["attempt"],
        inputs=sidecar["inputs"] if inputs is None else inputs,
    )


def _word_times(_key: str, sidecar: Mapping[str, Any]) -> WordTimes:
    import numpy as np  # noqa: PLC0415 - plans read no words and need no columns

    words = sidecar["words"]
    return WordTimes(
        char_start=np.array(words["char_start"], np.int32),
        char_end=np.array(words["char_end"], np.int32),
        start_sample=np.array(words["start_sample"], np.int32),
        end_sample=np.array(words["end_sample"], np.int32),
        score=np.array(words["score"], np.float32) if "score" in words else None,
    )
