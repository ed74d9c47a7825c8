"""The last step of every file: what FFmpeg's muxers cannot say is written into the finished file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.assembly.id3 import id3_tag
from pipeline.assembly.marks import Mark
from pipeline.assembly.mp3_frames import finish_mp3
from pipeline.assembly.mp4_boxes import with_user_data
from pipeline.assembly.mp4_tags import user_data
from pipeline.assembly.tags import Tags
from pipeline.project.formats import OutputFormat


def finish_file(path: Path, kind: OutputFormat, tags: Tags, marks: Sequence[Mark] = ()) -> None:
    """Give a file that its muxer has closed its tags and marks, in place. Raises OSError."""
    match kind:
        case OutputFormat.MP3:
            finish_mp3(path, id3_tag(tags, marks))
        case OutputFormat.M4A | OutputFormat.M4B:
            with_user_data(path, user_data(tags, marks))
        case _:
            """FLAC, Ogg and WAV are told everything through their muxers."""
