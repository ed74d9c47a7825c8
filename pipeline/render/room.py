"""Room on the disk for answers under way: what is paid for must not come back to a disk that is full."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import StorageError
from pipeline.store.files import room_bytes, storage_error

_BYTES_A_SECOND = 48_000
"""A take that there is no time to compress: 24,000 samples of two bytes."""
_BESIDE = 65_536
"""For the sidecar and the ledger's lines."""
_SPARE = 1_000_000


@dataclass(slots=True)
class Room:
    """What is set aside on the disk of ``folder`` for each take that was asked for, by its key."""

    folder: Path
    _held: dict[str, int] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: what does not fit now will not fit later."""
        return not self._held

    def fits(self, seconds: float) -> bool:
        """Whether an answer of so many seconds has room beside those under way. Raises StorageError."""
        try:
            free = room_bytes(self.folder)
        except OSError as error:
            raise storage_error(self.folder, error, "read") from error
        return free is None or free - sum(self._held.values()) - _bytes_of(seconds) >= _SPARE

    def hold(self, key: str, seconds: float) -> None:
        """Set aside."""
        self._held[key] = _bytes_of(seconds)

    def release(self, key: str) -> None:
        """The answer is on disk, or does not come."""
        self._held.pop(key, None)

    def full(self, seconds: float) -> StorageError:
        """What is said where an answer does not fit."""
        needed = (_bytes_of(seconds) + _SPARE) / 1e6
        free = (room_bytes(self.folder) or 0) / 1e6
        return StorageError(
            f"the disk of {self.folder} is nearly full: {free:.1f} MB are free, the next answer may need {needed:.1f}",
            hint="free some space, then run again to go on; nothing was asked for that could not be kept",
        )


def _bytes_of(seconds: float) -> int:
    return int(seconds * _BYTES_A_SECOND) + _BESIDE
