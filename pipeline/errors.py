"""What can go wrong for a user, each kind with its documented exit code (README, "Exit codes").

::

    NarrateError                1   our own bug unless a subclass says otherwise
    ├── InputError              2   manifest, manuscript, dictionary, voice: a list of problems with file:line:col
    ├── UsageError              2   the command line asks for something that cannot be
    ├── SegmentsFailed          3   some or all segments failed at the engine; the rest is kept
    ├── SpendingStopped         4   budget spent or wallet empty; resumable
    ├── AuthenticationStopped   5   the provider refuses the key
    ├── CheckFailed             6   a check ran and found something
    ├── LockHeld                7   another run works on this project
    ├── StorageError            8   disk full, read-only, store not durable
    │   └── DamagedTake         8   a stored take is not what was stored; a render makes it again
    └── Interrupted           130   Ctrl-C or SIGTERM; resumable
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in an input file, printed as ``file:line:column: message``.

    ``line`` and ``column`` count from 1; 0 means unknown and is left out.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return f"{place}: {self.message}"


class NarrateError(Exception):
    """A failure with a one-line message for the user, and a hint at the next step where there is one."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, to another process: some kinds are made of more than a message."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class InputError(NarrateError):
    """Problems in the user's files, all found in one go; one line each."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)), hint=hint)


class UsageError(NarrateError):
    """The command was given something that cannot be done."""

    exit_code = 2


class SegmentsFailed(NarrateError):
    """Segments failed at the engine; every take that was made is kept."""

    exit_code = 3


class SpendingStopped(NarrateError):
    """A budget is spent or the wallet is empty; the run can be resumed."""

    exit_code = 4


class AuthenticationStopped(NarrateError):
    """The provider refuses the key."""

    exit_code = 5


class CheckFailed(NarrateError):
    """A check ran to its end and found something wrong."""

    exit_code = 6


class LockHeld(NarrateError):
    """Another run holds this project's lock."""

    exit_code = 7


class StorageError(NarrateError):
    """The disk is full or read-only, or a store did not keep what it was given."""

    exit_code = 8


class DamagedTake(StorageError):
    """The audio of a stored take is not what was stored. ``key`` is the take's."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(
            message, hint="`narrate check --takes` lists all damaged takes; `narrate render` makes them again"
        )
        self.key = key


class Interrupted(NarrateError):
    """Ctrl-C or SIGTERM; what was finished is kept."""

    exit_code = 130
