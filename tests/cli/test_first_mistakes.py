"""What people do wrong in their first hour, and what they are told."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.cli.progress import PlainLines
from pipeline.project.engines import EngineName
from pipeline.project.loading import load_project
from pipeline.render.events import RenderStarted, TakeMade
from pipeline.reports.health.finding import Level
from pipeline.reports.health.state import project_state

from .conftest import MANIFEST

RENDER_OPTIONS = "\n  `narrate render --help` lists its options"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reder", ": there is no command 'reder'\n  did you mean 'render'?"),
        ("xyzzy", ": there is no command 'xyzzy'\n  `narrate --help` lists the commands"),
        ("", ": a command is missing\n  `narrate --help` lists the commands"),
        ("store", " store: an action is missing\n  `narrate store --help` lists the actions"),
        ("store psuh", " store: there is no action 'psuh'\n  did you mean 'push'?"),
        ("store push --repalce", " store push: there is no option --repalce\n  did you mean '--replace'?"),
        ("render --max-csot=3", " render: there is no option --max-csot\n  did you mean '--max-cost'?"),
        ("clean a b", " clean: there is nothing to do with 'b'\n  `narrate clean --help` lists its options"),
        ("render --max-cost", f" render: --max-cost: expected one argument{RENDER_OPTIONS}"),
        (
            "render --max-cost ten",
            f" render: --max-cost: ten is not an amount in EUR cents, such as 500 or 7.5{RENDER_OPTIONS}",
        ),
        ("render --wait-lock long", f" render: --wait-lock: 'long' is not a number{RENDER_OPTIONS}"),
        ("render --engine x", f" render: --engine: got 'x'; expected one of {', '.join(EngineName)}{RENDER_OPTIONS}"),
        ("serve --port 1.5", " serve: --port: '1.5' is not a whole number\n  `narrate serve --help` lists its options"),
    ],
)
def test_a_wrong_command_line_gets_one_line_and_the_next_step(
    line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"narrate{told}\n")


def test_nothing_that_a_terminal_obeys_comes_back_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["render", "--\x1b[2J\ndone"])
    assert main(["render", "\x1b[2J\nnarrate: done"]) == 2
    assert capsys.readouterr().err == (
        "narrate render: there is no option --\\x1b[2J\\ndone\n  `narrate render --help` lists its options\n"
        "\\x1b[2J\\nnarrate: done: does not exist; expected a folder with a project.yaml\n"
        "narrate: 1 problem found; nothing was rendered\n"
    )


def test_a_voice_that_the_engine_has_not_is_named_with_its_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "project.yaml").write_text(MANIFEST.replace("voice: heart", "voice: hart"), encoding="utf-8")
    assert main(["check", str(project)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("project.yaml:5:14: voice 'narrator': hibari has the one voice 'heart', not 'hart'")
    assert told.endswith("narrate: 1 problem found\n")


def test_only_a_render_says_that_nothing_was_rendered(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "project.yaml").write_text("titel: A\n", encoding="utf-8")
    assert main(["render", str(project)]) == 2
    assert capsys.readouterr().err.endswith("problems found; nothing was rendered\n")


def test_an_empty_file_among_the_chapters_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty.md").write_text("\n", encoding="utf-8")
    manifest = MANIFEST.replace("source: book.md", 'source: "*.md"')
    (project / "project.yaml").write_text(manifest, encoding="utf-8")
    assert main(["check", str(project)]) == 0
    told = capsys.readouterr().out
    assert "  empty.md: there is nothing to speak in it" in told
    assert "book.md" not in told


def test_nothing_that_is_skipped_is_nothing_to_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "book.md").write_text("Just a line.\n", encoding="utf-8")
    (project / "project.yaml").write_text(MANIFEST.replace("heading:1", "file"), encoding="utf-8")
    assert main(["check", str(project)]) == 0
    assert capsys.readouterr().out.endswith("0 passages are not spoken\n")


@pytest.mark.parametrize("option", ["--keep", "--branch"])
def test_an_option_of_pipelines_without_a_pipeline_is_refused(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--into", str(tmp_path / "new"), option, "store"]) == 2
    assert "add --ci github or --ci gitlab" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_no_internal_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way\n", encoding="utf-8")
    assert main(["init", "--into", str(tmp_path / "file" / "new"), "--no-clips"]) == 8
    told = capsys.readouterr().err
    assert "cannot write " in told
    assert "not a directory" in told.lower()


def test_doctor_survives_a_file_system_that_is_read_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    loaded = load_project(project)
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.open", refuse)
        patched.setattr("pathlib.Path.unlink", refuse)
        findings = {finding.name: finding for finding in project_state(loaded)}
    assert findings["writing"].level is Level.FAIL
    assert "read-only file system" in findings["writing"].message


def test_time_left_is_not_foretold_from_a_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr("pipeline.cli.progress.time.monotonic", lambda: float(next(clock)))
    receiver = PlainLines(lines)
    receiver(RenderStarted(3, 3, 1_000))
    receiver(TakeMade("0" * 64, "one", 0, 3, 0.5))
    receiver(TakeMade("1" * 64, "one", 1, 700, 50.0))
    first, second = lines.getvalue().splitlines()[1:]
    assert "left" not in first
    assert " left" in second
