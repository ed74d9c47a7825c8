"""The book joined in a process of its own, while this one encodes.

Every packet that is copied asks twice for the interpreter, for which the encoders' threads ask as well: a novel of
eleven hours in which a word was changed is made again in 17 seconds so, and in 20 without
(benchmarks/book_assembly.py).

Run as ``python -m pipeline.assembly.joining_apart``: what to join on standard input, what went wrong on standard
output.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.assembly.book import BookChapter, join
from pipeline.assembly.tags import Tags
from pipeline.errors import StorageError

WORTH_IT_SECONDS = 3600.0
"""Of audio: an hour is joined in about the time in which a process starts."""

_REFUSED = 8


def join_apart(path: Path, chapters: Sequence[BookChapter], tags: Tags) -> None:
    """What :func:`pipeline.assembly.book.join` does, for a caller whose threads are busy. Raises what that raises.

    The process is stopped where waiting for it is interrupted. It gives no file its name: one that outlives a killed
    run leaves no more than a half-made file, which the next run removes.
    """
    order = pickle.dumps((path, tuple(chapters), tags))
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, input=order, capture_output=True, check=False, start_new_session=True)  # noqa: S603
    if done.returncode == _REFUSED:
        raise pickle.loads(done.stdout)  # noqa: S301 - our own process wrote it
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"the process that joined the book ended with {done.returncode}: {said[-1]}")


def main() -> int:
    """Join what standard input says; the exit status."""
    path, chapters, tags = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - our own process wrote it
    try:
        join(path, chapters, tags)
    except StorageError as error:
        refused: Exception = error
    except OSError as error:
        refused = OSError(error.errno, error.strerror)
    else:
        return 0
    sys.stdout.buffer.write(pickle.dumps(refused))
    return _REFUSED


if __name__ == "__main__":
    sys.exit(main())
