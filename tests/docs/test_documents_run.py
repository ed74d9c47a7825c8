"""What the documents tell people to type is typed, in a folder of its own for each document.

A block that begins with ``console`` is run: every line behind ``$`` in turn, through one folder, and each must succeed.
The lines below it must show up in what it prints, in that order; ``…`` stands for anything. Before a block may stand

- ``<!-- file: NAME -->``: the block is written to that file,
- ``<!-- in: FOLDER -->``: from here on the commands run in a copy of that folder of the repository,
- ``<!-- not run: REASON -->``: a block that cannot be run here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCUMENTS = sorted(path.name for path in (Path(__file__).parents[2] / "docs").glob("*.md"))
NOT_RUN = {
    "$ make render": "the submission's own check runs it on a fresh clone with a bare PATH",
    "$ narrate serve": "tests/cli/test_provider_commands.py and tests/server run it",
}
"""Blocks of the README, which keeps no marks: it is read as it is on the project's front page."""
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[a-z ]+): (?P<said>[^>]*?) -->\n)?^```(?P<kind>[a-z]+)\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    mark: str
    said: str


def blocks(path: Path) -> list[Block]:
    return [
        Block(found["kind"], found["text"], found["mark"] or "", found["said"] or "")
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8"))
    ]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command of a console block with the lines that are shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            pytest.fail(f"a console block begins with {line!r} instead of a command")
    return found


@dataclass
class Terminal:
    """A shell whose folder is kept from one command to the next."""

    folder: Path
    path: str

    def type(self, command: str) -> str:
        mark = self.folder / ".folder-after"
        script = f"{command}\nstatus=$?\npwd > '{mark}'\nexit $status"
        environment = {**os.environ, "PATH": self.path, "COLUMNS": "120"}
        for name in ("KUGELAUDIO_API_KEY", "KUGELAUDIO_API_URL", "NARRATE_STORE"):
            environment.pop(name, None)
        ran = subprocess.run(
            ["sh", "-c", script], cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
            timeout=240,
        )  # fmt: skip
        assert ran.returncode == 0, f"$ {command}\n{ran.stdout}{ran.stderr}"
        self.folder = Path(mark.read_text(encoding="utf-8").strip())
        mark.unlink()
        return ran.stdout + ran.stderr


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "narrate"
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m pipeline.cli.main \"$@\"\n", encoding="utf-8")
    script.chmod(0o755)
    folder = tmp_path / "reader"
    folder.mkdir()
    return Terminal(folder, f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def shown(expected: list[str], printed: str) -> None:
    """Every expected line is printed, in order; a … within it stands for anything."""
    lines = iter(printed.splitlines())
    for line in expected:
        if line.strip() in {"", "…"}:
            continue
        pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
        assert any(re.fullmatch(pattern, each.rstrip()) for each in lines), f"{line!r} is not in:\n{printed}"


def is_run(block: Block) -> bool:
    return block.kind == "console" and block.mark != "not run"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name not in {"howto-engine.md", "howto-format.md"}])
def test_what_a_document_tells_to_type_works(repository: Path, terminal: Terminal, name: str) -> None:
    found = blocks(repository / "docs" / name)
    if not any(map(is_run, found)):
        return
    for block in found:
        if block.mark == "in":
            copy = terminal.folder / Path(block.said).name
            shutil.copytree(repository / block.said, copy, ignore=shutil.ignore_patterns("build", ".narration"))
            terminal.folder = copy
        if block.mark == "file":
            path = terminal.folder / block.said
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif is_run(block):
            for command, expected in commands(block.text):
                shown(expected, terminal.type(command))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_a_document_is_run_or_says_why_not(repository: Path, name: str) -> None:
    for block in blocks(repository / "docs" / name):
        assert block.mark in {"", "file", "line", "in", "not run"}, block.mark
        if block.kind == "console":
            assert commands(block.text)
        if block.mark == "not run":
            assert len(block.said.split()) > 2, "a block that is not run needs a reason"
    fences = re.findall(r"^```([a-z]*)", (repository / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert fences.count("console") == sum(block.kind == "console" for block in blocks(repository / "docs" / name))


def test_every_command_in_the_readme_is_run_elsewhere(repository: Path) -> None:
    for block in blocks(repository / "README.md"):
        if block.kind == "console":
            assert any(block.text.startswith(start) for start in NOT_RUN), block.text


def test_every_manifest_command_and_link_in_the_documents_exists(repository: Path) -> None:
    from pipeline.cli.described import described
    from pipeline.cli.main import build_parser

    narrate = described(build_parser())
    known: dict[str, set[str]] = {}
    for command in narrate.all_below():
        if command.path:
            flags = {flag for each in command.flags for flag in each.names}
            known[command.path[0]] = known.get(command.path[0], set()) | flags
    for path in [repository / "README.md", *(repository / "docs").glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for name, rest in re.findall(r"`narrate ([a-z]+)([^`]*)`", text):
            assert name in known, f"{path.name}: narrate {name}"
            for flag in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest):
                assert flag in known[name], f"{path.name}: narrate {name} {flag}"
        for anchor in re.findall(r"\]\(#([^)]+)\)", text):
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path.name}: #{anchor}"
