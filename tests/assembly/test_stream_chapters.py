"""A chapter's audio as a stream: exact in length, faded at cuts, one take at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from pipeline.assembly.fading import faded
from pipeline.assembly.reading import BLOCK_SAMPLES, chapter_pcm, resampled
from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import WordTimes
from pipeline.errors import StorageError

LOUD = 12_000


def words(*times: tuple[int, int]) -> WordTimes:
    starts, ends = ([list(column) for column in zip(*times, strict=True)]) if times else ([], [])
    offsets = np.arange(len(times), dtype=np.int32)
    return WordTimes(offsets, offsets + 1, np.array(starts, np.int32), np.array(ends, np.int32))


def timeline(samples: int, *clips: Clip, spoken: WordTimes | None = None) -> ChapterTimeline:
    return ChapterTimeline("one", "One", "", samples, clips, words() if spoken is None else spoken)


def test_clips_lie_where_the_timeline_says_and_the_rest_is_silence():
    takes = {"a": np.full(30_000, LOUD, np.int16), "b": np.full(30_000, -LOUD, np.int16)}
    plan = timeline(100_000, Clip("a", 1_000, 5_000, 20_000), Clip("b", 0, 40_000, 30_000))
    pcm = np.concatenate(list(chapter_pcm(plan, takes.__getitem__)))
    assert len(pcm) == 100_000
    assert set(np.flatnonzero(pcm > LOUD // 2)) <= set(range(5_000, 25_000))
    assert np.all(pcm[5_120:24_880] == LOUD)
    assert np.all(pcm[40_120:69_880] == -LOUD)
    assert not pcm[:5_000].any()
    assert not pcm[25_000:40_000].any()
    assert not pcm[70_000:].any()


def test_no_block_is_longer_than_a_second():
    plan = timeline(500_000, Clip("a", 0, 100_000, 300_000))
    assert max(map(len, chapter_pcm(plan, lambda key: np.ones(300_000, np.int16)))) <= BLOCK_SAMPLES


def test_a_take_cut_into_several_clips_is_opened_once():
    opened = []

    def open_take(key: str) -> np.ndarray:
        opened.append(key)
        return np.zeros(9_000, np.int16)

    clips = [Clip("a", 0, 1_024, 3_000), Clip("a", 3_000, 20_000, 3_000), Clip("b", 0, 30_000, 3_000)]
    list(chapter_pcm(timeline(40_000, *clips), open_take))
    assert opened == ["a", "b"]


def test_one_take_is_in_memory_at_a_time():
    size = 2_000_000
    clips = [Clip(f"take {at}", 0, 1_024 + at * size, size) for at in range(8)]
    plan = timeline(1_024 + 8 * size, *clips)
    tracemalloc.start()
    for _ in chapter_pcm(plan, lambda key: np.zeros(size, np.int16)):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.2 * size * 2  # the take, its faded copy, and the copy before it in the caller's hand


def test_a_take_shorter_than_its_clip_is_a_damaged_store():
    plan = timeline(10_240, Clip("abc", 0, 1_024, 5_000))
    with pytest.raises(StorageError, match="take abc is 1000 samples shorter"):
        list(chapter_pcm(plan, lambda key: np.zeros(4_000, np.int16)))


def test_a_take_that_cannot_be_read_is_named():
    def gone(key: str) -> np.ndarray:
        raise FileNotFoundError(2, "No such file")

    with pytest.raises(StorageError, match="take abc cannot be read: No such file"):
        list(chapter_pcm(timeline(10_240, Clip("abc", 0, 1_024, 5_000)), gone))


def test_a_cut_rises_from_silence_within_five_milliseconds():
    clip = faded(np.full(10_000, LOUD, np.int16), 10_000, 10_000)
    assert clip[0] == 0
    assert clip[-1] < LOUD / 100
    assert np.all(np.diff(clip[:120].astype(int)) >= 0)
    assert np.all(clip[120:-120] == LOUD)


@pytest.mark.parametrize(("room", "longest"), [(0, 24), (23, 24), (50, 48), (119, 96), (120, 120), (9_000, 120)])
def test_a_fade_never_reaches_a_word_by_more_than_the_millisecond_that_stops_a_click(room, longest):
    clip = faded(np.full(10_000, LOUD, np.int16), room, room)
    assert np.all(clip[longest:-longest] == LOUD)
    assert clip[longest // 2] < LOUD


def test_a_clip_too_short_for_fades_and_an_empty_one_pass_unchanged():
    assert list(faded(np.array([5, 6], np.int16), 0, 0)) == [5, 6]
    assert len(faded(np.empty(0, np.int16), 0, 0)) == 0


def test_fades_look_at_the_words_of_their_own_clip():
    take = np.full(30_000, LOUD, np.int16)
    plan = timeline(40_960, Clip("a", 0, 2_000, 20_000), spoken=words((2_048, 10_000), (12_000, 22_000)))
    pcm = np.concatenate(list(chapter_pcm(plan, lambda key: take)))
    assert np.all(pcm[2_048 : 22_000 - 24] == LOUD)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_takes_at_other_rates_keep_their_duration_and_pitch(rate):
    tone = (LOUD * np.sin(2 * np.pi * 440 * np.arange(rate * 2) / rate)).astype(np.int16)
    made = resampled(tone, rate)
    assert abs(len(made) - 48_000) <= 8
    expected = LOUD * np.sin(2 * np.pi * 440 * np.arange(len(made)) / 24_000)
    assert np.abs(made - expected)[2_000:-2_000].max() < LOUD * 0.01


def test_takes_at_the_timeline_s_rate_are_not_touched():
    pcm = np.arange(100, dtype=np.int16)
    assert resampled(pcm, 24_000) is pcm


def test_fades_need_no_ffmpeg_binary_and_warn_of_none():
    code = """
import subprocess
def refuse(*arguments, **options): raise SystemExit(f"ran {arguments}")
subprocess.Popen = subprocess.run = refuse
import numpy as np
from pipeline.assembly.fading import faded
assert faded(np.ones(9000, np.int16), 200, 200)[0] == 0
"""
    bare = {"PATH": os.path.dirname(sys.executable), "HOME": os.environ.get("HOME", "")}  # noqa: PTH120
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=bare, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
