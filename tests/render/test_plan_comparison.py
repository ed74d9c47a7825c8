"""Two plans are compared by their keys alone: a revision, a folder or another manifest, and no take is needed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import other_plans, workflow
from pipeline.errors import InputError, UsageError
from pipeline.render.comparing import Change, PlanComparison
from pipeline.render.word_diff import word_diff
from pipeline.reports.plan_comparison import comparison_json, comparison_markdown, comparison_summary

LONG = (
    "It was a short day, and nobody had much to say about it, though some tried before the lamps were lit and the "
    "shutters closed for the night."
)
OTHER = "The keeper counted the stairs on his way up, as he did every evening, and got a different number every time."
LAST = "Fitzwilliam wrote it all down in a green book that he kept under a loose board and never showed to anybody."
MANIFEST = """title: A Short Day
voices:
  narrator: {hibari: {voice: heart}, kugelaudio: {voice_id: 7}, speed: 1.0}
segment_target: 50
chapters: [{source: "text/*.md"}]
"""
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Git in a repository of the test's own."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, env={**os.environ, **settings}, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    run("init", "-q", "-b", "main")
    return run


@pytest.fixture
def project(tmp_path: Path, git: Git) -> Path:
    """A committed project in a folder of a repository."""
    folder = tmp_path / "books" / "day"
    (folder / "text").mkdir(parents=True)
    (folder / "project.yaml").write_text(MANIFEST)
    (folder / "text" / "1.md").write_text(f"# The First\n\n{LONG}\n\n{OTHER}\n")
    (folder / "text" / "2.md").write_text(f"# The Second\n\n{LAST}\n\n{LONG}\n")
    git("add", ".")
    git("commit", "-qm", "one")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def told(comparison: PlanComparison) -> list[tuple[str, str, str]]:
    return [
        (str(row.change), f"{row.planned.segment.chapter}:{row.planned.segment.index}", row.why)
        for row in comparison.segments()
    ]


def test_nothing_changed_is_nothing_to_make(project: Path, git: Git) -> None:
    comparison = other_plans.compare(project, "HEAD")
    assert told(comparison) == []
    assert comparison.to_make == ()
    assert comparison.commit == git("rev-parse", "HEAD")
    assert "no take has to be made" in comparison_summary(comparison)


def test_each_kind_of_edit_is_named_with_its_texts(project: Path) -> None:
    edit(project / "text" / "2.md", "green book", "red book")
    edit(project / "text" / "1.md", OTHER, "")
    edit(
        project / "text" / "1.md",
        "# The First",
        "# The First\n\nA new paragraph of its own opens the book now, at last.",
    )
    comparison = other_plans.compare(project, "HEAD")
    assert told(comparison) == [
        ("added", "the-first:1", "new"),
        ("removed", "the-first:2", "removed"),
        ("changed", "the-second:1", "text changed"),
    ]
    changed = list(comparison.segments())[-1]
    assert changed.before is not None
    assert changed.now is not None
    shown = word_diff(changed.before.segment.text, changed.now.segment.text)
    assert shown == "… down in a [-green-]{+red+} book that he …"
    assert len(comparison.to_make) == 2
    assert comparison.characters_removed == len(OTHER)
    assert [chapter.change for chapter in comparison.chapters] == [Change.CHANGED, Change.CHANGED]
    assert comparison.estimate.seconds_high > 0


def test_a_voice_an_entry_and_a_retake_are_told_apart(project: Path) -> None:
    (project / "names.yaml").write_text("entries: [{word: Fitzwilliam, replacement: Fits-William}]\n")
    (project / "project.yaml").write_text(MANIFEST + "dictionaries: [names.yaml]\n")
    assert told(other_plans.compare(project, "HEAD")) == [
        ("changed", "the-second:1", 'dictionary entry "Fitzwilliam"'),
    ]
    (project / "project.yaml").write_text(MANIFEST)
    workflow.retake(project, ["the-first:2"], unheard=True)
    assert told(other_plans.compare(project, "HEAD")) == [("changed", "the-first:2", "retake asked: take 1")]
    (project / "takes.yaml").unlink()
    (project / "project.yaml").write_text(MANIFEST.replace("speed: 1.0", "speed: 1.1"))
    comparison = other_plans.compare(project, "HEAD")
    assert {why for _, _, why in told(comparison)} == {"voice narrator: speed 1.0 → 1.1"}
    assert comparison.manifest == ("voices.narrator.speed: 1.0 → 1.1",)


def test_what_makes_no_take_is_told_as_such(project: Path) -> None:
    with (project / "project.yaml").open("a") as manifest:
        manifest.write("pauses: {scene_ms: 2000}\n")
    comparison = other_plans.compare(project, "HEAD")
    assert comparison.to_make == ()
    assert comparison.manifest == ("pauses.scene_ms: 1500 → 2000",)


def test_a_paragraph_split_or_merged_is_its_text_changed(project: Path) -> None:
    middle = "got a different number every time."
    edit(project / "text" / "1.md", f", and {middle}", f".\n\nHe {middle}")
    assert told(other_plans.compare(project, "HEAD")) == [
        ("changed", "the-first:2", "text changed"),
        ("changed", "the-first:3", "text changed"),
    ]


def test_moved_and_renamed_chapters_cost_only_their_headings(project: Path) -> None:
    edit(project / "text" / "2.md", "# The Second", "# The Renamed")
    (project / "text" / "2.md").rename(project / "text" / "0.md")
    assert told(other_plans.compare(project, "HEAD")) == [("changed", "the-renamed:0", "text changed")]


def test_the_work_tree_is_not_touched_and_its_changes_are_no_matter(project: Path, git: Git) -> None:
    edit(project / "text" / "1.md", "short day", "long day")
    git("commit", "-qam", "two")
    (project / "text" / "3.md").write_text("# Untracked\n\nNobody committed this, and it is read all the same.\n")
    before = git("status", "--porcelain"), git("for-each-ref"), git("worktree", "list")
    comparison = other_plans.compare(project, "HEAD~1")
    assert (git("status", "--porcelain"), git("for-each-ref"), git("worktree", "list")) == before
    assert [change for change, _, _ in told(comparison)] == ["changed", "added", "added"]


def test_attributes_do_not_hide_a_manuscript_from_its_own_past(project: Path, git: Git) -> None:
    (project / ".gitattributes").write_text("*.md export-ignore\n")
    git("add", ".")
    git("commit", "-qm", "two")
    assert told(other_plans.compare(project, "HEAD")) == []


def test_a_project_that_was_not_there_is_new(project: Path, git: Git) -> None:
    empty = git("commit-tree", git("hash-object", "-t", "tree", os.devnull), "-m", "empty")
    comparison = other_plans.compare(project, empty)
    assert not comparison.existed
    assert {change for change, _, _ in told(comparison)} == {"added"}
    assert "everything is new" in comparison_summary(comparison)


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x", "", "HEAD:books"])
def test_an_unknown_revision_is_one_line(project: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="knows no revision") as refused:
        other_plans.compare(project, revision)
    assert refused.value.hint


def test_a_folder_without_a_manifest_says_so(tmp_path: Path, project: Path, git: Git) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"empty has no project\.yaml"):
        other_plans.compare(project, str(tmp_path / "empty"))


def test_a_folder_outside_of_git_says_so(tmp_path: Path, project: Path, git: Git) -> None:
    (tmp_path / ".git").rename(tmp_path / "no-longer-git")
    with pytest.raises(UsageError, match="not in a git repository"):
        other_plans.compare(project, "HEAD")


def test_without_git_a_folder_can_still_be_compared(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    (copy / "text").mkdir(parents=True)
    for name in ("project.yaml", "text/1.md", "text/2.md"):
        (copy / name).write_text((project / name).read_text())
    edit(copy / "text" / "1.md", "short day", "long day")
    monkeypatch.setenv("PATH", "")
    assert len(told(other_plans.compare(project, str(copy)))) == 1
    with pytest.raises(UsageError, match="not installed"):
        other_plans.compare(project, "HEAD")


def test_another_manifest_of_the_same_folder_is_compared(project: Path) -> None:
    (project / "fast.yaml").write_text(MANIFEST.replace("speed: 1.0", "speed: 1.2"))
    assert {why for _, _, why in told(other_plans.compare(project, str(project / "fast.yaml")))} == {
        "voice narrator: speed 1.2 → 1.0"
    }


def test_what_was_wrong_at_a_revision_is_named_with_it(project: Path, git: Git) -> None:
    edit(project / "project.yaml", "voice: heart", "vioce: heart")
    git("commit", "-qam", "two")
    edit(project / "project.yaml", "vioce: heart", "voice: heart")
    with pytest.raises(InputError) as refused:
        other_plans.compare(project, "HEAD")
    assert str(refused.value).startswith("HEAD:project.yaml:3:")


def test_large_files_that_are_elsewhere_are_named(project: Path, git: Git) -> None:
    content = (project / "text" / "1.md").read_bytes()
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    (project / "text" / "1.md").write_text(pointer)
    git("commit", "-qam", "as large file")
    (project / "text" / "1.md").write_bytes(content)
    assert told(other_plans.compare(project, "HEAD")) == []  # the work tree has what the pointer stands for
    edit(project / "text" / "1.md", "short day", "long day")
    with pytest.raises(InputError, match=r"HEAD:text/1.md: is a Git LFS pointer .*git lfs fetch"):
        other_plans.compare(project, "HEAD")


def test_a_manuscript_in_a_submodule_is_named(project: Path, git: Git) -> None:
    commit = git("rev-parse", "HEAD")
    edit(project / "project.yaml", '"text/*.md"', '"book/1.md"')
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},books/day/book")
    git("add", "books/day/project.yaml")
    git("commit", "-qm", "with a submodule")
    (project / "project.yaml").write_text(MANIFEST)
    with pytest.raises(InputError, match=r"HEAD:book: is a submodule, and 'book/1.md' lies in it"):
        other_plans.compare(project, "HEAD")


def test_the_paid_engine_is_compared_without_key_and_network(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUGELAUDIO_API_KEY", raising=False)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)
    with (project / "project.yaml").open("a") as manifest:
        manifest.write("engine: kugelaudio\nrates: {kugel-3: 7}\n")
    edit(project / "text" / "2.md", "green book", "red book")
    plan = workflow.plan(project)
    assert plan.provider == "kugelaudio"
    assert "was not asked (no API key)" in plan.estimate.basis
    assert plan.estimate.cents_high is not None
    comparison = other_plans.compare(project, "HEAD")
    assert {why.split(":")[0] for _, _, why in told(comparison)} == {"engine", "text changed, engine"}
    with pytest.raises(UsageError, match="who answers"):
        workflow.plan(project, api_url="http://127.0.0.1:1", offline=True)


def test_the_comparison_has_the_published_shape(project: Path) -> None:
    edit(project / "text" / "2.md", "green book", "red book")
    document = json.loads(comparison_json(other_plans.compare(project, "HEAD")))
    assert list(document) == [
        "schema", "engine", "provider", "model", "against", "totals", "manifest", "chapters", "segments",
    ]  # fmt: skip
    assert list(document["totals"]) == [
        "segments", "added", "changed", "removed", "to_make", "stored", "characters_to_make", "characters_removed",
        "seconds_low", "seconds_high", "cents_low", "cents_high", "basis",
    ]  # fmt: skip
    assert document["totals"]["to_make"] == 1
    (row,) = document["segments"]
    assert (row["change"], row["why"], row["state"]) == ("changed", "text changed", "missing")
    assert row["text"] == row["text_before"].replace("green", "red")
    assert document["chapters"] == [{"slug": "the-second", "title": "The Second", "change": "changed"}]


def test_a_manuscript_cannot_write_the_summary(project: Path) -> None:
    edit(project / "text" / "2.md", "green book", "&lt;img src=x> book @everyone | **bold** #12 [a](b)")
    markdown = comparison_markdown(other_plans.compare(project, "HEAD"))
    assert "<img" not in markdown
    assert "@everyone" not in markdown
    row = next(line for line in markdown.splitlines() if line.startswith("| the-second:1"))
    assert row.replace("\\|", "").count("|") == 5
    assert "**bold**" not in row.replace("**&lt", "")
