"""Worker processes that speak, several at once: a synthesis engine is a process's global, and Python has one lock."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO, Self

from pipeline.engines.local.wire import LENGTHS, order_frame, speech_from
from pipeline.engines.protocol import Order, Speech
from pipeline.kugelaudio import KugelAudioConnectionError, KugelAudioError

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_READ_AHEAD = 1 << 20
if sys.platform == "win32":
    _PROCESS_GROUP, _CREATION_FLAGS = None, subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _PROCESS_GROUP, _CREATION_FLAGS = 0, 0
_COMPLAINT_BYTES = 4096
_LAST_WORDS_SECONDS = 2.0


class WorkerPool:
    """Up to ``size`` processes of one engine, each started when first needed and replaced when it dies.

    Workers stand in a process group of their own: Ctrl-C reaches the run, which decides. Leaving the context kills
    them; they keep nothing.
    """

    def __init__(self, engine: str, size: int) -> None:
        self._engine = engine
        self._idle: list[_Worker] = []
        self._running: set[_Worker] = set()
        self._slots = asyncio.Semaphore(size)
        self._open = True

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._open = False
        self._idle.clear()
        for worker in tuple(self._running):
            await self._discard(worker)

    async def speak(self, order: Order) -> Speech:
        """Have a worker speak. Raises ConnectionError where it was killed, KugelAudioError where it failed."""
        async with self._slots:
            worker = await self._take()
            try:
                speech = await worker.ask(order)
            except (OSError, asyncio.IncompleteReadError) as error:
                await worker.ended()
                await self._discard(worker)
                raise (worker.obituary() if self._open else self._closed()) from error
            except asyncio.CancelledError:
                await self._discard(worker)
                raise
            if self._open:
                self._idle.append(worker)
            return speech

    async def _take(self) -> _Worker:
        """An idle worker that lives, else a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await self._discard(worker)
        worker = await _Worker.start(self._engine)
        if not self._open:
            await worker.kill()
            raise self._closed()
        self._running.add(worker)
        return worker

    def _closed(self) -> KugelAudioError:
        return KugelAudioConnectionError(f"the {self._engine} engine was closed", error_code="ENGINE_CLOSED")

    async def _discard(self, worker: _Worker) -> None:
        self._running.discard(worker)
        await worker.kill()


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, engine: str, process: asyncio.subprocess.Process, complaints: IO[bytes]) -> None:
        self._engine = engine
        self._process = process
        self._complaints = complaints
        self._complaint = ""

    @classmethod
    async def start(cls, engine: str) -> Self:
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in kill(), as the process is
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "pipeline.engines.local.worker",
                engine,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment(os.environ),
                limit=_READ_AHEAD,
                process_group=_PROCESS_GROUP,
                creationflags=_CREATION_FLAGS,
            )
        except OSError as error:
            complaints.close()
            raise KugelAudioConnectionError(f"the {engine} worker could not be started: {error}") from error
        return cls(engine, process, complaints)

    @property
    def alive(self) -> bool:
        """Whether the process has not been seen to end."""
        return self._process.returncode is None

    async def ask(self, order: Order) -> Speech:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order_frame(order))
        await self._process.stdin.drain()
        header_length, body_length = LENGTHS.unpack(await self._process.stdout.readexactly(LENGTHS.size))
        header = await self._process.stdout.readexactly(header_length)
        return speech_from(header, await self._process.stdout.readexactly(body_length))

    async def ended(self) -> None:
        """Give a process that has closed its pipes the time to say why."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _LAST_WORDS_SECONDS)

    async def kill(self) -> None:
        """End the process, whatever it does, and keep the end of what it had to say."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if not self._complaints.closed:
            self._complaints.seek(0)
            self._complaint = self._complaints.read().decode("utf-8", "replace")[-_COMPLAINT_BYTES:]
            self._complaints.close()

    def obituary(self) -> KugelAudioError:
        """Why the process ended: killed from outside (worth another try), or by an error of ours (not)."""
        code = self._process.returncode or 0
        last_line = self._complaint.strip().rpartition("\n")[2]
        if code > 0 and last_line:
            return KugelAudioError(f"the {self._engine} worker failed: {last_line}", error_code="WORKER_FAILED")
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return KugelAudioConnectionError(
            f"the {self._engine} worker ended ({name}); out of memory?", error_code="WORKER_DIED"
        )


def _environment(current: Mapping[str, str]) -> dict[str, str]:
    """The run's environment, its import path, and one thread for each numeric library."""
    path = os.pathsep.join(filter(None, sys.path))
    return {**current, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": path}
