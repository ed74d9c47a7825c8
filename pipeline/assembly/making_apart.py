"""Chapters made in processes of their own, one on every core.

Encoders work outside the interpreter's lock, but ask for it some hundred times for a second of audio: two that share a
process on two cores take a tenth longer than in one each (benchmarks/book_assembly.py).

A process ends when the one that started it does, however that ends, and leaves no more than a half-made file under a
temporary name, which the next run removes. Ctrl-C is the starter's to hear.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO, BinaryIO

from pipeline.assembly.making import ChapterJob, Told, make_chapter
from pipeline.assembly.side_by_side import ONE
from pipeline.assembly.sound import Sound
from pipeline.errors import NarrateError
from pipeline.project.profiles import Profile

_RUN = "import sys; sys.path[:] = sys.argv[1:]; from pipeline.assembly.making_apart import main; main()"
_PATIENCE_SECONDS = 5.0
_HALT = "halt"
_FILE, _MADE, _FAILED = "file", "made", "failed"


@dataclass(frozen=True, slots=True)
class Maker:
    """A process that makes chapters, one at a time."""

    process: subprocess.Popen[bytes]
    orders: IO[bytes]
    answers: IO[bytes]
    writing: threading.Lock = field(default_factory=threading.Lock)

    def make(self, job: ChapterJob, told: Told) -> dict[Path, Sound]:
        """What :func:`pipeline.assembly.making.make_chapter` does. Raises what that raises, and NarrateError where the
        process was ended by something else.
        """
        try:
            self.order(job)
            while True:
                kind, answer = pickle.load(self.answers)  # noqa: S301 - our own process wrote it
                if kind == _FAILED:
                    raise answer
                if kind == _MADE:
                    return dict(answer)
                told(*answer)
        except (EOFError, BrokenPipeError) as error:
            status = self.process.wait()
            how = f"was ended by signal {-status}" if status < 0 else f"ended with {status}"
            raise NarrateError(
                f"a process that makes chapters {how}",
                hint="where memory is short, try fewer chapters at a time (`--jobs 1`); what was finished is kept",
            ) from error

    def halt(self) -> None:
        """Have the chapter that is being made ended within a second of audio, and none begun."""
        with contextlib.suppress(BrokenPipeError):
            self.order(_HALT)

    def close(self) -> None:
        """End the process, which has nothing left to do."""
        with contextlib.suppress(BrokenPipeError):
            self.orders.close()
        try:
            self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()

    def order(self, order: object) -> None:
        """Send what :func:`main` understands. Raises BrokenPipeError where the process is no more."""
        data = pickle.dumps(order)
        with self.writing:
            self.orders.write(data)
            self.orders.flush()


@contextmanager
def makers(count: int, profile: Profile) -> Iterator[list[Maker]]:
    """Processes that make chapters at a profile's level, until the context ends."""
    with ExitStack() as stack:
        started = [_started(profile) for _ in range(count)]
        for maker in started:
            stack.callback(maker.close)
        yield started


def _started(profile: Profile) -> Maker:
    """A process that finds what this one finds, and nothing more in the folder it is started in."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-c", _RUN, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    maker = Maker(process, process.stdin, process.stdout)
    maker.order(profile)
    return maker


def main() -> None:
    """Make the chapters that standard input orders until it ends; answer on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints is no answer
        profile: Profile = pickle.load(orders)  # noqa: S301 - our own process wrote it
        halt = threading.Event()
        jobs: SimpleQueue[ChapterJob | Exception] = SimpleQueue()
        threading.Thread(target=_listen, args=(orders, jobs, halt), daemon=True).start()
        while True:
            _answer(answers, *_outcome(jobs.get(), profile, halt, answers))


def _listen(orders: BinaryIO, jobs: SimpleQueue[ChapterJob | Exception], halt: threading.Event) -> None:
    """Take orders, and end the process as soon as nobody can give any more."""
    while True:
        try:
            order = pickle.load(orders)  # noqa: S301 - our own process wrote it
        except EOFError:
            os._exit(0)
        except Exception as error:  # noqa: BLE001 - told to whoever ordered
            jobs.put(error)
        else:
            if order == _HALT:
                halt.set()
            else:
                jobs.put(order)


def _outcome(
    job: ChapterJob | Exception, profile: Profile, halt: threading.Event, answers: BinaryIO
) -> tuple[str, object]:
    if isinstance(job, Exception):
        return _FAILED, job
    try:
        told: Told = lambda file, sound: _answer(answers, _FILE, (file, sound))  # noqa: E731
        return _MADE, make_chapter(job, profile, ONE, halt, told)
    except Exception as error:  # noqa: BLE001 - raised where the chapter was ordered
        return _FAILED, error


def _answer(answers: BinaryIO, kind: str, answer: object) -> None:
    try:
        data = pickle.dumps((kind, answer))
        pickle.loads(data)  # noqa: S301 - some exceptions are written and cannot be read
    except Exception:  # noqa: BLE001
        data = pickle.dumps((_FAILED, RuntimeError(f"{type(answer).__name__}: {answer}")))
    try:
        answers.write(data)
        answers.flush()
    except BrokenPipeError:
        os._exit(0)
