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


def not_on_this_system(*arguments: object) -> None:
    raise NotImplementedError


@pytest.mark.parametrize("without_loop_handlers", [False, True], ids=["POSIX", "as on Windows"])
def test_a_signal_sets_stop_and_the_handlers_from_before_are_put_back(
    without_loop_handlers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupting = signal.getsignal(signal.SIGINT)

    async def make() -> None:
        stop = asyncio.Event()
        with stopping_on_signals(stop, lambda event: None):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(stop.wait(), 5)

    if without_loop_handlers:
        monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", not_on_this_system)
        monkeypatch.setattr(asyncio.SelectorEventLoop, "remove_signal_handler", not_on_this_system)
    asyncio.run(make())
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is interrupting


def test_a_second_signal_cuts_off_what_is_made_and_nothing_that_is_over() -> None:
    async def make(over: bool) -> str:
        stop = asyncio.Event()
        with stopping_on_signals(stop, lambda event: None) as stopping:
            if over:
                stopping.over()
            stopping.signalled()
            stopping.signalled()
            await asyncio.sleep(0)
        return "closed in peace"

    assert asyncio.run(make(over=True)) == "closed in peace"
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(make(over=False))
