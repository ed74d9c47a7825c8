"""Which packets the sound of an MP4 file is made of: read from a file's index, and written into one.

A novel is close to a million AAC packets. As a table of sizes beside one stretch of bytes all of them are read and
copied at once; through a demuxer and a muxer each is a step of its own (benchmarks/book_assembly.py). The tables:
ISO/IEC 14496-12, sections 8.6 to 8.9.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.mp4_boxes import box, boxes, index_ahead, top_boxes

_TO_TABLES = frozenset({b"mdia", b"minf", b"stbl"})
_SOUND = frozenset({b"smhd", b"mdhd", b"stsz", b"stsc"})
"""What the track of a sound has."""
_CHUNK_BYTES = 1 << 20
"""A chunk, which players read as one, stays below this, as FFmpeg's muxer has it."""
_32_BITS = 1 << 32
_ENTRY_BYTES = 28
"""Of a sound's entry in ``stsd`` before the boxes in it (ISO/IEC 14496-12, 12.2.3)."""
_HIGHEST_BITRATE_AT = {b"esds": 22, b"btrt": 4}
"""In a box's payload; the mean follows. In ``esds`` behind two descriptors' heads, whose lengths take four bytes each
where FFmpeg writes them (ISO/IEC 14496-1, 7.2.6.5 and 7.2.6.6)."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The packets of a file's sound: their sizes in bytes; they lie behind one another from the file's ``start``;
    ``rate`` in Hz, in which the track counts time.
    """

    sizes: NDArray[np.uint32]
    start: int
    rate: int


def sound_of(file: BinaryIO) -> Sound:
    """Where the packets of a file's one sound lie. Raises ValueError where the file is cut, has no sound, or has it in
    several pieces, and OSError.
    """
    index, end = b"", 0
    try:
        for place in top_boxes(file):
            end = place.at + place.size
            if place.kind == b"moov":
                file.seek(place.at + place.header)
                index = file.read(place.size - place.header)
        return _sound_in(index, end)
    except (struct.error, IndexError) as error:
        raise ValueError("its index is damaged") from error


def _sound_in(index: bytes, end: int) -> Sound:
    """What an index says of a file that ends at ``end``."""
    tracks = (dict(_tables(payload)) for kind, payload in boxes(index) if kind == b"trak")
    tables = next((found for found in tracks if found.keys() >= _SOUND), None)
    if tables is None:
        raise ValueError("it has no sound")
    sizes = _sizes(tables[b"stsz"], end)
    offsets = _offsets(tables)
    firsts = _ends(_per_chunk(tables[b"stsc"], len(offsets)))
    if firsts[-1] != len(sizes) or not np.array_equal(offsets, offsets[:1] + _ends(sizes)[firsts[:-1]]):
        raise ValueError("its sound does not lie in one piece")
    if not len(sizes) or offsets[0] < 0 or int(offsets[0]) + int(sizes.sum()) > end:
        raise ValueError("its sound is cut off")
    return Sound(sizes, int(offsets[0]), _rate(tables[b"mdhd"]))


def head_for_sound(model: bytes, sizes: NDArray[np.uint32], frame_samples: int, user_data: bytes) -> bytes:
    """What stands before the sound in a file whose packets have these sizes and last ``frame_samples`` each: what the
    file is, its index, and what else the muxer wrote ahead of the sound.

    ``model`` is such a file with a few packets of the same length in all, its index at the end, as FFmpeg's muxer
    makes it. ``user_data``: a ``udta`` box. Raises ValueError where the model has no sound.
    """
    old = sound_of(io.BytesIO(model))
    sound = Sound(sizes, old.start, old.rate)
    places = {place.kind: place for place in top_boxes(io.BytesIO(model))}
    index, media = places[b"moov"], places[b"mdat"]
    tracks = _with_sound(model[index.at + index.header : index.at + index.size], sound, frame_samples)
    ahead = model[media.at + media.header : old.start]
    size = len(ahead) + int(sizes.sum())
    return b"".join([model[: places[b"ftyp"].size], index_ahead(tracks, user_data), _media_head(size), ahead])


def _media_head(size: int) -> bytes:
    """The head of the ``mdat`` box, 16 bytes whatever the size, as the muxer has it."""
    if size + 8 < _32_BITS:
        return box(b"free") + struct.pack(">I4s", 8 + size, b"mdat")
    return struct.pack(">I4sQ", 1, b"mdat", 16 + size)


def _with_sound(index: bytes, sound: Sound, frame_samples: int) -> bytes:
    """An index, its audio track made of other packets. Durations stay as they are."""
    return b"".join(
        box(kind, _rewritten(payload, _new_tables(tables, sound, frame_samples)))
        if kind == b"trak" and b"smhd" in (tables := dict(_tables(payload)))
        else box(kind, payload)
        for kind, payload in boxes(index)
    )


def _tables(track: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, payload in boxes(track):
        if kind in _TO_TABLES:
            yield from _tables(payload)
        else:
            yield kind, payload


def _rewritten(track: bytes, tables: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
    """A track with these boxes, each a kind and a payload, in place of those by whose kinds they are called."""
    return b"".join(
        box(kind, _rewritten(payload, tables)) if kind in _TO_TABLES else box(*tables.get(kind, (kind, payload)))
        for kind, payload in boxes(track)
    )


def _new_tables(old: Mapping[bytes, bytes], sound: Sound, frame_samples: int) -> dict[bytes, tuple[bytes, bytes]]:
    count = len(sound.sizes)
    bitrate = int(sound.sizes.sum()) * 8 * sound.rate // (count * frame_samples)
    places, per_chunk = _chunks(sound)
    wide = bool(places[-1] >= _32_BITS)
    stco = _full(len(places)) + places.astype(">u8" if wide else ">u4").tobytes()
    return {
        b"stsd": (b"stsd", old[b"stsd"][:8] + _entry(old[b"stsd"][8:], bitrate)),
        b"stts": (b"stts", _full(1, count, frame_samples)),
        b"stsc": (b"stsc", _runs(per_chunk)),
        b"stsz": (b"stsz", _size_table(sound.sizes)),
        b"stco": (b"co64" if wide else b"stco", stco),
        b"sbgp": (b"sbgp", old[b"sbgp"][:12] + struct.pack(">I", count) + old[b"sbgp"][16:]),
    }


def _full(*numbers: int) -> bytes:
    """The payload of a box of version 0 without flags, from the numbers it holds."""
    return struct.pack(f">{1 + len(numbers)}I", 0, *numbers)


def _size_table(sizes: NDArray[np.uint32]) -> bytes:
    """``stsz``: one size where all packets have it, as digital silence does."""
    if (sizes == sizes[0]).all():
        return _full(int(sizes[0]), len(sizes))
    return _full(0, len(sizes)) + sizes.astype(">u4").tobytes()


def _chunks(sound: Sound) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where chunks begin, and how many packets each holds: as many as stay below ``_CHUNK_BYTES``."""
    ends = _ends(sound.sizes)
    firsts = [0]
    while firsts[-1] < len(sound.sizes):
        reach = int(np.searchsorted(ends, ends[firsts[-1]] + _CHUNK_BYTES, "left")) - 1
        firsts.append(max(reach, firsts[-1] + 1))
    return sound.start + ends[firsts[:-1]], np.diff(firsts)


def _runs(per_chunk: NDArray[np.int64]) -> bytes:
    """``stsc``: the chunks from which on there is another number of packets in each, counted from one."""
    changed = np.flatnonzero(np.diff(per_chunk, prepend=-1))
    runs = np.stack([changed + 1, per_chunk[changed], np.ones_like(changed)], axis=1)
    return _full(len(runs)) + runs.astype(">u4").tobytes()


def _per_chunk(stsc: bytes, chunks: int) -> NDArray[np.int64]:
    runs = np.frombuffer(stsc, ">u4", offset=8).astype(np.int64).reshape(-1, 3)
    return np.repeat(runs[:, 1], np.diff(runs[:, 0], append=chunks + 1))


def _sizes(stsz: bytes, most: int) -> NDArray[np.uint32]:
    """Of packets in bytes: one size for all, or a table. ``most``: bytes that they can have together."""
    _, size, count = struct.unpack_from(">III", stsz)
    if not size:
        return np.frombuffer(stsz, ">u4", offset=12).astype(np.uint32)
    if size * count > most:
        raise ValueError("its sound is cut off")
    return np.full(count, size, np.uint32)


def _rate(mdhd: bytes) -> int:
    (rate,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] else 12)
    return int(rate)


def _offsets(tables: Mapping[bytes, bytes]) -> NDArray[np.int64]:
    wide = b"co64" in tables
    table = tables[b"co64"] if wide else tables.get(b"stco", b"")
    return np.frombuffer(table, ">u8" if wide else ">u4", offset=8).astype(np.int64)


def _ends(sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Zero, and where each of the things ends that lie behind one another."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def _entry(entry: bytes, bitrate: int) -> bytes:
    """A sound's entry with another mean bitrate, and no lower a highest one."""
    ((kind, payload),) = boxes(entry)
    inner = (box(name, _with_bitrate(name, data, bitrate)) for name, data in boxes(payload[_ENTRY_BYTES:]))
    return box(kind, payload[:_ENTRY_BYTES], *inner)


def _with_bitrate(kind: bytes, payload: bytes, bitrate: int) -> bytes:
    at = _HIGHEST_BITRATE_AT.get(kind)
    if at is None:
        return payload
    (highest,) = struct.unpack_from(">I", payload, at)
    return payload[:at] + struct.pack(">II", max(highest, bitrate), bitrate) + payload[at + 8 :]
