"""Every error message was read aloud: it names the thing and the next step. New ones have to keep to that."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ERRORS = {
    "UsageError", "StorageError", "CheckFailed", "LockHeld", "SegmentsFailed", "SpendingStopped",
    "AuthenticationStopped", "StoreUnavailable",
}  # fmt: skip
NEXT_STEP = ("expected", "`", "; ")
"""A message holds its next step itself where it says what was expected, names a command, or goes on behind a
semicolon; otherwise it has a hint."""


def raised(folder: Path) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = getattr(node.exc.func, "id", "")
                if name in ERRORS:
                    yield f"{path.relative_to(folder)}:{node.lineno}", node.exc


def literal(node: ast.expr) -> str:
    """The text of a message; what is filled in stands as {}."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_every_error_tells_the_next_step(repository: Path) -> None:
    without = []
    for place, call in raised(repository / "pipeline"):
        text = literal(call.args[0]) if call.args else ""
        has_hint = any(keyword.arg == "hint" for keyword in call.keywords)
        if text and not has_hint and not any(mark in text for mark in NEXT_STEP):
            without.append(f"{place}: {text}")
    assert not without, "\n".join(without)


def test_no_error_says_nothing_of_what_it_is_about(repository: Path) -> None:
    vague = {"invalid", "error", "failed", "bad input", "something went wrong", "not found"}
    for place, call in raised(repository / "pipeline"):
        text = literal(call.args[0]) if call.args else ""
        assert text.strip().lower() not in vague, place
        assert not text.endswith("."), f"{place}: {text}"


@pytest.mark.parametrize("name", ["NO_COLOR", "CLICOLOR"])
def test_progress_is_never_coloured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from pipeline.cli.progress import receiver_for
    from pipeline.render.events import RenderStarted, TakeMade

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv(name, "1")
    terminal = Terminal()
    receiver = receiver_for("auto", terminal)
    receiver(RenderStarted(2, 2, 20))
    receiver(TakeMade("0" * 64, "one", 0, 10, 1.0))
    receiver(TakeMade("1" * 64, "one", 1, 10, 1.0))
    assert "\x1b[3" not in terminal.getvalue()
    assert "\x1b[0m" not in terminal.getvalue()


def test_no_server_colours_its_log(repository: Path) -> None:
    found = [
        (path.name, {keyword.arg: keyword.value for keyword in node.keywords}.get("use_colors"))
        for path in (repository / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "uvicorn.Config"
    ]
    assert len(found) == 2
    for name, colours in found:
        assert isinstance(colours, ast.Constant), name
        assert colours.value is False, name


def test_a_terminal_gets_no_escapes_where_no_colour_is_wanted(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    for arguments in (["--help"], ["check", str(tmp_path)]):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "pipeline.cli.main", *arguments]
        environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
        subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, check=False, timeout=60)
        os.close(theirs)
        told = os.read(ours, 100_000)
        os.close(ours)
        assert b"narrate" in told
        assert b"\x1b" not in told
