"""A worker process: one loaded engine, which answers orders on standard input until that is closed.

Run as ``python -m pipeline.engines.local.worker hibari``. It ends when its input ends, so it cannot outlive the run,
even one that was killed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

from pipeline.engines.local.wire import LENGTHS, order_from, speech_frame
from pipeline.engines.protocol import Order, Speech

Speaking = Callable[[Order], Speech]


def main(engine: str) -> None:
    """Answer orders for ``engine`` (``hibari`` or ``espeak``)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _own_output()
    speak = _load(engine)
    try:
        serve(speak, sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # the run is gone; nothing is left to flush to


def serve(speak: Speaking, orders: BinaryIO, answers: BinaryIO) -> None:
    """Answer each frame of ``orders`` with one on ``answers``, until there are no more."""
    while len(lengths := orders.read(LENGTHS.size)) == LENGTHS.size:
        header = orders.read(LENGTHS.unpack(lengths)[0])
        answers.write(speech_frame(speak(order_from(header))))
        answers.flush()


def _load(engine: str) -> Speaking:
    if engine == "hibari":
        from pipeline.engines.hibari.synthesis import Speaker  # noqa: PLC0415 - each worker loads one engine only

        return Speaker().speak
    from pipeline.engines.espeak.synthesis import EspeakSpeaker  # noqa: PLC0415

    return EspeakSpeaker().speak


def _own_output() -> BinaryIO:
    """Standard output for the answers alone; what a library prints goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main(sys.argv[1])
