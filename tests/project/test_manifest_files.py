from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.project.loading import expand_sources, load_project
from tests.project.conftest import Load, Problems

TITLE = "title: A Book\n"


def _names(load: Load, source: str) -> list[str]:
    project = load(f"{TITLE}chapters: [{{source: '{source}'}}]\n")
    return [path.relative_to(project.folder).as_posix() for path in expand_sources(project, project.chapters[0])]


def _symlink(link: Path, target: Path, *, directory: bool = False) -> None:
    try:
        link.symlink_to(target, target_is_directory=directory)
    except OSError:
        pytest.skip("this system does not let us make symbolic links")


def test_a_glob_is_taken_in_natural_order(load: Load) -> None:
    assert _names(load, "manuscript/*.md") == [f"manuscript/{number}.md" for number in range(1, 11)]


def test_a_glob_sorts_folders_before_it_sorts_files(load: Load, folder: Path) -> None:
    for part in ("part-10", "part-2"):
        for chapter in ("2", "1"):
            (folder / part).mkdir(exist_ok=True)
            (folder / part / f"{chapter}.txt").write_text("x", encoding="utf-8")
    assert _names(load, "**/*.txt") == ["part-2/1.txt", "part-2/2.txt", "part-10/1.txt", "part-10/2.txt"]


def test_a_glob_passes_over_hidden_files_and_outputs(load: Load, folder: Path) -> None:
    for name in (".hidden.txt", ".narration/a.txt", "build/text/one.txt", "notes/build/b.txt", "a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    assert _names(load, "**/*.txt") == ["a.txt", "notes/build/b.txt"]
    assert _names(load, "build/**/*.txt") == ["build/text/one.txt"]


def test_a_name_with_brackets_that_exists_is_that_file(load: Load, folder: Path) -> None:
    (folder / "chapter [1].md").write_text("x", encoding="utf-8")
    assert _names(load, "chapter [1].md") == ["chapter [1].md"]


def test_a_source_that_has_gone_since_loading_is_said(load: Load, folder: Path) -> None:
    project = load(TITLE + "chapters: [{source: manuscript/1.md}]\n")
    (folder / "manuscript" / "1.md").unlink()
    with pytest.raises(InputError, match=r"source 'manuscript/1\.md': no such file"):
        expand_sources(project, project.chapters[0])


OUTSIDE = (
    "chapters[0].source: got '{source}'; expected a file or a glob such as manuscript/*.md, "
    "inside the project's folder, with forward slashes; {why}"
)
NO_MANUSCRIPT = "'cover.png' is no manuscript; expected .md, .markdown, .txt, .text, .html, .htm, .xhtml, .xht, .epub"
SOURCES = {
    "manuscript/11.md": "chapters[0].source: got 'manuscript/11.md'; no such file; did you mean '1.md'?",
    "chapters/*.md": (
        "chapters[0].source: got 'chapters/*.md'; no file matches; expected a file or a glob below the project's folder"
    ),
    "manuscript": "chapters[0].source: got 'manuscript'; is a folder; expected its files, such as 'manuscript/*.md'",
    "cover.png": f"chapters[0].source: got 'cover.png'; {NO_MANUSCRIPT}",
    "*": f"chapters[0].source: got '*'; {NO_MANUSCRIPT}",
    "../outside.md": OUTSIDE.format(source="../outside.md", why="it leaves the project's folder"),
    "a/../../b.md": OUTSIDE.format(source="a/../../b.md", why="it leaves the project's folder"),
    "/etc/passwd": OUTSIDE.format(source="/etc/passwd", why="it is not relative to the project's folder"),
    "~/book.md": OUTSIDE.format(source="~/book.md", why="it is not relative to the project's folder"),
    "C:/book.md": OUTSIDE.format(source="C:/book.md", why="it is not relative to the project's folder"),
    "part\\\\one.md": OUTSIDE.format(source="part\\one.md", why="it holds a backslash"),
    "": OUTSIDE.format(source="", why="it is empty"),
    "a\\x07.md": OUTSIDE.format(source="a\\x07.md", why="it holds a control character"),
}


@pytest.mark.parametrize(("source", "problem"), SOURCES.items(), ids=[repr(source) for source in SOURCES])
def test_a_source_that_cannot_be_is_named_at_its_place(problems_of: Problems, source: str, problem: str) -> None:
    assert problems_of(f'{TITLE}chapters:\n  - source: "{source}"\n') == [f"project.yaml:3:13: {problem}"]


def test_a_glob_that_is_none_is_a_problem(problems_of: Problems) -> None:
    (problem,) = problems_of(f"{TITLE}chapters:\n  - source: 'a/**b/*.md'\n")
    assert problem.startswith("project.yaml:3:13: chapters[0].source: got 'a/**b/*.md'; ")


def test_a_link_out_of_the_folder_is_refused(problems_of: Problems, folder: Path) -> None:
    (folder.parent / "secret.md").write_text("x", encoding="utf-8")
    _symlink(folder / "link.md", folder.parent / "secret.md")
    assert problems_of(TITLE + "chapters:\n  - source: link.md\n") == [
        (
            "project.yaml:3:13: chapters[0].source: got 'link.md'; "
            "'link.md' is reached by a link that leaves the project's folder"
        )
    ]


def test_a_folder_that_links_out_is_refused_in_globs_too(problems_of: Problems, folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "a.md").write_text("x", encoding="utf-8")
    _symlink(folder / "linked", folder.parent / "elsewhere", directory=True)
    (problem,) = problems_of(TITLE + "chapters:\n  - source: linked/*.md\n")
    assert "'linked/a.md' is reached by a link that leaves the project's folder" in problem


def test_a_link_that_stays_inside_and_a_linked_project_folder_are_fine(load: Load, folder: Path) -> None:
    _symlink(folder / "first.md", folder / "manuscript" / "1.md")
    assert _names(load, "first.md") == ["first.md"]
    _symlink(folder.parent / "alias", folder, directory=True)
    assert load_project(folder.parent / "alias").folder == folder.resolve()


def test_covers_and_dictionaries_out_of_place_are_named(problems_of: Problems, folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text("entries: []\n", encoding="utf-8")
    _symlink(folder / "linked.yaml", folder.parent / "secret.yaml")
    assert problems_of(
        TITLE
        + "cover: covr.png\n"
        + "dictionaries: [nams.yaml, linked.yaml, ../secret.yaml]\n"
        + "chapters: [{source: 'manuscript/*.md'}]\n"
    ) == [
        "project.yaml:2:8: cover: got 'covr.png'; no such file in the project's folder; did you mean 'cover.png'?",
        (
            "project.yaml:3:16: dictionaries[0]: got 'nams.yaml'; no such file in the project's folder; "
            "did you mean 'names.yaml'?"
        ),
        (
            "project.yaml:3:27: dictionaries[1]: got 'linked.yaml'; expected a file in the project's folder; "
            "this link leaves it"
        ),
        (
            "project.yaml:3:40: dictionaries[2]: got '../secret.yaml'; expected a path inside the project's folder, "
            "with forward slashes; it leaves the project's folder"
        ),
    ]


def test_names_that_no_disk_takes_are_problems_too(problems_of: Problems, folder: Path) -> None:
    name = "x" * 300
    manifest = f"{TITLE}cover: {name}\ndictionaries: [{name}]\nchapters: [{{source: {name}}}, {{source: {name}*}}]\n"
    assert [problem.split(": ")[1] for problem in problems_of(manifest)] == [
        "cover",
        "dictionaries[0]",
        "chapters[0].source",
        "chapters[1].source",
    ]
    with pytest.raises(InputError, match="x: "):
        load_project(folder / name)


def test_a_cover_that_is_no_image_is_refused(problems_of: Problems) -> None:
    assert problems_of(TITLE + "cover: names.yaml\nchapters: [{source: 'manuscript/*.md'}]\n") == [
        "project.yaml:2:8: cover: got 'names.yaml'; expected a JPEG or PNG image; this is neither"
    ]


def test_a_file_that_two_entries_narrate_is_refused(problems_of: Problems) -> None:
    assert problems_of(TITLE + "chapters:\n  - source: manuscript/*.md\n  - source: manuscript/3.md\n") == [
        (
            "project.yaml:4:13: chapters[1].source: got 'manuscript/3.md'; 'manuscript/3.md' is narrated already by "
            "the entry in line 3; expected each file once"
        )
    ]


def test_entries_that_select_may_share_a_file(load: Load) -> None:
    project = load(
        TITLE + "chapters:\n  - {source: manuscript/1.md, include: [a]}\n  - {source: manuscript/1.md, exclude: [a]}\n"
    )
    assert len(project.chapters) == 2


def test_one_title_for_several_files_is_refused(problems_of: Problems) -> None:
    assert problems_of(TITLE + "chapters:\n  - {source: manuscript/*.md, title: One}\n") == [
        (
            "project.yaml:3:14: chapters[0].source: got 'manuscript/*.md'; matches 10 files but has one title; "
            "expected one file, or no title"
        )
    ]
