"""A chapter's audio kept on disk from its first pass to its last: takes are read, verified and decoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.store.files import storage_errors

OpenChapter: TypeAlias = Callable[[], Iterator[NDArray[np.int16]]]
"""Starts reading a chapter's audio from its beginning."""


@contextmanager
def kept(read: OpenChapter, folder: Path) -> Iterator[OpenChapter]:
    """Audio that is read from its source once, and from then on out of a nameless file in ``folder`` that goes with the
    context, in blocks of a second: 173 MB an hour.

    One pass at a time. A pass that was left off counts for nothing. Raises StorageError where the disk does not
    hold it.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed below
    whole = False

    def audio() -> Iterator[NDArray[np.int16]]:
        nonlocal whole
        file.seek(0)
        if whole:
            yield from _stored(file)
            return
        for block in read():
            with storage_errors(folder):
                file.write(block.tobytes())
            yield block
        whole = True

    with file:
        yield audio


def _stored(file: BinaryIO) -> Iterator[NDArray[np.int16]]:
    while data := file.read(2 * TIMELINE_RATE):
        yield np.frombuffer(data, np.int16)
