"""Takes by content key: audio as FLAC, and beside it a JSON sidecar that is written last.

The sidecar is the commit mark: a FLAC file without one is not a take. Layout: ``takes/ab/<key>.flac`` and
``takes/ab/<key>.json`` where ``ab`` are the key's first two digits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engines.protocol import Speech, WordTimes
from pipeline.errors import DamagedTake, StorageError
from pipeline.store.compression import Compression
from pipeline.store.files import storage_error, storage_errors, write_together
from pipeline.store.keys import KeyInputs
from pipeline.store.sidecars import Take, read_take, read_words, write_sidecar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FOLDER_DIGITS = 2


class TakeState(StrEnum):
    """What the store has under a key."""

    STORED = "stored"
    MISSING = "missing"
    DAMAGED = "damaged"


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
        return None if data is None else read_take(key, data, inputs)

    def words(self, take: Take) -> WordTimes:
        """The words of a take, relative to its audio and to the segment's text. Raises DamagedTake."""
        try:
            data = self._sidecar_bytes(take.key)
            if data is None:
                raise ValueError(f"the sidecar of take {take.key[:12]} is gone")
            return read_words(take.key, data)
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
        sidecar = write_sidecar(take, speech.words)
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


def damaged_again(key: str) -> StorageError:
    """What is said where a take that was made again is damaged once more: to go on would buy it for ever."""
    return StorageError(
        f"the take {key[:12]} was made again and is damaged once more",
        hint="the disk does not keep what it is given: check it before running again; what is intact is used",
    )


def _damaged(key: str, how: str) -> DamagedTake:
    return DamagedTake(f"the take {key[:12]} {how}", key=key)
