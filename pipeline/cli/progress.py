"""Receivers of a run's events: a progress bar on a terminal, plain lines elsewhere, JSON lines for machines."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import NoReturn, TextIO

import tqdm

from pipeline.cli.arguments import shown_duration, shown_size
from pipeline.render.events import (
    AssemblyStarted,
    Charged,
    Event,
    FileWritten,
    Noticed,
    Receiver,
    RenderStarted,
    Retrying,
    SegmentFailed,
    TakeMade,
)

_PLAIN_EVERY_SECONDS = 10.0
_TELLING_CHARACTERS = 300
"""A heading alone, spoken while the model was still being loaded, foretells hours for a story."""


def receiver_for(style: str, stream: TextIO | None = None) -> Receiver:
    """The receiver for ``--events``: ``json``, ``plain``, ``bar``, ``none``, or ``auto`` (a bar only on a terminal)."""
    stream = stream or sys.stderr
    if style == "json":
        return JsonLines(sys.stdout)
    if style == "none":
        return _silence
    if style == "bar" or (style == "auto" and stream.isatty()):
        return Bar(stream)
    return PlainLines(stream)


def _silence(event: Event) -> None:
    del event


class JsonLines:
    """Every event as one JSON object with its ``event`` name."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Write the event."""
        told = {"event": _snake(type(event).__name__), **dataclasses.asdict(event)}
        self._stream.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
        self._stream.flush()


class PlainLines:
    """A line now and then, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = self._said = time.monotonic()
        self._total = self._done = self._characters = self._characters_done = 0
        self._audio_seconds = 0.0
        self._cost = ""

    def __call__(self, event: Event) -> None:
        """Write a line if it is time for one."""
        if isinstance(event, RenderStarted):
            self._started = self._said = time.monotonic()
            self._total, self._characters = event.to_make, event.characters
        elif isinstance(event, Charged):
            self._cost = f", {running_cost(event)}"
        elif isinstance(event, TakeMade):
            self._done += 1
            self._characters_done += event.characters
            self._audio_seconds += event.seconds
            now = time.monotonic()
            if now - self._said < _PLAIN_EVERY_SECONDS and self._done < self._total:
                return
            self._said = now
        line = self._line(event)
        if line is not None:
            self._stream.write(f"{line}\n")
            self._stream.flush()

    def _line(self, event: Event) -> str | None:
        if isinstance(event, TakeMade):
            spent = time.monotonic() - self._started
            left = spent / max(1, self._characters_done) * (self._characters - self._characters_done)
            told = self._characters_done >= _TELLING_CHARACTERS or self._done == self._total
            return (
                f"rendered {self._done}/{self._total} segments, {shown_duration(self._audio_seconds)} of audio"
                f"{f', {shown_duration(left)} left' if told else ''}{self._cost}"
            )
        return message(event)


class Bar:
    """A progress bar with the time left; everything else is written above it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm.tqdm[NoReturn] | None = None
        self._audio_seconds = 0.0
        self._cost = ""

    def __call__(self, event: Event) -> None:
        """Move the bar, or write a line above it."""
        if isinstance(event, RenderStarted) and event.to_make:
            self._open(event.characters, "rendering", " characters")
        elif isinstance(event, AssemblyStarted) and event.files:
            self._open(event.files, "assembling", " files")
        elif self._bar is not None and isinstance(event, TakeMade):
            self._audio_seconds += event.seconds
            self._bar.set_postfix_str(f"{shown_duration(self._audio_seconds)} of audio{self._cost}", refresh=False)
            self._bar.update(event.characters)
        elif isinstance(event, Charged):
            self._cost = f", {running_cost(event)}"
        elif self._bar is not None and isinstance(event, FileWritten):
            self._bar.update(1)
        elif (line := message(event)) is not None:
            tqdm.tqdm.write(line, file=self._stream)
        if self._bar is not None and self._bar.total and self._bar.n >= self._bar.total:
            self._bar.close()
            self._bar = None

    def _open(self, total: int, what: str, unit: str) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = tqdm.tqdm(
            total=total, desc=what, unit=unit, unit_scale=total > 10_000, file=self._stream, leave=False, smoothing=0.1
        )


def running_cost(event: Charged) -> str:
    """What the run has cost so far, and what it may: ``12.4 of 500 cents``."""
    limit = "" if event.budget_cents is None else f" of {event.budget_cents.normalize():f}"
    unknown = f" (and at most {event.unknown_cents:.1f} unknown)" if event.unknown_cents else ""
    return f"{event.spent_cents:.1f}{limit} cents{unknown}"


def message(event: Event) -> str | None:
    """The event as a line for people; None where it is worth none."""
    line: str | None = None
    match event:
        case RenderStarted() if event.to_make:
            line = f"rendering {event.to_make} of {event.segments} segments"
        case Retrying():
            line = f"{event.chapter}:{event.index}: {event.because}; trying again in {event.wait_seconds:g} s"
        case SegmentFailed():
            line = f"{event.place}: segment {event.chapter}:{event.index} failed: {event.because}"
        case AssemblyStarted() if event.files:
            line = f"assembling {shown_duration(event.seconds)} of audio into {event.files} files"
        case FileWritten():
            line = f"wrote {event.path} ({shown_size(event.size_bytes)})"
        case Noticed():
            line = event.message
        case _:
            pass
    return line


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
