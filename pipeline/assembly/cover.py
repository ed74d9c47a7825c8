"""The cover picture: checked once, carried as it is."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av

from pipeline.errors import InputError, Problem

MOST_BYTES = 16 * 1024 * 1024
"""Players hold the cover in memory; a FLAC picture block ends at 16 MiB."""

_KINDS = ((b"\xff\xd8\xff", "mjpeg", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "png", "image/png"))


@dataclass(frozen=True, slots=True)
class Cover:
    """A JPEG or PNG picture. ``codec`` is FFmpeg's name of it; ``width`` and ``height`` in pixels."""

    data: bytes
    codec: str
    mime: str
    width: int
    height: int

    @property
    def file_name(self) -> str:
        """What its file is called beside the sound."""
        return "cover.png" if self.mime == "image/png" else "cover.jpg"


def read_cover(path: Path) -> Cover:
    """The picture in a file. Raises InputError where it is none that every player shows (JPEG or PNG)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"the cover cannot be read: {error.strerror}") from error
    if len(data) >= MOST_BYTES:
        raise _refused(path, f"the cover has {len(data):,} bytes; at most 16 MiB fit into a file's tags")
    for magic, codec, mime in _KINDS:
        if data.startswith(magic):
            width, height = _size(path, data)
            return Cover(data, codec, mime, width, height)
    raise _refused(path, "the cover is neither JPEG nor PNG; convert it to one of them")


def _size(path: Path, data: bytes) -> tuple[int, int]:
    """Decodes the picture, so that a damaged one is found before it is in every file."""
    try:
        with av.open(io.BytesIO(data), "r") as picture:
            frame = next(picture.decode(video=0))
    except (av.FFmpegError, StopIteration, IndexError) as error:
        raise _refused(path, f"the cover is damaged: {error}") from error
    return frame.width, frame.height


def _refused(path: Path, message: str) -> InputError:
    return InputError([Problem(str(path), 0, 0, message)])
