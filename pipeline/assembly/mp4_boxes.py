"""MP4 files as boxes: gives a finished file user data of our own, and puts its index before the sound.

FFmpeg's muxer drops what it has no name for (publisher, ISBN, narrator, sort and series tags) and cuts chapter titles
inside characters, so it is asked for the sound and its index alone. Boxes: ISO/IEC 14496-12, section 4.2.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.moving import move_up

_WITH_OFFSETS_BELOW = frozenset({b"trak", b"mdia", b"minf", b"stbl"})
_32_BITS = 1 << 32


@dataclass(frozen=True, slots=True)
class Place:
    """A box at the top of a file: where it begins, its ``header`` and its ``size`` in bytes, the header counted in."""

    kind: bytes
    at: int
    header: int
    size: int


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box around the payload's parts."""
    return struct.pack(">I4s", 8 + sum(map(len, payload)), kind) + b"".join(payload)


def with_user_data(path: Path, user_data: bytes) -> None:
    """Rewrite a file of ``ftyp``, ``mdat`` and ``moov`` in place as ``ftyp``, ``moov``, ``mdat``, with ``user_data``
    (a ``udta`` box) in place of the muxer's. Raises ValueError where the file has another shape, OSError.
    """
    with path.open("r+b") as file:
        places = {place.kind: place for place in top_boxes(file)}
        sound, index = places.get(b"mdat"), places.get(b"moov")
        if sound is None or index is None or index.at < sound.at:
            raise ValueError(f"{path.name} is no MP4 with its index at the end")
        file.seek(index.at + index.header)
        moov = index_ahead(file.read(index.size - index.header), user_data)
        start = places[b"ftyp"].size
        move_up(file, start, index.at, len(moov))
        file.seek(start)
        file.write(moov)
        file.truncate(index.at + len(moov))


def retagged(data: bytes, user_data: bytes) -> bytes:
    """A finished file with other user data: ``ftyp``, ``moov``, then the sound. Raises ValueError as above."""
    index = next((payload for kind, payload in boxes(data) if kind == b"moov"), None)
    if index is None:
        raise ValueError("there is no index")
    by = len(user_data) - sum(8 + len(payload) for kind, payload in boxes(index) if kind == b"udta")
    moov = box(b"moov", _shifted(index, by, wide=False), user_data)
    return b"".join(moov if kind == b"moov" else box(kind, payload) for kind, payload in boxes(data))


def index_ahead(payload: bytes, user_data: bytes) -> bytes:
    """The index (a ``moov`` box) of a file in which the sound came first, with it ``len(result)`` bytes further on, and
    with ``user_data`` in place of its own; with 64-bit places where 32 bits no longer reach. Raises ValueError.
    """
    highest = max((int(offsets.max(initial=0)) for offsets in _all_offsets(payload)), default=0)
    size = 8 + len(_shifted(payload, 0, wide=False)) + len(user_data)
    wide = highest + size >= _32_BITS
    if wide:
        size = 8 + len(_shifted(payload, 0, wide=True)) + len(user_data)
    return box(b"moov", _shifted(payload, size, wide=wide), user_data)


def _shifted(data: bytes, by: int, *, wide: bool) -> bytes:
    """The boxes with every place of sound ``by`` bytes further on, and without user data of the whole movie."""
    parts = []
    for kind, payload in boxes(data):
        if kind in _WITH_OFFSETS_BELOW:
            parts.append(box(kind, _shifted(payload, by, wide=wide)))
        elif kind in (b"stco", b"co64"):
            offsets = _offsets(kind, payload) + by
            name, form = (b"co64", ">u8") if wide or kind == b"co64" else (b"stco", ">u4")
            parts.append(box(name, payload[:8], offsets.astype(form).tobytes()))
        elif kind != b"udta":
            parts.append(box(kind, payload))
    return b"".join(parts)


def _all_offsets(data: bytes) -> Iterator[NDArray[np.int64]]:
    for kind, payload in boxes(data):
        if kind in _WITH_OFFSETS_BELOW:
            yield from _all_offsets(payload)
        elif kind in (b"stco", b"co64"):
            yield _offsets(kind, payload)


def _offsets(kind: bytes, payload: bytes) -> NDArray[np.int64]:
    return np.frombuffer(payload[8:], ">u8" if kind == b"co64" else ">u4").astype(np.int64)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a payload, none so large as to need a 64-bit size. Raises ValueError where one is cut."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= size <= len(data) - at:
            raise ValueError(f"a box {kind!r} of {size} bytes does not fit")
        yield kind, data[at + 8 : at + size]
        at += size


def top_boxes(file: BinaryIO) -> Iterator[Place]:
    """The boxes at the top of a file; one of size 1 says its size in 64 bits. Raises ValueError where one is cut."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
            header = 16
        if not header <= size <= end - at:
            raise ValueError(f"a box {kind!r} of {size} bytes does not fit")
        yield Place(kind, at, header, size)
        at += size
