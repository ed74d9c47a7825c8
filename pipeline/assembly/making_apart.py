"""Chapters made in processes of their own, one at a time in each.

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
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, BinaryIO

from pipeline.assembly.making import ChapterJob, Told, make_chapter
from pipeline.assembly.side_by_side import ONE
from pipeline.assembly.sound import Sound
from pipeline.errors import NarrateError
from pipeline.project.profiles import Profile

_RUN = "import sys; sys.path[:] = sys.argv[1:]; from pipeline.assembly.making_apart import main; main()"
_PATIENCE_SECONDS = 5.0
_HALT = "halt"
if sys.platform == "win32":  # there Ctrl-C goes to every process of a group, elsewhere of a session
    _CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _CREATION_FLAGS = 0
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
        except OSError as error:
            raise self._ended() from error
        while True:
            kind, answer = self._answer()
            if kind == _MADE:
                return dict(answer)
            if kind == _FAILED:
                raise answer
            file, sound = answer
            told(job.files[file], sound)

    def halt(self) -> None:
        """Have the chapter that is being made ended within a second of audio, and none begun."""
        with contextlib.suppress(OSError):
            self.order(_HALT)

    def close(self) -> None:
        """End the process, which has nothing left to do."""
        with contextlib.suppress(OSError):
            self.orders.close()
        self._waited_for()
        self.answers.close()

    def order(self, order: object) -> None:
        """Send what :func:`main` understands. Raises OSError where the process is no more."""
        data = pickle.dumps(order)
        with self.writing:
            self.orders.write(data)
            self.orders.flush()

    def _answer(self) -> tuple[str, Any]:
        try:
            kind, answer = pickle.load(self.answers)  # noqa: S301 - our own process wrote it
        except (EOFError, pickle.UnpicklingError) as error:
            raise self._ended() from error
        return kind, answer

    def _ended(self) -> NarrateError:
        status = self._waited_for()
        how = f"was ended by signal {-status}" if status < 0 else f"ended with {status}"
        hint = "where memory is short, try fewer chapters at a time (`--jobs 1`); what was finished is kept"
        return NarrateError(f"a process that makes chapters {how}", hint=hint)

    def _waited_for(self) -> int:
        try:
            return self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def makers(count: int, profile: Profile) -> Iterator[list[Maker]]:
    """Processes that make chapters at a profile's level, until the context ends. Raises NarrateError where none can be
    started."""
    with ExitStack() as stack:
        started: list[Maker] = []
        for _ in range(count):
            maker = _started(profile)
            stack.callback(maker.close)
            started.append(maker)
        yield started


def _started(profile: Profile) -> Maker:
    """A process that finds what this one finds, and nothing more in the folder it is started in.

    One that has ended already says so when it is asked for a chapter.
    """
    command = [sys.executable, "-P", "-c", _RUN, *sys.path]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, start_new_session=True, creationflags=_CREATION_FLAGS
        )
    except OSError as error:
        message = f"no process that makes chapters can be started: {error.strerror or error}"
        raise NarrateError(message, hint="`--jobs 1` does without") from error
    assert process.stdin is not None
    assert process.stdout is not None
    maker = Maker(process, process.stdin, process.stdout)
    with contextlib.suppress(OSError):
        maker.order(profile)
    return maker


def main() -> None:
    """Make the chapters that standard input orders until it ends; answer on standard output."""
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):  # the starter hears them too, and ends this process in order
        signal.signal(asked_to_end, signal.SIG_IGN)
    orders = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no answer
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
        told: Told = lambda file, sound: _answer(answers, _FILE, (job.files.index(file), sound))  # noqa: E731
        return _MADE, make_chapter(job, profile, ONE, halt, told)
    except Exception as error:  # noqa: BLE001 - raised where the chapter was ordered
        error.add_note(f"in a process of its own:\n{traceback.format_exc()}")
        return _FAILED, error


def _answer(answers: BinaryIO, kind: str, answer: object) -> None:
    try:
        data = pickle.dumps((kind, answer))
        if kind == _FAILED:
            pickle.loads(data)  # noqa: S301 - some exceptions are written and cannot be read
    except Exception:  # noqa: BLE001 - whatever it is, its kind and words can be sent
        data = pickle.dumps((_FAILED, RuntimeError(f"{type(answer).__name__}: {answer}")))
    try:
        answers.write(data)
        answers.flush()
    except OSError:
        os._exit(0)  # whoever ordered is no more
