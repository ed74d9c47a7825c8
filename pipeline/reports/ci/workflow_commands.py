"""GitHub's workflow commands: writing them, and keeping everything else from being one.

The runner reads every line of a step's output: one that begins with ``::name`` (white space before it does not count)
or holds ``##[name]`` anywhere is a command (actions/runner, ``ActionCommand.cs``). So a manuscript, or a file name of a
pull request, could mask words, raise false annotations or stop the commands that follow. Nothing is printed as it is
where the runner listens: every byte goes through :class:`CommandGuard`.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO

JOINER = "\N{WORD JOINER}".encode()
"""What parts the signs of a command; it has no width and allows no line break."""
_ESCAPE = b"\x1b"
_SHOWN_ESCAPE = "\N{SYMBOL FOR ESCAPE}".encode()
_LINE = re.compile(rb"([\r\n][^\x21-\x7e\r\n]*):")
_FIRST = re.compile(rb"\A([^\x21-\x7e\r\n]*):")
_VISIBLE = re.compile(rb"[\x21-\x7e]")
_OLD = re.compile(rb"##(?=\[)")


def data(text: str) -> str:
    """Text as the data of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_value(text: str) -> str:
    """Text as the value of a command's property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def command(name: str, message: str, **properties: str | int | None) -> str:
    """One command in one line; properties that are None or 0 are left out."""
    given = ",".join(f"{key}={property_value(str(value))}" for key, value in properties.items() if value)
    return f"::{name}{' ' if given else ''}{given}::{data(message)}"


class CommandGuard(io.RawIOBase):
    """Passes bytes on to ``below`` so that no line of them is a command; :meth:`trusted` alone writes commands.

    A line may arrive in any number of pieces. A word joiner goes between the signs that would begin a command, and
    escape characters are shown instead of sent: terminals are not what listens here.
    """

    def __init__(self, below: BinaryIO) -> None:
        super().__init__()
        self._below = below
        self._at_start = True
        self._tail = b""

    def writable(self) -> bool:
        """It is for writing only."""
        return True

    def fileno(self) -> int:
        """The descriptor below."""
        return self._below.fileno()

    @property
    def name(self) -> str:
        """What messages call it."""
        return "<guarded>"

    def isatty(self) -> bool:
        """Never a terminal, whatever is below: a runner's log."""
        return False

    def write(self, written: object, /) -> int:
        """Pass on what cannot be a command any more."""
        piece = bytes(memoryview(written))  # type: ignore[arg-type]
        self._below.write(self._guarded(piece))
        return len(piece)

    def flush(self) -> None:
        """Flush what is below."""
        if not self.closed and not self._below.closed:
            self._below.flush()

    def trusted(self, line: str) -> None:
        """Write one command, on a line of its own."""
        begin = b"" if not self._tail or self._tail[-1:] == b"\n" else b"\n"
        self._below.write(begin + line.encode() + b"\n")
        self._below.flush()
        self._at_start, self._tail = True, b"\n"

    def _guarded(self, piece: bytes) -> bytes:
        safe = _LINE.sub(rb"\1:" + JOINER, piece)
        if self._at_start:
            safe = _FIRST.sub(rb"\1:" + JOINER, safe)
        begun = self._tail[-2:]
        if (begun == b"##" and safe[:1] == b"[") or (begun[-1:] == b"#" and safe[:2] == b"#["):
            cut = safe.index(b"[")
            safe = safe[:cut] + JOINER + safe[cut:]
        self._remember(piece)
        return _OLD.sub(b"##" + JOINER, safe).replace(_ESCAPE, _SHOWN_ESCAPE)

    def _remember(self, piece: bytes) -> None:
        line = re.split(rb"[\r\n]", piece)
        begun = self._at_start if len(line) == 1 else True
        self._at_start = begun and not _VISIBLE.search(line[-1])
        self._tail = (self._tail + piece)[-2:]
