"""A finished file, decoded once from end to end: all that the checks need, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.assembly.loudness import Levels, measure
from pipeline.reports.quality.clicks import CONTEXT_SECONDS, clicks
from pipeline.reports.quality.envelope import Envelope, WindowMeter, runs
from pipeline.reports.quality.limits import Limits

FULL_SCALE = 0.9995
_LOWEST_RATE = 8000
"""Of sound files; where a damaged header says less, or nothing, it is none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of a file. ``clicks`` are (seconds, size), ``clipped`` (seconds, samples in a row at full scale); both
    count from the start of the stretch. ``dc_offset`` is the mean of its samples."""

    levels: Levels
    envelope: Envelope
    dc_offset: float
    clicks: tuple[tuple[float, float], ...]
    clipped: tuple[tuple[float, int], ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.levels.seconds


class UndecodableError(ValueError):
    """A file cannot be decoded; ``seconds`` of it could."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def listen(path: Path, lengths: Sequence[float], limits: Limits) -> Iterator[Heard]:
    """Decode a file and tell what each stretch of ``lengths`` seconds holds, the last one to the file's end.

    A file shorter than that gives fewer, or empty, stretches. Raises UndecodableError where it cannot be decoded.
    """
    blocks = _Blocks(iter(()))
    rate = 1
    try:
        with av.open(str(path.absolute())) as container:
            if not container.streams.audio or container.streams.audio[0].rate < _LOWEST_RATE:
                raise UndecodableError("it holds no audio", 0.0)
            rate = container.streams.audio[0].rate
            blocks = _Blocks(_decoded(container.decode(audio=0)))
            start = 0.0
            for index, length in enumerate(lengths):
                samples = round((start + length) * rate) - round(start * rate)
                start += length
                ear = _Ear(rate, limits)
                levels = measure(ear.hearing(blocks.up_to(None if index == len(lengths) - 1 else samples)), rate)
                yield ear.heard(levels)
    except (av.FFmpegError, OSError) as error:
        raise UndecodableError(str(error.strerror or error).lower(), blocks.taken / rate) from error


def _decoded(frames: Iterator[av.AudioFrame]) -> Iterator[NDArray[np.float32]]:
    """The audio, mono, in blocks of about a second: frames are too short to be measured one by one."""
    parts: list[NDArray[np.float32]] = []
    samples = 0
    for frame in frames:
        parts.append(_mono(frame))
        samples += frame.samples
        if samples >= frame.sample_rate:
            yield np.concatenate(parts)
            parts, samples = [], 0
    if parts:
        yield np.concatenate(parts)


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    pcm: NDArray[Any] = frame.to_ndarray()
    channels = frame.layout.nb_channels
    if not frame.format.is_planar and channels > 1:
        pcm = pcm.reshape(-1, channels).T
    unit = pcm.astype(np.float32)
    if pcm.dtype.kind == "i":
        unit *= np.float32(1 / -float(np.iinfo(pcm.dtype).min))
    return np.asarray(unit.mean(axis=0) if channels > 1 else unit.reshape(-1), np.float32)


class _Blocks:
    """A stream that is taken from by the sample."""

    def __init__(self, blocks: Iterator[NDArray[np.float32]]) -> None:
        self._blocks = blocks
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)
        self.taken = 0

    def up_to(self, samples: int | None) -> Iterator[NDArray[np.float32]]:
        """The next ``samples``, or all that is left."""
        while samples is None or samples > 0:
            block = self._rest if len(self._rest) else next(self._blocks, None)
            if block is None:
                return
            taken = len(block) if samples is None else min(samples, len(block))
            self._rest = block[taken:]
            samples = None if samples is None else samples - taken
            self.taken += taken
            yield block[:taken]


class _Ear:
    """Listens to blocks on their way to the meter."""

    def __init__(self, rate: int, limits: Limits) -> None:
        self._rate, self._limits = rate, limits
        self._windows = WindowMeter(rate)
        self._context = int(CONTEXT_SECONDS * rate) // (rate // 1000) * (rate // 1000)
        self._before: NDArray[np.float32] = np.empty(0, np.float32)
        self._sum, self._samples = 0.0, 0
        self._clicks: list[tuple[float, float]] = []
        self._clipped: list[tuple[float, int]] = []

    def hearing(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The same blocks, listened to."""
        for block in blocks:
            self._hear(block)
            yield block
        self._look_for_clicks(self._before, last=True)

    def _hear(self, block: NDArray[np.float32]) -> None:
        self._windows.hear(block)
        self._sum += float(block.sum(dtype=np.float64))
        self._clipped += clipped_runs(block, FULL_SCALE, self._limits.clipped_run, self._samples, self._rate)
        self._samples += len(block)
        joined = np.concatenate([self._before, block])
        self._look_for_clicks(joined, last=False)
        self._before = joined[-2 * self._context :]

    def _look_for_clicks(self, pcm: NDArray[np.float32], *, last: bool) -> None:
        """Report what has its context on both sides here; the rest comes again with the next block."""
        base = self._samples - len(pcm)
        low = 0 if base == 0 else self._context
        high = len(pcm) if last else len(pcm) - self._context
        self._clicks += [
            ((base + at) / self._rate, size) for at, size in clicks(pcm, self._rate, self._limits) if low <= at < high
        ]

    def heard(self, levels: Levels) -> Heard:
        """All of it."""
        mean = self._sum / self._samples if self._samples else 0.0
        return Heard(levels, self._windows.levels(), mean, tuple(self._clicks), tuple(self._clipped))


def clipped_runs(
    pcm: NDArray[np.float32], at_least: float, run: int, offset: int, rate: int
) -> list[tuple[float, int]]:
    """Where ``run`` or more samples in a row reach ``at_least``, as (seconds, samples)."""
    if not len(pcm) or max(float(pcm.max()), -float(pcm.min())) < at_least:
        return []
    found = runs(np.abs(pcm) >= at_least)
    return [((offset + start) / rate, end - start) for start, end in found if end - start >= run]
