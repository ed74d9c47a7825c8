"""What a fork, GitLab and the action of this repository run, as it is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import __version__
from pipeline.cli.main import main
from tests.ci.workflow_runner import Runner, git

pytestmark = pytest.mark.slow

SPEC = f"narrate=={__version__}"
FREE = "title: The Lamp\nvoices: {narrator: {hibari: {voice: heart}}}\nchapters: [{source: book.md}]\n"
PAID = """title: The Lamp
engine: kugelaudio
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
chapters: [{source: book.md}]
rates: {kugel-3: 7.0}
budget: {run_cents: 100}
"""
TEXT = "# One\n\nThe lamp was lit at dusk, and the boats came home by it, one after another.\n"
MORE = "\nNobody had thought of the oil.\n"
PULL_REQUEST = {"name": "pull_request", "ref": "refs/pull/1/merge", "head": "edits", "base": "main"}


def make_repository(folder: Path, manifest: str, server: str) -> Path:
    """A repository with a branch that adds a sentence; its bare twin is what runners clone."""
    work = folder / "maintainer"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch", "main")
    (work / "project.yaml").write_text(manifest, encoding="utf-8")
    (work / "book.md").write_text(TEXT, encoding="utf-8")
    (work / ".gitignore").write_text(".narration/\nbuild/\n", encoding="utf-8")
    assert main(["init", "--into", str(work), "--ci", server, "--install", SPEC]) == 0
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "Begin")
    git(work, "checkout", "--quiet", "-b", "edits")
    (work / "book.md").write_text(TEXT + MORE, encoding="utf-8")
    git(work, "commit", "--quiet", "-am", "Edit")
    git(folder, "clone", "--quiet", "--bare", str(work), str(folder / "origin.git"))
    return work


def test_a_fork_without_any_secret_is_checked_and_priced(tmp_path: Path) -> None:
    make_repository(tmp_path, PAID, "github")
    runner = Runner(tmp_path / "origin.git", tmp_path)
    job = runner.run("check", PULL_REQUEST)
    assert job.green, job.told()
    assert "1 take to be made" in job.summaries["Price the change"]
    assert "cents" in job.summaries["Price the change"]
    assert not runner.run("render", PULL_REQUEST).ran


def test_a_problem_of_a_pull_request_fails_the_check_at_its_line(tmp_path: Path) -> None:
    work = make_repository(tmp_path, FREE, "github")
    (work / "book.md").write_text(f"{TEXT}{MORE}\nمرحبا\n", encoding="utf-8")
    git(work, "commit", "--quiet", "-am", "Say hello")
    git(work, "push", "--quiet", str(tmp_path / "origin.git"), "edits")
    runner = Runner(tmp_path / "origin.git", tmp_path)
    job = runner.run("check", PULL_REQUEST)
    assert (job.codes["Check"], job.outcomes["Price the change"]) == (2, "skipped")
    assert "::error file=book.md,line=7,title=narrate::" in job.logs["Check"]
    assert "book.md:7" in job.summaries["Check"]
    assert (runner.artifacts / "narrate-check" / "narrate-check.xml").exists()


def test_the_action_of_this_repository_checks_prices_renders_and_verifies(tmp_path: Path, repository: Path) -> None:
    make_repository(tmp_path, FREE, "github")
    runner = Runner(tmp_path / "origin.git", tmp_path)
    action = repository / ".github" / "actions" / "narrate"
    checked = runner.run_action(action, {"command": "check", "against": "origin/main", "install": SPEC}, PULL_REQUEST)
    assert checked.green, checked.told()
    assert "free of charge" in checked.summaries["Price the change"]
    assert (checked.workspace / "narrate-reports" / "comment.md").exists()
    rendered = runner.run_action(
        action, {"command": "render", "install": SPEC, "max-cost-cents": "5"}, {**PULL_REQUEST, "base": ""}
    )
    assert rendered.green, rendered.told()
    assert rendered.outcomes["Check"] == "skipped"
    assert (rendered.workspace / "narrate-reports" / "render.xml").exists()


def run_gitlab(work: Path, job: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The lines of a job as GitLab's runner gives them to bash: one script that stops at the first failure."""
    described = yaml.safe_load((work / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    lines = [*described[".narrate"]["before_script"], *described[job]["script"]]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work.parent),
        "LANG": "C.UTF-8",
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(work),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **{key: str(value) for key, value in described["variables"].items()},
        **{key: str(value) for key, value in described[job].get("variables", {}).items()},
        **variables,
    }
    script = "\n".join(["set -eo pipefail", *lines])
    return subprocess.run(
        ["bash", "-c", script], cwd=work, env=environment, capture_output=True, text=True, check=False
    )


def test_the_pipeline_of_gitlab_prices_a_merge_request_and_renders(tmp_path: Path) -> None:
    work = make_repository(tmp_path, FREE, "gitlab")
    base = git(work, "merge-base", "main", "edits").strip()
    done = run_gitlab(work, "narrate-check", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 0, done.stderr
    described = yaml.safe_load((work / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    artifacts = described["narrate-check"]["artifacts"]
    for path in [*artifacts["paths"], *artifacts["reports"].values()]:
        assert (work / path).exists(), path
    assert "1 take to be made" in (work / "narrate-comment.md").read_text(encoding="utf-8")
    for expected in ("made", "nothing to do"):
        done = run_gitlab(work, "narrate-render")
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    artifacts = described["narrate-render"]["artifacts"]
    assert (work / artifacts["reports"]["junit"]).exists()
    assert list((work / "build").glob("*.m4b"))
    assert "\x1b" not in done.stdout + done.stderr
