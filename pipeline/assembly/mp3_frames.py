"""Finishes an MP3: the tag goes before it, and LAME's version goes out of it.

LAME fills what a frame has left with its name and version. It writes both where at least eight bytes are left, and of a
version of five characters the last one only where there is room: behind eight bytes the next frame's sound may begin,
with whatever byte, a digit too. So eight are overwritten, or what of them lies before the next frame's header, and a
lone digit may stay.

FFmpeg's Info frame carries a
CRC-16 of all frames behind it, so that a changed filler has to change it too. CRCs are linear: the change of the sum
is the sum of each change's own CRC, carried on over the bytes behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.moving import move_up

_VERSION = re.compile(rb"LAME[0-9]\.[0-9]{1,2}")
_LENGTH = 8
_BLOCK = 1 << 20
_FILLER = b"\x55"
"""What LAME itself puts behind its version."""
_CRC_AT = 152
"""From ``Info`` to the CRC of the music, which the frame's own CRC follows (LAME's tag, revision 1)."""
_INFO_BYTES = 190
"""The bytes of the Info frame that its own CRC covers, read with zeros where it stands."""


def finish_mp3(path: Path, tag: bytes) -> None:
    """Put ``tag`` before an MP3 that FFmpeg wrote without one, and take the encoder's version out of its frames.

    Raises OSError, ValueError where the file does not begin with an Info frame.
    """
    with path.open("r+b") as file:
        _remove_versions(file)
        end = file.seek(0, 2)
        move_up(file, 0, end, len(tag))
        file.seek(0)
        file.write(tag)


def _remove_versions(file: BinaryIO) -> None:
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(4096)
    info = head[:64].find(b"Info")
    if info < 0:
        raise ValueError("the MP3 has no Info frame")
    changes: dict[int, list[int]] = {}
    for at, found in _versions(file):
        filler = _FILLER * len(found)
        file.seek(at)
        file.write(filler)
        delta = bytes(old ^ new for old, new in zip(found, filler, strict=True))
        changes.setdefault(_crc(delta, 0), []).append(end - at - len(found))
    if changes:
        _correct(file, head[:_INFO_BYTES], info + _CRC_AT, _carried(changes))


def _versions(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Every place of a version, found in blocks that overlap by one's length."""
    at = 0
    while True:
        file.seek(at)
        data = file.read(_BLOCK + _LENGTH)
        for match in _VERSION.finditer(data):
            if match.start() < _BLOCK:
                yield at + match.start(), match[0]
        if len(data) <= _BLOCK:
            return
        at += _BLOCK


def _correct(file: BinaryIO, head: bytes, at: int, change: int) -> None:
    """Change the CRC of the music, and with it the CRC of the Info frame itself."""
    music = (int.from_bytes(head[at : at + 2], "big") ^ change).to_bytes(2, "big")
    own = _crc(head[:at] + music + bytes(2) + head[at + 4 :], 0)
    file.seek(at)
    file.write(music + own.to_bytes(2, "big"))


def _crc(data: bytes, crc: int) -> int:
    """CRC-16 with polynomial 0x8005, least significant bit first."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def _carried(changes: dict[int, list[int]]) -> int:
    """The sum of the changes' CRCs, each carried on over as many zero bytes as lie behind it."""
    states = np.array([crc for crc, behind in changes.items() for _ in behind], np.uint16)
    left = np.array([count for behind in changes.values() for count in behind], np.int64)
    step = _one_byte_on()
    while left.any():
        odd = (left & 1).astype(bool)
        states[odd] = step[states[odd]]
        left >>= 1
        step = step[step]
    return int(np.bitwise_xor.reduce(states))


def _one_byte_on() -> NDArray[np.uint16]:
    """Where each state goes with a zero byte."""
    states = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(8):
        states = (states >> np.uint16(1)) ^ (states & np.uint16(1)) * np.uint16(0xA001)
    return states
