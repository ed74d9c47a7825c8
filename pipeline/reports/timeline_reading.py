"""``build/timeline.json`` read back, with the spoken text beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Clip, Timeline, Turn
from pipeline.engines.protocol import WordTimes
from pipeline.errors import InputError, Problem, UsageError
from pipeline.reports.timeline_json import TIMELINE_SCHEMA

_Position = Annotated[int, Field(ge=0, lt=2**31)]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Clip(_Read):
    key: str
    take_start: _Position
    start_sample: _Position
    samples: _Position


class _Words(_Read):
    start_sample: list[_Position]
    end_sample: list[_Position]
    char_start: list[_Position]
    char_end: list[_Position]


class _Turns(_Read):
    char_start: list[_Position] = []
    voice: list[str] = []
    language: list[str] = []


class _Chapter(_Read):
    slug: Annotated[str, Field(pattern=r"^[^/\\]{1,200}$")]
    title: str
    samples: _Position
    text: str
    clips: list[_Clip]
    words: _Words
    turns: _Turns = _Turns()


class _Document(_Read):
    schema_version: int = Field(alias="schema")
    sample_rate: int
    chapters: list[_Chapter]


def read_timeline(folder: Path) -> Timeline:
    """The timeline of the outputs in ``folder``.

    Raises UsageError where there is none, InputError where it is not what a render writes.
    """
    path = folder / "timeline.json"
    try:
        document = _Document.model_validate_json(path.read_bytes())
        chapters = tuple(_chapter(chapter, _text(folder, chapter)) for chapter in document.chapters)
    except FileNotFoundError as error:
        raise UsageError(
            f"{error.filename} is not there", hint="`narrate render` makes it once all chapters are whole"
        ) from error
    except (ValidationError, ValueError) as error:
        raise _damaged(path, str(error).splitlines()[0]) from error
    if document.schema_version != TIMELINE_SCHEMA or document.sample_rate != TIMELINE_RATE:
        raise _damaged(path, f"schema {document.schema_version} at {document.sample_rate} samples a second")
    return Timeline(chapters)


def _text(folder: Path, chapter: _Chapter) -> str:
    """A chapter's spoken text; its file ends in a line feed that is not part of it."""
    path = (folder / chapter.text).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{chapter.text} lies outside the outputs")
    return path.read_bytes().decode().removesuffix("\n")


def _chapter(read: _Chapter, text: str) -> ChapterTimeline:
    words = read.words
    columns = [words.char_start, words.char_end, words.start_sample, words.end_sample]
    if len({len(column) for column in columns}) > 1 or max(words.char_end, default=0) > len(text):
        raise ValueError(f"the words of {read.slug} do not fit its text")
    char_start, char_end, start_sample, end_sample = (np.array(column, dtype=np.int32) for column in columns)
    turns = zip(read.turns.char_start, read.turns.voice, read.turns.language, strict=True)
    return ChapterTimeline(
        slug=read.slug,
        title=read.title,
        text=text,
        samples=read.samples,
        clips=tuple(Clip(clip.key, clip.take_start, clip.start_sample, clip.samples) for clip in read.clips),
        words=WordTimes(char_start, char_end, start_sample, end_sample),
        turns=tuple(Turn(*turn) for turn in turns),
    )


def _damaged(path: Path, message: str) -> InputError:
    return InputError(
        [Problem(str(path), 0, 0, f"not a timeline that narrate wrote: {message}")],
        hint="`narrate render --force` writes it anew",
    )
