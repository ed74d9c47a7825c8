"""Takes by content key: audio as FLAC, and beside it a JSON sidecar that is written last.

The sidecar is the commit mark: a FLAC file without one is not a take. Layout: ``takes/ab/<key>.flac`` and
``takes/ab/<key>.json`` where ``ab`` are the key's first two digits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.errors import DamagedTake, StorageError
from pipeline.store.compression import Compression
from pipeline.store.files import storage_error, storage_errors, write_together
from pipeline.store.keys import KeyInputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDECAR_SCHEMA = 1
_DIGEST = b',"digest":"'
"""What stands before the last member of a sidecar: the SHA-256 of all that stands before it."""

_MEMBERS = frozenset({"schema", "key", "audio", "words", "usage", "attempt", "inputs"})
"""Of a sidecar without a digest: with any other it had one, before it was damaged."""

_FOLDER_DIGITS = 2

_T = TypeVar("_T")


class TakeState(StrEnum):
    """What the store has under a key."""

    STORED = "stored"
    MISSING = "missing"
    DAMAGED = "damaged"


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


@dataclass(frozen=True, slots=True)
class TakeStore:
    """The takes of one project, in ``folder`` (``.narration/takes``).

    Whatever looks for a take raises StorageError where the disk does not let it be read: that is no missing take.
    """

    folder: Path

    def audio_path(self, key: str) -> Path:
        """Where the audio of a take lies."""
        return self.folder / key[:2] / f"{key}.flac"

    def sidecar_path(self, key: str) -> Path:
        """Where the commit mark of a take lies."""
        return self.folder / key[:2] / f"{key}.json"

    def state(self, key: str) -> TakeState:
        """Look without reading audio: a sidecar that can be read, and a file of the size it names."""
        return self.look_up(key)[0]

    def stored(self, key: str) -> Take | None:
        """The take under ``key`` if its sidecar and its size are right, else None."""
        return self.look_up(key)[1]

    def look_up(self, key: str, inputs: KeyInputs | None = None) -> tuple[TakeState, Take | None]:
        """State and take under ``key`` with one read; the take is there only where it is stored.

        ``inputs`` are what the key was made of, where the caller has them: they are not held twice then.
        """
        try:
            take = self.load(key, inputs)
        except ValueError:
            return TakeState.DAMAGED, None
        if take is None:
            return TakeState.MISSING, None
        return (TakeState.STORED, take) if self.has_size(take) else (TakeState.DAMAGED, None)

    def load(self, key: str, inputs: KeyInputs | None = None) -> Take | None:
        """The take under ``key``; None where there is none. Raises ValueError where its sidecar is damaged,
        StorageError where a later version wrote it."""
        data = self._sidecar_bytes(key)
        return None if data is None else _checked(key, _parsed(data), partial(_take, inputs))

    def words(self, take: Take) -> WordTimes:
        """The words of a take, relative to its audio and to the segment's text. Raises DamagedTake."""
        try:
            data = self._sidecar_bytes(take.key)
            if data is None:
                raise ValueError(f"the sidecar of take {take.key[:12]} is gone")
            return _checked(take.key, _verified(data), _word_times)
        except ValueError as error:
            raise _damaged(take.key, f"has no word times: {error}") from error

    def _sidecar_bytes(self, key: str) -> bytes | None:
        try:
            # Paths as text: ten thousand Path objects cost a plan more than the reading does.
            with open(f"{self.folder}{os.sep}{key[:2]}{os.sep}{key}.json", "rb", buffering=0) as file:  # noqa: PTH123
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(self.sidecar_path(key), error, "read") from error

    def has_size(self, take: Take) -> bool:
        """Whether the audio is there with the size that it was stored with."""
        try:
            size = os.stat(f"{self.folder}{os.sep}{take.key[:2]}{os.sep}{take.key}.flac").st_size  # noqa: PTH116
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(self.audio_path(take.key), error, "read") from error
        return size == take.size_bytes

    def audio(self, take: Take) -> NDArray[np.int16]:
        """The samples of a take, its checksum verified. Raises DamagedTake, StorageError where the disk refuses."""
        from pipeline.store.flac import decode_flac  # noqa: PLC0415 - plans read sidecars only and need no codec

        data = self._audio_bytes(take.key)
        if data is None:
            raise _damaged(take.key, "has lost its audio")
        if hashlib.sha256(data).hexdigest() != take.sha256:
            raise _damaged(take.key, "does not match its checksum")
        try:
            pcm = decode_flac(data)
        except ValueError as error:
            raise _damaged(take.key, f"is {error}") from error
        if len(pcm) != take.samples:
            raise _damaged(take.key, f"has {len(pcm)} samples instead of {take.samples}")
        return pcm

    def is_intact(self, take: Take) -> bool:
        """Whether the audio is the one that was stored, by checksum, and its word times can be read.

        Raises StorageError where the disk does not let it be looked at.
        """
        try:
            self.words(take)
        except DamagedTake:
            return False
        data = self._audio_bytes(take.key)
        return data is not None and hashlib.sha256(data).hexdigest() == take.sha256

    def _audio_bytes(self, key: str) -> bytes | None:
        """What lies under the name of a take's audio, None where nothing does. Raises StorageError.

        A disk or a share that is away for a moment damages nothing: such a take is not to be bought again.
        """
        path = self.audio_path(key)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(path, error, "read") from error

    def put(
        self,
        key: str,
        inputs: KeyInputs,
        speech: Speech,
        speech_bounds: tuple[int, int],
        attempt: str,
        compression: Compression | None = None,
    ) -> Take:
        """Store a take durably: audio first, the sidecar as commit mark. Without a ``compression`` that minds the time
        it is compressed. Raises StorageError.
        """
        data = (compression or Compression()).encode(speech.pcm, speech.sample_rate)
        take = Take(
            key=key,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            sample_rate=speech.sample_rate,
            samples=len(speech.pcm),
            speech_start=speech_bounds[0],
            speech_end=speech_bounds[1],
            usage=speech.usage,
            attempt=attempt,
            inputs=inputs,
        )
        sidecar = _sidecar_of(take, speech.words)
        write_together([(self.audio_path(key), data), (self.sidecar_path(key), sidecar)])
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
        """The keys of all takes with a sidecar, in order. Raises StorageError."""
        for folder in _names(self.folder):
            if len(folder) == _FOLDER_DIGITS:
                for name in _names(self.folder / folder):
                    if name.endswith(".json"):
                        yield name.removesuffix(".json")


def _names(folder: Path) -> list[str]:
    """What a folder holds, in order; nothing where it is none."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names, not ten thousand paths
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise storage_error(folder, error, "read") from error


def read_sidecar(key: str, data: bytes) -> Take:
    """The take that a sidecar of ``key`` tells of, from wherever it came. Raises ValueError for what is not one."""
    sidecar = _verified(data)
    _checked(key, sidecar, _word_times)
    return _checked(key, sidecar, partial(_take, None))


def damaged_again(key: str) -> StorageError:
    """What is said where a take that was made again is damaged once more: to go on would buy it for ever."""
    return StorageError(
        f"the take {key[:12]} was made again and is damaged once more",
        hint="the disk does not keep what it is given: check it before running again; what is intact is used",
    )


def _damaged(key: str, how: str) -> DamagedTake:
    return DamagedTake(f"the take {key[:12]} {how}", key=key)


def _sidecar_of(take: Take, times: WordTimes) -> bytes:
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
