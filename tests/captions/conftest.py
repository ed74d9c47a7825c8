"""A synthetic narrator, and a strict reader of SRT that shares nothing with the writer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.engines.protocol import WordTimes
from pipeline.script.words import written_words

Narrator = Callable[..., ChapterTimeline]


def narrate(
    text: str, *, pace: float = 15.0, sentence_ms: int = 350, paragraph_ms: int = 700, tail_ms: int = 2500
) -> ChapterTimeline:
    """Speak ``text`` at ``pace`` characters a second, resting after stops, commas and paragraphs."""
    words = written_words(text)
    starts, ends, at = [], [], 750.0
    for row, (start, end) in enumerate(words):
        starts.append(at)
        at += max(80.0, (end - start + 1) * 1000 / pace)
        ends.append(at)
        gap = text[end : words[row + 1][0]] if row + 1 < len(words) else ""
        at += paragraph_ms if "\n\n" in gap else sentence_ms if re.search(r"[.!?]", gap) else 120 * ("," in gap)
    return timeline(
        text, words, [round(s * 24) for s in starts], [round(e * 24) for e in ends], round((at + tail_ms) * 24)
    )


def timeline(
    text: str, words: list[tuple[int, int]], starts: list[int], ends: list[int], samples: int
) -> ChapterTimeline:
    """A chapter whose words lie where the caller says."""
    spans = np.array(words, dtype=np.int32).reshape(-1, 2).T.copy()
    times = WordTimes(spans[0], spans[1], np.array(starts, dtype=np.int32), np.array(ends, dtype=np.int32))
    return ChapterTimeline("chapter", "Chapter", text, samples, (), times)


@pytest.fixture(scope="session")
def narrator() -> Narrator:
    return narrate


@pytest.fixture(scope="session")
def placed() -> Callable[..., ChapterTimeline]:
    return timeline


@dataclass(frozen=True, slots=True)
class Subtitle:
    number: int
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


_TIMES = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d),(\d{3})")


def parse(text: str) -> list[Subtitle]:
    """Read SRT; anything but number, times, one or more lines of text and one blank line is an error."""
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    assert not text or text.endswith("\n\n")
    found = []
    for block in text.split("\n\n")[:-1]:
        number, times, *lines = block.split("\n")
        match = _TIMES.fullmatch(times)
        assert match, times
        values = [int(group) for group in match.groups()]
        start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (values[:4], values[4:]))
        assert re.fullmatch(r"[1-9]\d*", number)
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
        found.append(Subtitle(int(number), start, end, tuple(lines)))
    assert [subtitle.number for subtitle in found] == list(range(1, len(found) + 1))
    return found


@pytest.fixture(scope="session")
def parse_srt() -> Callable[[str], list[Subtitle]]:
    return parse
