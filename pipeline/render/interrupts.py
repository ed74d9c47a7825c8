"""Ctrl-C and SIGTERM while takes are being made: finish what is in flight, start nothing new."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterable, Iterator

from pipeline.render.events import Noticed, Receiver

_SIGNALS = [signal.SIGINT, signal.SIGTERM]
if sys.platform != "win32":
    _SIGNALS.append(signal.SIGHUP)  # a terminal that is closed


class Stopping:
    """What a signal does while takes are made: the first sets ``stop``, a second one cancels ``task`` at once."""

    def __init__(self, stop: asyncio.Event, receiver: Receiver, task: asyncio.Task[object]) -> None:
        self._stop = stop
        self._receiver = receiver
        self._task: asyncio.Task[object] | None = task

    def over(self) -> None:
        """All takes are made or given up: there is nothing left to cut off."""
        self._task = None

    def signalled(self) -> None:
        """Somebody wants it to stop."""
        if not self._stop.is_set():
            self._stop.set()
            self._receiver(Noticed("stopping: the takes in flight are finished and kept (again to stop at once)"))
        elif self._task is not None:
            self._task.cancel()


@contextlib.contextmanager
def stopping_on_signals(stop: asyncio.Event, receiver: Receiver) -> Iterator[Stopping]:
    """Set ``stop`` at the first signal; a second one cancels the running task at once. Afterwards the handlers are
    those from before (asyncio alone would leave SIGTERM to kill the process).
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    stopping = Stopping(stop, receiver, task)
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    if sys.platform != "win32" and before[signal.SIGHUP] is signal.SIG_IGN:
        del before[signal.SIGHUP]  # nohup: the terminal may go
    try:
        _handle(loop, before, stopping)
    except (RuntimeError, ValueError):  # not in the main thread, where no signal arrives
        yield stopping
        return
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler or signal.SIG_DFL)


def _handle(loop: asyncio.AbstractEventLoop, signals: Iterable[signal.Signals], stopping: Stopping) -> None:
    """Have the loop told of signals. On Windows its own way is missing; a plain handler wakes it there."""
    for number in signals:
        try:
            loop.add_signal_handler(number, stopping.signalled)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.signalled))
