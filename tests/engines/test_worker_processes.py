"""Engines in processes of their own: several at once, replaced when they die, gone when the run is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.hibari.synthesis import Speaker
from pipeline.engines.local.wire import LENGTHS, order_frame, order_from, speech_frame, speech_from
from pipeline.engines.local.worker_pool import WorkerPool
from pipeline.engines.protocol import Order
from pipeline.kugelaudio import KugelAudioConnectionError, KugelAudioError
from pipeline.project.dictionaries import DictionaryEntry

VOICE = {"voice": "heart", "pitch": 1.0, "speed": 1.0}
SHORT = Order("Sit down.", "en", VOICE)
LONG = Order("It rained and rained on the old roof. " * 100, "en", VOICE)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at processes the way POSIX shows them")


def workers(of: int) -> list[int]:
    """The worker processes whose parent is ``of``."""
    children = psutil.Process(of).children()
    return [child.pid for child in children if "pipeline.engines.local.worker" in " ".join(child.cmdline())]


@contextlib.contextmanager
def no_worker_left() -> Iterator[None]:
    yield
    assert workers(os.getpid()) == []


def test_workers_give_the_bytes_that_this_process_gives(hibari: Speaker) -> None:
    async def run() -> None:
        entries = (DictionaryEntry("roof", "house", None, True, "en"),)
        orders = [Order(f"It rained {number} times on the roof.", "en", VOICE, entries, number) for number in range(4)]
        async with HibariEngine(2) as engine:
            answers = await asyncio.gather(*map(engine.speak, orders))
            assert len(workers(os.getpid())) == 2
        for order, answer in zip(orders, answers, strict=True):
            here = hibari.speak(order)
            assert answer.pcm.tobytes() == here.pcm.tobytes()
            assert np.array_equal(answer.words.start_sample, here.words.start_sample)
            assert np.array_equal(answer.words.char_end, here.words.char_end)
            assert answer.usage == here.usage

    with no_worker_left():
        asyncio.run(run())


def test_a_killed_worker_costs_its_order_and_is_replaced() -> None:
    async def run() -> None:
        async with HibariEngine(1) as engine:
            await engine.speak(SHORT)
            speaking = asyncio.create_task(engine.speak(LONG))
            await asyncio.sleep(0.2)
            [worker] = workers(os.getpid())
            os.kill(worker, signal.SIGKILL)
            with pytest.raises(KugelAudioConnectionError, match="SIGKILL"):
                await speaking
            assert len((await engine.speak(SHORT)).words) == 2
            assert workers(os.getpid()) != [worker]

    with no_worker_left():
        asyncio.run(run())


def test_leaving_in_the_middle_of_an_order_neither_waits_nor_leaves_a_worker() -> None:
    async def run() -> None:
        async with HibariEngine(1) as engine:
            await engine.speak(SHORT)
            speaking = asyncio.create_task(engine.speak(LONG))
            await asyncio.sleep(0.1)
        with pytest.raises(KugelAudioConnectionError, match="closed"):
            await speaking

    with no_worker_left():
        asyncio.run(run())


def test_a_cancelled_order_does_not_answer_the_next_one() -> None:
    async def run() -> None:
        async with HibariEngine(1) as engine:
            await engine.speak(SHORT)
            speaking = asyncio.create_task(engine.speak(LONG))
            await asyncio.sleep(0.1)
            speaking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await speaking
            assert len((await engine.speak(SHORT)).words) == 2

    with no_worker_left():
        asyncio.run(run())


def test_an_error_of_ours_is_told_and_is_not_taken_for_a_lost_connection() -> None:
    async def run() -> None:
        async with WorkerPool("hibari", 1) as pool:
            with pytest.raises(KugelAudioError, match="worker failed: KeyError: 'pitch'") as caught:
                await pool.speak(Order("Sit down.", "en", {"speed": 1.0}))
            assert not isinstance(caught.value, KugelAudioConnectionError)
            assert len((await pool.speak(SHORT)).words) == 2

    with no_worker_left():
        asyncio.run(run())


def test_workers_end_when_the_run_is_killed_and_ignore_its_ctrl_c() -> None:
    script = """
import asyncio, sys
from pipeline.engines.hibari import HibariEngine
from pipeline.engines.protocol import Order
async def run():
    async with HibariEngine(1) as engine:
        await engine.speak(Order("Sit down.", "en", {"voice": "heart", "pitch": 1.0, "speed": 1.0}))
        print("ready", flush=True)
        await asyncio.sleep(60)
asyncio.run(run())
"""
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, process_group=0)
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        [worker] = workers(run.pid)
        os.kill(worker, signal.SIGINT)
        time.sleep(0.1)
        assert workers(run.pid) == [worker]
        assert os.getpgid(worker) != os.getpgid(run.pid)
    finally:
        run.kill()
        run.wait()
        run.stdout.close()  # type: ignore[union-attr]
    for _ in range(50):
        if not _lives(worker):
            break
        time.sleep(0.1)
    assert not _lives(worker)


def _lives(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_orders_and_speech_survive_the_wire(hibari: Speaker) -> None:
    order = Order(
        "Größe “1815” 😀 <b>",
        "en-GB",
        VOICE,
        (DictionaryEntry("a", "b", "ʃ", True, "en"), DictionaryEntry("c", "d")),
        7,
    )
    frame = order_frame(order)
    header_length, body_length = LENGTHS.unpack(frame[: LENGTHS.size])
    assert (len(frame), body_length) == (LENGTHS.size + header_length, 0)
    assert order_from(frame[LENGTHS.size :]) == order
    speech = hibari.speak(order)
    frame = speech_frame(speech)
    header_length, _ = LENGTHS.unpack(frame[: LENGTHS.size])
    header, body = frame[LENGTHS.size : LENGTHS.size + header_length], frame[LENGTHS.size + header_length :]
    back = speech_from(header, body)
    assert back.pcm.tobytes() == speech.pcm.tobytes()
    assert np.array_equal(back.words.end_sample, speech.words.end_sample)
    assert back.usage == speech.usage
