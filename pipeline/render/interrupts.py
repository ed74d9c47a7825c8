"""Ctrl-C and SIGTERM while takes are being made: finish what is in flight, start nothing new."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from pipeline.render.events import Noticed, Receiver

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stopping_on_signals(stop: asyncio.Event, receiver: Receiver) -> Iterator[None]:
    """Set ``stop`` at the first signal; a second one cancels the running task at once. Afterwards the handlers are
    those from before (asyncio alone would leave SIGTERM to kill the process).

    Windows has no signal handlers in its event loop: there Ctrl-C cancels at once, which loses nothing that is stored.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def on_signal() -> None:
        if stop.is_set():
            task.cancel()
            return
        receiver(Noticed("stopping: the takes in flight are finished and kept (again to stop at once)"))
        stop.set()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, on_signal)
    except (NotImplementedError, RuntimeError):  # Windows, or not in the main thread
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number] or signal.SIG_DFL)
