"""Makes room at the front of a file for what is known only when it is finished: tags and indexes."""

from __future__ import annotations

from typing import BinaryIO

_BLOCK = 1 << 20


def move_up(file: BinaryIO, start: int, end: int, by: int) -> None:
    """Move the bytes from ``start`` to ``end`` up by ``by``, from the last to the first; needs no second file."""
    at = end
    while at > start:
        size = min(_BLOCK, at - start)
        at -= size
        file.seek(at)
        data = file.read(size)
        file.seek(at + by)
        file.write(data)
