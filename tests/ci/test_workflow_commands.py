"""No text can be a command to the runner that reads the log."""

from __future__ import annotations

import io
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reports.ci.workflow_commands import CommandGuard, command

_PIECES = st.lists(
    st.sampled_from(
        [
            "::",
            ":",
            "#",
            "##",
            "[",
            "##[error]",
            "\n",
            "\r",
            " ",
            "\u2003",
            "error",
            "::add-mask::x",
            "\x1b[0m",
            "“",
            "%",
        ]
    ),
    max_size=30,
)


def commands(log: str) -> list[str]:
    """What the runner takes for commands (actions/runner, ActionCommand.cs), line by line as .NET reads lines."""
    lines = re.split(r"\r\n|\r|\n", log)
    return [line for line in lines if re.match(r"\s*::.*?::", line) or "##[" in line]


def through_guard(pieces: list[str]) -> str:
    below = io.BytesIO()
    guard = CommandGuard(below)
    for piece in pieces:
        guard.write(piece.encode())
    return below.getvalue().decode()


@given(_PIECES)
@settings(max_examples=400, deadline=None)
def test_no_text_in_whatever_pieces_becomes_a_command(pieces: list[str]) -> None:
    assert commands(through_guard(pieces)) == []


def test_ordinary_text_passes_as_it_is() -> None:
    text = "rendered 3/4 segments: 12:30 of audio\nbook.md:3: a::b [x] #1 ## two\n  naïve “quotes”\n"
    assert through_guard([text]) == text


def test_a_trusted_command_stands_on_a_line_of_its_own() -> None:
    below = io.BytesIO()
    guard = CommandGuard(below)
    guard.write(b"half a line")
    guard.trusted(command("error", "wrong: 100 %\nreally", file="a,b:c.md", line=3, col=0, title="narrate"))
    guard.write(b"::error::from a manuscript\n")
    assert commands(below.getvalue().decode()) == [
        "::error file=a%2Cb%3Ac.md,line=3,title=narrate::wrong: 100 %25%0Areally"
    ]
