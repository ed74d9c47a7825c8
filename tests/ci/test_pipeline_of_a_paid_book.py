"""The pipeline that ``narrate init --ci github`` writes, run as written: from a cancelled first render to a pull
request whose price is what the merge then costs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline import __version__
from pipeline.cli.main import main
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.faults import read_script
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from tests.ci.workflow_runner import Job, Runner, cancel, git

pytestmark = pytest.mark.slow

PUSH = {"name": "push", "ref": "refs/heads/main", "head": "main"}
PULL_REQUEST = {"name": "pull_request", "ref": "refs/pull/1/merge", "head": "edits", "base": "main"}
BOOK = "books/lighthouse"
HOSTILE = "::error::@everyone <img src=x> ##[error] [a](https://example.org) | and `this` cost #1 thing."
_PARAGRAPHS = 25
"""Of the sample story: enough to measure the pace of its voice."""
NEW = """
The second book lay under the first, and it was the same book. Bolitho had ruled its columns in the same brown ink, and
he had entered the same oil, the same wicks and the same weather; only the sums at each foot were others, and
they were right. She read it through to the end, standing, with her gloves on, while the tide went out below the window
and the boats lay down one after another in the mud as if they had been told to.
"""


@dataclass
class Story:
    """The jobs by what they were, what the server had billed after each, and the prices that were foretold."""

    runner: Runner
    url: str
    jobs: dict[str, Job] = field(default_factory=dict)
    billed: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    foretold: dict[str, Any] = field(default_factory=dict)

    def run(self, name: str, job: str, event: dict[str, str], **options: Any) -> Job:
        done = self.jobs[name] = self.runner.run(job, event, **options)
        self.billed[name] = self.so_far()
        return done

    def so_far(self) -> tuple[int, Decimal]:
        books = httpx.get(f"{self.url}/admin/books", trust_env=False).json()
        return len([one for one in books["requests"] if float(one["cents"] or 0)]), Decimal(books["totals"]["cents"])

    def spent(self, before: str, after: str) -> tuple[int, Decimal]:
        old, new = self.billed[before], self.billed[after]
        return new[0] - old[0], new[1] - old[1]


def make_repository(folder: Path, sample: Path) -> Path:
    """A maintainer's repository with the sample story, switched to the paid engine, and the pipeline."""
    work = folder / "maintainer"
    book = work / BOOK
    book.mkdir(parents=True)
    git(work, "init", "--quiet", "--initial-branch", "main")
    for name in ("manuscript", "dictionaries"):
        shutil.copytree(sample / name, book / name)
    for chapter in ("02-eleven-pints.md", "03-what-the-book-says.md"):
        (book / "manuscript" / chapter).unlink()
    first = book / "manuscript" / "01-the-auditor.md"
    first.write_text(
        "\n\n".join(first.read_text(encoding="utf-8").split("\n\n")[:_PARAGRAPHS]) + "\n", encoding="utf-8"
    )
    shutil.copy(sample / "cover.png", book)
    manifest = (sample / "project.yaml").read_text(encoding="utf-8")
    manifest = re.sub(r"(?m)^engine: hibari.*$", "engine: kugelaudio", manifest)
    manifest = re.sub(r"(?m)^  - \{format: (mp3|srt).*\n", "", manifest)
    (book / "project.yaml").write_text(manifest + "budget: {run_cents: 400}\n", encoding="utf-8")
    (work / ".gitignore").write_text(".narration/\nbuild/\n", encoding="utf-8")
    assert main(["init", "--into", str(book), "--ci", "github", "--install", f"narrate=={__version__}"]) == 0
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "Begin")
    origin = folder / "origin.git"
    git(folder, "clone", "--quiet", "--bare", str(work), str(origin))
    git(work, "remote", "add", "origin", str(origin))
    return work


def edit(work: Path) -> None:
    """A pull request: new text, an edited line, a text that would like to be a command, a word said otherwise."""
    git(work, "checkout", "--quiet", "-b", "edits")
    chapter = work / BOOK / "manuscript" / "01-the-auditor.md"
    chapter.write_text(chapter.read_text(encoding="utf-8") + f"\n{HOSTILE}\n{NEW}", encoding="utf-8")
    names = work / BOOK / "dictionaries" / "names.yaml"
    names.write_text(names.read_text(encoding="utf-8").replace("ˈɡwɒvəs", "ˈɡwævəs"), encoding="utf-8")
    git(work, "commit", "--quiet", "-am", "Edit")
    git(work, "push", "--quiet", "origin", "edits")


def merge(work: Path) -> None:
    git(work, "checkout", "--quiet", "-b", "main-again", "main")
    git(work, "merge", "--quiet", "--no-ff", "-m", "Merge", "edits")
    git(work, "push", "--quiet", "origin", "main-again:main")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("pipeline")
    slow = read_script({"seed": 1, "faults": [{"fault": "latency", "delay_ms": 300}]}, "faults")
    with BackgroundServer(ServerOptions(faults=slow, tier=3)) as server:
        work = make_repository(folder, repository / "projects" / "lighthouse")
        environment = {"KUGELAUDIO_API_URL": server.url, "KUGELAUDIO_API_KEY": LOCAL_KEY}
        secrets = {"KUGELAUDIO_API_KEY": LOCAL_KEY}
        told = Story(Runner(folder / "origin.git", folder, environment, secrets), server.url)
        told.billed["nothing"] = told.so_far()

        def cancel_midway(process: subprocess.Popen[bytes]) -> None:
            deadline = time.monotonic() + 60
            while told.so_far()[0] < 6 and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.02)
            cancel(process)

        told.run("cancelled", "render", PUSH, watch=("Render", cancel_midway))
        told.run("resumed", "render", PUSH)
        told.run("fresh", "render", PUSH)
        edit(work)
        told.run("priced", "check", PULL_REQUEST)
        told.foretold = foretold(told.jobs["priced"].workspace, environment)
        merge(work)
        told.run("merged", "render", PUSH)
        yield told


def foretold(workspace: Path, environment: dict[str, str]) -> dict[str, Any]:
    """The price that the pull request was told, as numbers."""
    command = [sys.executable, "-m", "pipeline.cli.main", "plan", BOOK, "--against", "origin/main", "--json"]
    done = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, check=True)
    totals: dict[str, Any] = json.loads(done.stdout)["totals"]
    return totals


def test_a_cancelled_render_ends_resumable_and_its_takes_are_kept(story: Story) -> None:
    job = story.jobs["cancelled"]
    assert job.codes["Render"] == 130, job.told()
    assert job.outcomes["Verify"] == "skipped"
    assert (
        job.outcomes["Keep takes and ledger"] == job.outcomes["Keep the ledger where no cache is cleared"] == "success"
    )
    made, _ = story.spent("nothing", "cancelled")
    assert made >= 6
    assert len(list(story.runner.cache.glob("*/books/lighthouse/.narration/takes/*/*.flac"))) >= made


def test_the_next_run_goes_on_where_it_was_cancelled_and_buys_nothing_twice(story: Story) -> None:
    job = story.jobs["resumed"]
    assert job.green, job.told()
    books = httpx.get(f"{story.url}/admin/books", trust_env=False).json()["requests"]
    first, _ = story.billed["resumed"]
    texts = [one["text"] for one in books if "text" in one][:first]
    assert len(texts) == len(set(texts))
    made, reused = map(int, re.search(r"(\d+) made, (\d+) reused", job.summaries["Render"]).groups())  # type: ignore[union-attr]
    assert (made, reused) == (story.spent("cancelled", "resumed")[0], story.spent("nothing", "cancelled")[0])
    audiobook = story.runner.artifacts / "audiobook" / BOOK / "build"
    assert (audiobook / "the-lighthouse-ledger.m4b").stat().st_size > 100_000
    assert list((story.runner.artifacts / "narrate-ledger" / BOOK / ".narration" / "ledger").glob("*.jsonl"))


def test_a_fresh_runner_with_the_cache_generates_nothing_and_saves_no_second_copy(story: Story) -> None:
    job = story.jobs["fresh"]
    assert job.green, job.told()
    assert story.spent("resumed", "fresh") == (0, 0)
    assert len(list(story.runner.cache.iterdir())) == 3  # of the cancelled, the resumed and the merged run


def test_a_pull_request_is_told_segments_dictionary_effects_and_price(story: Story) -> None:
    job = story.jobs["priced"]
    assert job.green, job.told()
    summary = job.summaries["Price the change"]
    assert re.search(r"^\d takes to be made \(\d changed.*cents; by the measured pace of", summary, re.MULTILINE)
    assert re.search(r"^\| Gwavas \| /ˈɡwɒvəs/ \| /ˈɡwævəs/ \| 2 \| [\d.]+ to [\d.]+ cents \|$", summary, re.MULTILINE)
    comment = (story.runner.artifacts / "narrate-check" / "narrate-comment.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- narrate: lighthouse -->\n")
    assert comment.split("\n", 1)[1].strip() == summary.strip()


def test_no_text_of_a_manuscript_is_a_command_or_markup(story: Story) -> None:
    job = story.jobs["priced"]
    for log in job.logs.values():
        assert not [line for line in log.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    for summary in job.summaries.values():
        assert "@everyone" not in summary
        assert "<img" not in summary
        assert "://example" not in summary
    assert "everyone" in story.jobs["priced"].summaries["Price the change"]


def test_the_foretold_price_is_what_the_merge_is_billed_within_a_tenth(story: Story) -> None:
    assert story.jobs["merged"].green, story.jobs["merged"].told()
    made, cents = story.spent("priced", "merged")
    assert made == story.foretold["to_make"]
    low, high = Decimal(story.foretold["cents_low"]), Decimal(story.foretold["cents_high"])

    assert abs((low + high) / 2 - cents) <= cents / 10, f"foretold {low} to {high} cents, billed {cents}"
    assert story.spent("fresh", "priced") == (0, 0), "pricing buys nothing"
