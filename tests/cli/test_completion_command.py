"""``narrate completion`` knows every command, flag and choice, and bash completes by it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.cli.described import described
from pipeline.cli.main import build_parser, main
from pipeline.cli.shells import SCRIPTS


def test_every_command_and_flag_is_known_to_every_shell() -> None:
    narrate = described(build_parser())
    for shell, script in SCRIPTS.items():
        text = script(narrate)
        for command in narrate.all_below():
            assert all(part in text for part in command.path)
            for flag in (name for each in command.flags for name in each.names if command.path):
                shown = f"-l {flag[2:]}" if shell == "fish" and flag.startswith("--") else flag
                shown = f"-s {flag[1:]}" if shell == "fish" and not flag.startswith("--") else shown
                assert shown in text, f"{shell} does not know {flag} of {command.path}"


def test_the_script_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out == SCRIPTS["zsh"](described(build_parser()))


def test_no_description_ends_a_zsh_word_or_specification_early() -> None:
    for line in SCRIPTS["zsh"](described(build_parser())).splitlines():
        assert line.count("'") % 2 == 0, line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["narrate", "rend"], ["render"]),
        (["narrate", "render", "--eng"], ["--engine"]),
        (["narrate", "render", "--engine", "k"], ["kugelaudio"]),
        (["narrate", "completion", "f"], ["fish"]),
        (["narrate", "check", "my b"], ["my book"]),
        (["narrate", "render", "--chapters", ""], []),
    ],
)
def test_bash_completes(tmp_path: Path, typed: list[str], expected: list[str]) -> None:
    (tmp_path / "my book").mkdir()
    script = tmp_path / "completion.bash"
    script.write_text(SCRIPTS["bash"](described(build_parser())), encoding="utf-8")
    words = " ".join(f"'{word}'" for word in typed)
    code = (
        f"source '{script}'; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _narrate; "
        '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"'
    )
    told = subprocess.run(["bash", "-uc", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.splitlines() == expected
    assert told.stderr == ""
