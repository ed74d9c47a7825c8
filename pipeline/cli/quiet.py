"""``--quiet``: a command that says nothing unless something is wrong; its exit code tells the rest."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """``--quiet``, for commands that do something; not for those whose output is what they are called for."""
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing unless something is wrong")


class Muted(io.TextIOBase):
    """Standard output that is thrown away. ``beneath`` is the real one, for what no reader may miss."""

    def __init__(self, beneath: TextIO) -> None:
        super().__init__()
        self.beneath = beneath

    def writable(self) -> bool:
        """It takes everything."""
        return True

    def write(self, text: str) -> int:
        """Throw away."""
        return len(text)


@contextlib.contextmanager
def quietened(arguments: argparse.Namespace) -> Iterator[None]:
    """Mute standard output where ``--quiet`` asks for it. JSON that is asked for is no talk: ``--json`` goes first."""
    if not getattr(arguments, "quiet", False) or getattr(arguments, "json", False):
        yield
        return
    beneath = sys.stdout
    sys.stdout = Muted(beneath)
    try:
        yield
    finally:
        sys.stdout = beneath


def audible() -> TextIO:
    """Standard output, muted or not: annotations are for the CI server, which ``--quiet`` does not address."""
    return sys.stdout.beneath if isinstance(sys.stdout, Muted) else sys.stdout
