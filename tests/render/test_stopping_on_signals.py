"""A signal while takes are made stops the making; before and after, the command's own handlers hold."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from pipeline.render.interrupts import stopping_on_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_signal_sets_stop_and_the_handlers_from_before_are_put_back() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupting = signal.getsignal(signal.SIGINT)

    async def make() -> None:
        stop = asyncio.Event()
        with stopping_on_signals(stop, lambda event: None):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(stop.wait(), 5)

    asyncio.run(make())
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is interrupting
