"""A recogniser's words against the manuscript: what is gross is found, what the recogniser mishears is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quality_book import of_kind, render_book, without_files

from pipeline import workflow
from pipeline.engines.protocol import WordTimes
from pipeline.reports.quality.findings import Kind, Severity
from pipeline.reports.quality.recognising import HeardWord, transcript_blemishes

TEXT = "He wrote the number down in his book, with the hour and the weather, and closed the cover again in 1887."


def heard(words: str) -> list[HeardWord]:
    return [HeardWord(word, index * 0.3) for index, word in enumerate(words.split())]


def test_misheard_words_and_spoken_numbers_are_nothing() -> None:
    said = "he rode the number down and his book with the our and the whether and close the cover again in"
    assert transcript_blemishes(TEXT, heard(f"{said} eighteen eighty seven")) == []


def test_a_missing_clause_is_found_at_its_time_and_text() -> None:
    said = "he wrote the number down in his book and closed the cover again in eighteen eighty seven"
    (found,) = transcript_blemishes(TEXT, heard(said))
    assert (found.kind, found.value) == (Kind.WORDS_MISSING, 6.0)
    assert found.seconds == pytest.approx(8 * 0.3, abs=0.31)
    assert "the hour and the weather" in found.message


def test_a_repeated_clause_is_found() -> None:
    said = "he wrote the number down in his book he wrote the number down in his book with the hour and the weather "
    (found,) = transcript_blemishes(TEXT, heard(f"{said} and closed the cover again in eighteen eighty seven"))
    assert (found.kind, found.severity) == (Kind.WORDS_REPEATED, Severity.ERROR)


def test_silence_is_all_words_missing() -> None:
    (found,) = transcript_blemishes(TEXT, [])
    assert (found.kind, found.severity) == (Kind.WORDS_MISSING, Severity.ERROR)


@pytest.mark.slow
def test_a_sentence_cut_from_real_speech_is_recognised_as_missing(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="the extra asr is not installed")
    damaged = without_files(render_book(tmp_path / "book"))
    planned, pcm, words = damaged.take(3)
    start, end = int(words.start_sample[10]), int(words.end_sample[-1])
    short = np.concatenate([pcm[:start], pcm[end:]])
    late = np.minimum(words.end_sample, start).astype(np.int32)
    damaged.replace_take(
        planned, short, WordTimes(words.char_start, words.char_end, np.minimum(words.start_sample, start), late)
    )
    found = of_kind(workflow.verify(damaged.folder, transcribe=True), Kind.WORDS_MISSING)
    assert [finding.segment for finding in found] == ["the-lamps:3"]
