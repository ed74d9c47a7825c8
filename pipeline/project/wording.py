"""How problems are worded: key paths, suggestions, and nothing that a terminal or CI log would obey."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from pipeline.errors import Problem


def key_path(location: tuple[str | int, ...]) -> str:
    """``("chapters", 0, "source")`` as ``chapters[0].source``; list positions count from 0."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion for a misspelt word, or nothing."""
    spellings = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), spellings, n=1, cutoff=0.6)
    return f"did you mean '{spellings[close[0]]}'?" if close else ""


def printable(message: str) -> str:
    """``message`` in one line, with control characters written out so that no terminal or CI log obeys them."""
    if message.isprintable():
        return message
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in message
    )


def in_order(problems: Iterable[Problem], *, first: str) -> list[Problem]:
    """Each problem once, printable, by file and place; those of the file ``first`` lead."""
    shown = {replace(problem, message=printable(problem.message)) for problem in problems}
    return sorted(shown, key=lambda problem: (problem.file != first, problem))
