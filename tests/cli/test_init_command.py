"""``narrate init`` writes a project that passes its checks at once, and never over anything."""

from __future__ import annotations

import io
import re
import wave
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.project.dictionaries import load_dictionary
from pipeline.project.loading import load_project

from .conftest import MANUSCRIPT

FABLE = "the-heron-who-kept-the-hours.epub"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def uncommented(text: str) -> str:
    """The text with "# " taken away from every line that has a key or an item behind it."""
    return re.sub(r"(?m)^( *)# (?= *(?:[a-z_]+:|- )(?: |\{|[a-z]|$))", r"\1", text)


def test_an_empty_folder_becomes_a_story_that_passes_its_checks(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--no-clips"]) == 0
    told = capsys.readouterr().out
    project = load_project(empty)
    assert project.title == "The Clock at Wexcombe"
    assert [path.name for path in sorted((empty / "manuscript").iterdir())] == ["1-the-letter.md", "2-the-tower.md"]
    assert "make render" in told
    assert "2 chapters" in told


def test_words_that_the_voice_has_to_guess_are_listed_by_frequency_each_with_a_clip(empty: Path) -> None:
    assert main(["init", "--quiet"]) == 0
    skeleton = (empty / "dictionaries" / "names.yaml").read_text(encoding="utf-8")
    words = re.findall(r"^#  - word: (.*)$", skeleton, re.MULTILINE)
    assert words == ["Pennefather", "Marchetti", "Wexcombe"]
    assert "twice, first in manuscript/2-the-tower.md:3:" in skeleton
    for word in words:
        with wave.open(io.BytesIO((empty / "dictionaries" / "clips" / f"{word}.wav").read_bytes())) as clip:
            assert clip.getframerate() == 24_000
            assert 0.2 < clip.getnframes() / 24_000 < 3


def test_an_entry_of_the_skeleton_needs_only_its_marks_taken_away(empty: Path) -> None:
    assert main(["init", "--quiet", "--no-clips"]) == 0
    path = empty / "dictionaries" / "names.yaml"
    assert load_dictionary(path) == ()
    assert "clips" not in path.read_text(encoding="utf-8")
    mended = path.read_text(encoding="utf-8").replace(
        "#  - word: Wexcombe\n#    replacement: Wexcombe", "  - word: Wexcombe\n    replacement: Wexkum"
    )
    path.write_text(mended, encoding="utf-8")
    assert [(entry.word, entry.replacement) for entry in load_dictionary(path)] == [("Wexcombe", "Wexkum")]


def test_everything_commented_out_in_the_manifest_is_a_setting_that_may_be_taken_in(empty: Path) -> None:
    assert main(["init", "--quiet", "--no-clips"]) == 0
    manifest = empty / "project.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(uncommented(text.replace("# cover: cover.jpg", "")), encoding="utf-8")
    project = load_project(empty)
    assert project.casting.dialogue == "elsie"
    assert project.budget.run_cents == 500
    assert project.chapters[0].include == ("the-letter", "the-tower")
    assert project.voices["elsie"].kugelaudio is not None
    assert project.profile.active


def test_an_epub_is_copied_in_with_its_chapters_from_the_navigation(repository: Path, empty: Path) -> None:
    assert main(["init", str(repository / "projects" / "fable-epub" / FABLE), "--no-clips", "--quiet"]) == 0
    text = (empty / "project.yaml").read_text(encoding="utf-8")
    assert load_project(empty).title == "The Heron Who Kept the Hours"
    assert "author: The narrate samples" in text
    assert f"source: {FABLE}" in text
    assert re.search(r"^    #   - the-clockmakers-offer  # The Clockmaker[’']s Offer", text, re.MULTILINE)
    assert "Front and back matter" in text
    assert (empty / FABLE).exists()
    assert main(["check"]) == 0


def test_a_folder_of_texts_is_taken_in_natural_order_without_what_every_repository_has(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    for number in (1, 2, 10):
        (folder / f"part {number}.md").write_text(f"# Part {number}\n\nNobody came.\n", encoding="utf-8")
    (folder / "README.md").write_text("# Not the book\n", encoding="utf-8")
    (folder / "notes").mkdir()
    (folder / "notes" / "extra.txt").write_text("An afterthought.\n", encoding="utf-8")
    assert main(["init", str(folder), "--no-clips", "--quiet"]) == 0
    sources = [entry.source for entry in load_project(folder).chapters]
    assert sources == ["notes/extra.txt", "part 1.md", "part 2.md", "part 10.md"]
    assert main(["check", str(folder)]) == 0


def test_files_of_one_kind_in_a_folder_become_one_entry(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    for number in (1, 2):
        (tmp_path / "text" / f"{number}.md").write_text(f"# Day {number}\n\nRain.\n", encoding="utf-8")
    assert main(["init", str(tmp_path), "--no-clips", "--quiet"]) == 0
    assert [entry.source for entry in load_project(tmp_path).chapters] == ["text/*.md"]


def test_a_text_in_another_language_gets_an_engine_that_speaks_it(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="the extra espeak is not installed")
    source = tmp_path / "fabel.txt"
    source.write_text("Der Fuchs sah die Trauben.\n", encoding="utf-8")
    assert main(["init", str(source), "--into", str(tmp_path / "fabel"), "--language", "de", "--quiet"]) == 0
    project = load_project(tmp_path / "fabel")
    assert project.engine == "espeak"
    assert project.title == "Fabel"


@pytest.mark.parametrize("name", ["project.yaml", "Makefile", ".gitignore", "dictionaries/names.yaml"])
def test_nothing_is_written_where_one_of_the_files_is_there(
    empty: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (empty / name).parent.mkdir(exist_ok=True)
    (empty / name).write_text("mine", encoding="utf-8")
    assert main(["init"]) == 2
    assert name in capsys.readouterr().err
    assert [path.relative_to(empty).as_posix() for path in empty.rglob("*") if path.is_file()] == [name]
    assert (empty / name).read_text(encoding="utf-8") == "mine"


def test_a_sample_is_not_put_beside_a_manuscript(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "book.md").write_text(MANUSCRIPT, encoding="utf-8")
    assert main(["init"]) == 2
    assert "`narrate init .`" in capsys.readouterr().err
    assert main(["init", ".", "--no-clips", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.epub"], "does not exist"),
        (["--install", "it's"], "cannot stand in a Makefile"),
        (["--language", "klingonese"], "no language tag"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_written(
    empty: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["init", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert not list(empty.iterdir())


def test_what_the_makefile_installs_is_pinned(empty: Path) -> None:
    assert main(["init", "--no-clips", "--quiet", "--install", "git+https://example.org/narrate.git@0f3c#egg"]) == 0
    assert "NARRATE ?= git+https://example.org/narrate.git@0f3c\\#egg\n" in (empty / "Makefile").read_text()


def test_a_wheel_in_the_project_is_named_relative_to_it(empty: Path) -> None:
    (empty / "wheels").mkdir()
    (empty / "wheels" / "narrate-1.whl").write_bytes(b"")
    assert main(["init", "--no-clips", "--quiet", "--install", "wheels/narrate-1.whl"]) == 0
    assert "NARRATE ?= ./wheels/narrate-1.whl\n" in (empty / "Makefile").read_text()


def test_a_damaged_book_is_refused_with_its_name(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty / "torn.epub").write_bytes(b"PK\x03\x04 nothing more")
    assert main(["init", "torn.epub"]) == 2
    assert "torn.epub" in capsys.readouterr().err
    assert not (empty / "project.yaml").exists()


@pytest.mark.slow
def test_make_render_works_in_a_new_project_from_a_wheel(empty: Path, wheel: Path, repository: Path) -> None:
    import subprocess
    import sys

    assert main(["init", "--no-clips", "--quiet", "--install", str(wheel)]) == 0
    subprocess.run([sys.executable, "-m", "venv", ".venv"], check=True)
    site = next((empty / ".venv").rglob("site-packages"))
    # What narrate depends on is here already; only narrate itself is installed, and no index is asked.
    packages = [path for path in sys.path if path.endswith("-packages")]
    (site / "tested-with.pth").write_text("\n".join(packages), encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "HOME": str(empty)}
    environment["PIP_IGNORE_INSTALLED"] = "1"
    for target in ("render", "plan", "costs", "verify"):
        made = subprocess.run(["make", target], capture_output=True, text=True, check=False, env=environment)
        assert made.returncode == 0, made.stderr
    assert (empty / "build" / "the-clock-at-wexcombe.m4b").exists()
    assert "preview" in subprocess.run(["make"], capture_output=True, text=True, check=True, env=environment).stdout


@pytest.fixture
def wheel(tmp_path: Path, repository: Path) -> Path:
    """A wheel of this checkout, as hatchling lays it out."""
    import zipfile
    from importlib import metadata

    distribution = metadata.distribution("narrate")
    version = distribution.version
    path = tmp_path / f"narrate-{version}-py3-none-any.whl"
    info = f"narrate-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((repository / "pipeline").rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, file.relative_to(repository))
        archive.writestr(f"{info}/METADATA", distribution.read_text("METADATA") or "")
        archive.writestr(f"{info}/entry_points.txt", distribution.read_text("entry_points.txt") or "")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        names = [f"{name},,\n" for name in [*archive.namelist(), f"{info}/RECORD"]]
        archive.writestr(f"{info}/RECORD", "".join(names))
    return path
