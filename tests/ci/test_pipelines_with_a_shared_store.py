"""The pipelines that keep takes in a shared store, as written: machines that forget everything buy nothing twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pipeline import __version__
from pipeline.cli.main import main
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from tests.ci.workflow_runner import Job, Runner, git
from tests.store.s3_server import serving_s3

pytestmark = pytest.mark.slow

PULL_REQUEST = {"name": "pull_request", "ref": "refs/pull/1/merge", "head": "edits", "base": "main"}
PUSH = {"name": "push", "ref": "refs/heads/main", "head": "main"}
MANIFEST = """title: The Lamp
engine: kugelaudio
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
chapters: [{source: book.md}]
rates: {kugel-3: 7.0}
segment_target: 100
outputs: [{format: mp3}]
budget: {run_cents: 100}
"""


def evenings(first: int, last: int) -> str:
    return "\n\n".join(
        f"On evening {number} the lamp was lit at dusk, and {number * 3} boats came home by it, one after another, "
        "until the harbour held them all and the keeper could close his book."
        for number in range(first, last + 1)
    )


TEXT = f"# One\n\n{evenings(1, 14)}"
NEW = evenings(15, 18)
FEW = f"# One\n\n{evenings(1, 2)}"


@dataclass(frozen=True, slots=True)
class Shared:
    """A store, and what a machine and the repository have to say to reach it."""

    url: str
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    variables: Mapping[str, str]


@pytest.fixture(params=["folder", "s3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    if request.param == "folder":
        store = str(tmp_path / "mounted")
        yield Shared(store, {}, {}, {"NARRATE_STORE": store})
        return
    with serving_s3() as s3:
        store = s3.bucket("books")
        secrets = {name: s3.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        variables = {"NARRATE_STORE": store, "AWS_ENDPOINT_URL": s3.url}
        yield Shared(store, {"AWS_EC2_METADATA_DISABLED": "true"}, secrets, variables)


@pytest.fixture
def provider() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(tier=3)) as server:
        yield server


def billed(server: BackgroundServer) -> tuple[int, Decimal]:
    """Generations and cents, by the books of the server."""
    books = httpx.get(f"{server.url}/admin/books", trust_env=False).json()
    return len([one for one in books["requests"] if float(one["cents"] or 0)]), Decimal(books["totals"]["cents"])


def make_repository(folder: Path, server: str, text: str = TEXT) -> Path:
    work = folder / "maintainer"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch", "main")
    (work / "project.yaml").write_text(MANIFEST, encoding="utf-8")
    (work / "book.md").write_text(text, encoding="utf-8")
    (work / ".gitignore").write_text(".narration/\nbuild/\n", encoding="utf-8")
    command = ["init", "--into", str(work), "--ci", server, "--keep", "store", "--install", f"narrate=={__version__}"]
    assert main(command) == 0
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "Begin")
    git(folder, "clone", "--quiet", "--bare", str(work), str(folder / "origin.git"))
    return work


def foretold(work: Path, environment: Mapping[str, str]) -> tuple[int, Decimal]:
    """Takes to be made, and the middle of their price, as a checked-out pull request is told without any secret."""
    command = [sys.executable, "-m", "pipeline.cli.main", "plan", str(work), "--against", "origin/main", "--json"]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, check=True)
    totals: dict[str, Any] = json.loads(done.stdout)["totals"]
    return totals["to_make"], (Decimal(totals["cents_low"]) + Decimal(totals["cents_high"])) / 2


def github_runner(folder: Path, shared: Shared, provider: BackgroundServer) -> Runner:
    """A machine of GitHub's; its key is on it for `verify`, which asks who answers at a local server's URL."""
    api = {"KUGELAUDIO_API_URL": provider.url, "KUGELAUDIO_API_KEY": LOCAL_KEY}
    secrets = {"KUGELAUDIO_API_KEY": LOCAL_KEY, **shared.secrets}
    return Runner(folder / "origin.git", folder, {**api, **shared.environment}, secrets, shared.variables)


def test_a_second_runner_on_github_fetches_every_take(
    shared: Shared, provider: BackgroundServer, tmp_path: Path
) -> None:
    make_repository(tmp_path, "github", FEW)
    runner = github_runner(tmp_path, shared, provider)
    first, made = runner.run("render", PUSH), billed(provider)
    assert first.green, first.told()
    assert made[0] == 3
    second = runner.run("render", PUSH)
    assert second.green, second.told()
    assert billed(provider) == made, "the second runner bought something"
    assert told(second) == (0, 3)
    assert not list(runner.cache.rglob("takes")), "takes are kept in the store alone"
    published = [job.workspace / "build" / "mp3" / "1-one.mp3" for job in (first, second)]
    assert len({path.read_bytes() for path in published}) == 1


def test_a_pull_request_is_told_what_its_merge_will_cost(provider: BackgroundServer, tmp_path: Path) -> None:
    work = make_repository(tmp_path, "github")
    shared = Shared(str(tmp_path / "mounted"), {}, {}, {"NARRATE_STORE": str(tmp_path / "mounted")})
    runner = github_runner(tmp_path, shared, provider)
    first, made = runner.run("render", PUSH), billed(provider)
    assert first.green, first.told()
    git(work, "checkout", "--quiet", "-b", "edits")
    (work / "book.md").write_text(f"{TEXT}\n\n{NEW}\n", encoding="utf-8")
    git(work, "commit", "--quiet", "-am", "Edit")
    git(work, "push", "--quiet", str(tmp_path / "origin.git"), "edits", "edits:main-next")
    checked = runner.run("check", PULL_REQUEST)
    assert checked.green, checked.told()
    assert "the measured pace of narrator" in checked.summaries["Price the change"]
    count, price = foretold(checked.workspace, runner.environment)
    git(tmp_path / "origin.git", "update-ref", "refs/heads/main", "refs/heads/main-next")
    merged = runner.run("render", PUSH)
    assert merged.green, merged.told()
    requests, cents = (after - before for after, before in zip(billed(provider), made, strict=True))
    assert requests == count == 4
    assert abs(cents - price) <= cents / 10, f"foretold {price}, billed {cents}"


def told(job: Job) -> tuple[int, int]:
    """Takes made and reused, as the job's summary says."""
    found = re.search(r"(\d+) made, (\d+) reused", job.summaries["Render"])
    assert found is not None, job.summaries["Render"]
    return int(found[1]), int(found[2])


def test_a_second_runner_on_gitlab_fetches_every_take(
    shared: Shared, provider: BackgroundServer, tmp_path: Path
) -> None:
    make_repository(tmp_path, "gitlab", FEW)
    settings = {**shared.environment, **shared.secrets, **shared.variables}
    settings |= {"KUGELAUDIO_API_URL": provider.url, "KUGELAUDIO_API_KEY": LOCAL_KEY}
    counts = []
    for name in ("one", "two"):
        work = tmp_path / name
        git(tmp_path, "clone", "--quiet", str(tmp_path / "origin.git"), str(work))
        done = run_gitlab(work, settings)
        assert done.returncode == 0, done.stderr
        assert list((work / "build" / "mp3").glob("*.mp3"))
        counts.append(billed(provider)[0])
    assert counts == [3, 3]


def run_gitlab(work: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    described = yaml.safe_load((work / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    job = described["narrate-render"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work.parent),
        "LANG": "C.UTF-8",
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(work),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **{key: str(value) for key, value in {**described["variables"], **job.get("variables", {})}.items()},
        **settings,
    }
    script = "\n".join(["set -eo pipefail", *described[".narrate"]["before_script"], *job["script"]])
    return subprocess.run(
        ["bash", "-c", script], cwd=work, env=environment, capture_output=True, text=True, check=False
    )


def test_a_store_that_nobody_named_is_refused_before_anything_is_bought(
    provider: BackgroundServer, tmp_path: Path
) -> None:
    make_repository(tmp_path, "github", "# One\n\nNothing of this is made.\n")
    environment = {"KUGELAUDIO_API_URL": provider.url}
    runner = Runner(tmp_path / "origin.git", tmp_path, environment, {"KUGELAUDIO_API_KEY": LOCAL_KEY})
    job = runner.run("render", PUSH)
    assert job.codes["Render"] == 2
    assert "NARRATE_STORE" in job.logs["Render"]
    assert billed(provider) == (0, Decimal(0))
