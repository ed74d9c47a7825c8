"""Every detector against real speech, undamaged and damaged: found at the right time, and only where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from quality_book import RATE, QualityBook, copied, of_kind, render_book, without_files

from pipeline.engines.protocol import WordTimes
from pipeline.project.loading import load_project
from pipeline.reports.quality.chapter_places import ChapterPlaces, places_of
from pipeline.reports.quality.findings import Kind, Severity

Samples = NDArray[np.int16]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> QualityBook:
    return render_book(tmp_path_factory.mktemp("quay") / "book")


@pytest.fixture
def book(rendered: QualityBook, tmp_path: Path) -> QualityBook:
    return copied(rendered, tmp_path / "book")


def places(book: QualityBook) -> ChapterPlaces:
    return places_of(load_project(book.folder), book.plan().chapters[0], book.layout.takes, 0.0)


def word_span(book: QualityBook, word: str) -> tuple[int, int]:
    """A word's samples in the chapter."""
    timeline = places(book).timeline
    words = timeline.words
    at = next(
        index
        for index in range(len(words))
        if timeline.text[int(words.char_start[index]) : int(words.char_end[index])] == word
    )
    return int(words.start_sample[at]), int(words.end_sample[at])


def pause_sample(book: QualityBook, index: int) -> int:
    """The middle of the pause after a clip."""
    spans = places(book).spans()
    return round((spans[index].end + spans[index + 1].start) / 2 * RATE)


def test_undamaged_speech_has_no_findings(rendered: QualityBook) -> None:
    report = rendered.verify()
    assert report.findings == ()
    assert report.skipped == ()
    assert report.takes == 7
    assert len(report.files) == 1


def clicked(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    at = 12 * RATE
    pcm[at] = np.clip(int(pcm[at]) + 12_000, -32768, 32767)
    return pcm, at / RATE


def clicked_at_a_joint(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    clip = places(book).timeline.clips[3]
    pcm[clip.start_sample] = 3_000
    return pcm, clip.start_sample / RATE


def clipped(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    at = word_span(book, "counted")[0]
    pcm[at : at + RATE] = np.clip(pcm[at : at + RATE].astype(np.int32) * 20, -32768, 32767)
    return pcm, at / RATE


def shifted(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    return np.clip(pcm.astype(np.int32) + 1000, -32768, 32767).astype(np.int16), 0.0


def with_a_dropped_word(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    start, end = word_span(book, "thirty")
    return np.concatenate([pcm[:start], pcm[end:]]), start / RATE


def with_a_doubled_word(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    start, end = word_span(book, "stranger")
    return np.concatenate([pcm[:end], pcm[start:end], pcm[end:]]), end / RATE


def with_a_long_silence(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    at = pause_sample(book, 2)
    return np.concatenate([pcm[:at], np.zeros(5 * RATE, np.int16), pcm[at:]]), places(book).spans()[2].end


def without_a_pause(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    spans = places(book).spans()
    start, end = round(spans[2].end * RATE) + 600, round(spans[3].start * RATE) - 600
    return np.concatenate([pcm[:start], pcm[end:]]), spans[2].end


def with_a_louder_segment(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    clip = places(book).timeline.clips[4]
    span = slice(clip.start_sample, clip.start_sample + clip.samples)
    pcm[span] = np.clip(pcm[span].astype(np.int32) * 2, -32768, 32767)
    return pcm, places(book).spans()[4].start


def with_other_sound(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    clips = places(book).timeline.clips
    start, end = clips[2].start_sample, clips[3].start_sample + clips[3].samples
    pcm[start:end] = pcm[start:end][::-1]
    return pcm, start / RATE


def too_fast(pcm: Samples, book: QualityBook) -> tuple[Samples, float]:
    at = np.arange(0, len(pcm) - 1, 1.004)
    return np.interp(at, np.arange(len(pcm)), pcm).astype(np.int16), 30.0


FILE_DAMAGE: list[tuple[Callable[[Samples, QualityBook], tuple[Samples, float]], Kind, float]] = [
    (clicked, Kind.CLICK, 0.01),
    (clicked_at_a_joint, Kind.CLICK, 0.01),
    (clipped, Kind.CLIPPING, 1.0),
    (with_a_dropped_word, Kind.SOUND_LOST, 0.6),
    (with_a_doubled_word, Kind.SOUND_ADDED, 0.6),
    (with_a_long_silence, Kind.PAUSE_LONG, 0.1),
    (with_a_long_silence, Kind.SOUND_ADDED, 0.8),
    (without_a_pause, Kind.PAUSE_MISSING, 0.1),
    (with_a_louder_segment, Kind.LEVEL_JUMP, 0.1),
    (with_other_sound, Kind.OTHER_SOUND, 2.0),
    (too_fast, Kind.DRIFT, 15.0),
]


@pytest.mark.parametrize(("damage", "kind", "within"), FILE_DAMAGE, ids=lambda each: getattr(each, "__name__", None))
def test_damage_of_a_file_is_found_where_it_is(
    book: QualityBook, damage: Callable[[Samples, QualityBook], tuple[Samples, float]], kind: Kind, within: float
) -> None:
    pcm, seconds = damage(book.wav(), book)
    book.write_wav(pcm)
    report = book.verify()
    found = of_kind(report, kind)
    assert found, report.counts()
    assert found[0].seconds == pytest.approx(seconds, abs=within)
    assert found[0].file == "wav/1-the-lamps.wav"
    assert found[0].text
    assert found[0].next_step


def test_a_dc_offset_of_a_file_is_found(book: QualityBook) -> None:
    book.write_wav(shifted(book.wav(), book)[0])
    found = of_kind(book.verify(), Kind.DC_OFFSET)
    assert [finding.severity for finding in found] == [Severity.ERROR]
    assert found[0].value == pytest.approx(1000 / 32768, abs=0.001)


def take_with_click(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    at = len(pcm) // 2
    pcm[at] = np.clip(int(pcm[at]) + 12_000, -32768, 32767)
    return pcm, words, at / RATE


def take_clipped(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    loudest = int(np.abs(pcm.astype(np.int32)).argmax())
    return np.clip(pcm.astype(np.int32) * 4, -32768, 32767).astype(np.int16), words, loudest / RATE


def take_clipped_then_turned_down(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    loudest = int(np.abs(pcm.astype(np.int32)).argmax())
    loud = np.clip(pcm.astype(np.float64) * 6, -32768, 32767)
    return (loud / 5).astype(np.int16), words, loudest / RATE


def take_with_silence(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    at = int(words.end_sample[5])
    late = np.where(np.arange(len(words)) > 5, 4 * RATE, 0).astype(np.int32)
    moved = WordTimes(words.char_start, words.char_end, words.start_sample + late, words.end_sample + late)
    return np.concatenate([pcm[:at], np.zeros(4 * RATE, np.int16), pcm[at:]]), moved, at / RATE


def take_with_silent_words(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    start, end = int(words.start_sample[4]), int(words.end_sample[8])
    pcm[start:end] = 0
    return pcm, words, start / RATE


def take_with_a_repeated_word(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    return repeated(pcm, words, 2, 2)


def take_with_a_repeated_phrase(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    return repeated(pcm, words, 3, 8)


def repeated(pcm: Samples, words: WordTimes, first: int, last: int) -> tuple[Samples, WordTimes, float]:
    """The engine says words twice; the times name them once."""
    start, end = int(words.start_sample[first]), int(words.end_sample[last])
    late = np.where(np.arange(len(words)) > last, end - start, 0).astype(np.int32)
    moved = WordTimes(words.char_start, words.char_end, words.start_sample + late, words.end_sample + late)
    return np.concatenate([pcm[:end], pcm[start:end], pcm[end:]]), moved, end / RATE


def take_with_a_held_word(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    """The same as one word that takes as long as four."""
    start, end = int(words.start_sample[3]), int(words.end_sample[6])
    more = 2 * (end - start)
    late = np.where(np.arange(len(words)) > 6, more, 0).astype(np.int32)
    ends = words.end_sample + late
    ends[6] += more
    moved = WordTimes(words.char_start, words.char_end, words.start_sample + late, ends)
    return np.concatenate([pcm[:end], pcm[start:end], pcm[start:end], pcm[end:]]), moved, words.start_sample[6] / RATE


def take_with_trailing_noise(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    noise = np.random.default_rng(1).normal(0, 1500, 2 * RATE)
    return np.concatenate([pcm, noise.astype(np.int16)]), words, len(pcm) / RATE


def take_too_quiet(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    return (pcm / 5).astype(np.int16), words, 0.0


def take_too_fast(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    fast = np.interp(np.arange(0, len(pcm) - 1, 2.2), np.arange(len(pcm)), pcm).astype(np.int16)
    start, end = ((column / 2.2).astype(np.int32) for column in (words.start_sample, words.end_sample))
    return fast, WordTimes(words.char_start, words.char_end, start, end), 0.0


def take_with_an_offset(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    return np.clip(pcm.astype(np.int32) + 1000, -32768, 32767).astype(np.int16), words, 0.0


def take_with_low_scores(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    scores = np.full(len(words), 0.9, np.float32)
    scores[6:10] = 0.1
    scored = WordTimes(words.char_start, words.char_end, words.start_sample, words.end_sample, scores)
    return pcm, scored, words.start_sample[6] / RATE


def take_with_words_left_out(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    kept = np.delete(np.arange(len(words)), [4, 5])
    columns = (words.char_start, words.char_end, words.start_sample, words.end_sample)
    return pcm, WordTimes(*(column[kept] for column in columns)), words.end_sample[3] / RATE


def take_with_overlapping_words(pcm: Samples, words: WordTimes) -> tuple[Samples, WordTimes, float]:
    ends = words.end_sample.copy()
    ends[4] += RATE // 2
    return pcm, WordTimes(words.char_start, words.char_end, words.start_sample, ends), words.start_sample[4] / RATE


TakeDamage = Callable[[Samples, WordTimes], tuple[Samples, WordTimes, float]]
TAKE_DAMAGE: list[tuple[TakeDamage, Kind, float]] = [
    (take_with_click, Kind.CLICK, 0.01),
    (take_clipped, Kind.CLIPPING, 5.0),
    (take_clipped_then_turned_down, Kind.CLIPPING, 5.0),
    (take_with_silence, Kind.DEAD_AIR, 0.3),
    (take_with_silent_words, Kind.WORD_SILENT, 0.2),
    (take_with_a_repeated_word, Kind.EXTRA_SOUND, 0.3),
    (take_with_a_repeated_phrase, Kind.EXTRA_SOUND, 0.3),
    (take_with_a_held_word, Kind.WORD_STRETCHED, 0.1),
    (take_with_trailing_noise, Kind.EXTRA_SOUND, 0.6),
    (take_too_quiet, Kind.VOICE_LEVEL, 0.5),
    (take_too_fast, Kind.PACE, 0.5),
    (take_with_an_offset, Kind.DC_OFFSET, 0.5),
    (take_with_low_scores, Kind.LOW_SCORE, 0.1),
    (take_with_words_left_out, Kind.WORD_UNTIMED, 0.1),
    (take_with_overlapping_words, Kind.WORDS_OVERLAP, 0.1),
]


@pytest.mark.parametrize(("damage", "kind", "within"), TAKE_DAMAGE, ids=lambda each: getattr(each, "__name__", None))
def test_damage_of_a_take_is_found_where_it_is(
    book: QualityBook, damage: TakeDamage, kind: Kind, within: float
) -> None:
    planned, pcm, words = book.take(3)
    damaged, times, seconds = damage(pcm, words)
    book.replace_take(planned, damaged, times)
    report = without_files(book).verify()
    found = of_kind(report, kind)
    assert [finding.segment for finding in found] == ["the-lamps:3"] * len(found)
    assert found, report.counts()
    clip = next(clip for clip in places(book).timeline.clips if clip.key == planned.key)
    expected = (clip.start_sample - clip.take_start) / RATE + seconds
    assert min(abs((finding.seconds or 0.0) - expected) for finding in found) <= within
    assert found[0].text
    assert {finding.segment for finding in report.findings} == {"the-lamps:3"}
