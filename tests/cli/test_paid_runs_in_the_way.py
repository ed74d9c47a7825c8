"""Two runs at once, a full disk, a folder that cannot be written: nothing breaks, and it is said what was paid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from pipeline import workflow
from pipeline.server.accounts import LOCAL_KEY
from pipeline.store.takes import TakeStore
from tests.render.two_books import Reckoning, reckon, texts_of

from .killing import Server, outputs, serving, start, write_project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
        with serving(tmp_path_factory.mktemp("server")) as running:
            yield running


def reckoned(project: Path, server: Server, before: int) -> Reckoning:
    state = project / ".narration"
    texts = texts_of(workflow.plan(project, api_url=server.url))
    return reckon(texts, state / "ledger", server.requests()[before:], TakeStore(state / "takes"))


def render(project: Path, server: Server, *more: str, file_bytes: int | None = None) -> tuple[int, str]:
    """Exit code and what was said; ``file_bytes``: no file may become longer, as on a disk that is full."""
    limit = "" if file_bytes is None else f"resource.setrlimit(resource.RLIMIT_FSIZE, ({file_bytes}, {file_bytes}));"
    program = f"import resource, sys; {limit} from pipeline.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "render", str(project), "--api-url", server.url, "--jobs", "4", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=dict(os.environ))
    return done.returncode, done.stderr


def test_the_second_of_two_runs_says_who_holds_the_lock_or_waits_and_nothing_is_bought_twice(
    server: Server, tmp_path: Path
) -> None:
    project, before = write_project(tmp_path / "book", 10), len(server.requests())
    slow = {"fault": "latency", "delay_ms": 15_000, "at": [3]}  # the first is still at work when the second comes
    httpx.put(f"{server.url}/admin/faults", json={"seed": 1, "faults": [slow]}).raise_for_status()
    with start(project, server) as first:
        assert first.stdout is not None
        first.stdout.readline()
        code, said = render(project, server)
        assert code == 7
        assert f"process {first.pid}" in said
        waited, _ = render(project, server, "--wait-lock", "60")
        first.communicate()
    httpx.put(f"{server.url}/admin/faults", json={"seed": 1, "faults": []}).raise_for_status()
    assert (first.returncode, waited) == (0, 0)
    found = reckoned(project, server, before)
    assert found.faults == []
    assert set(found.outcomes) == {"stored"}


@pytest.mark.parametrize("file_bytes", [1_500, 9_000, 40_000])
def test_a_full_disk_stops_the_run_and_says_what_was_paid_and_not_kept(
    server: Server, tmp_path: Path, file_bytes: int
) -> None:
    project, before = write_project(tmp_path / "book", 10), len(server.requests())
    code, said = render(project, server, file_bytes=file_bytes)
    assert code == 8, said
    assert "cannot write" in said
    found = reckoned(project, server, before)
    assert found.faults == []
    told = re.search(r"(\d+) answers came and could not be stored \(([0-9.]+) cents\)", said)
    unkept = found.billed - stored_cents(project)
    assert Decimal(told[2] if told else 0) == unkept
    code, said = render(project, server)
    assert code == 0, said
    assert reckoned(project, server, before).faults == []
    assert outputs(project)


def stored_cents(project: Path) -> Decimal:
    store = TakeStore(project / ".narration" / "takes")
    takes = [take for key in store.all_keys() if (take := store.stored(key)) is not None]
    return sum((take.usage.cost_cents or Decimal(0) for take in takes), Decimal(0))


@pytest.mark.parametrize("in_the_way", [".narration", ".narration/ledger", ".narration/takes", "build"])
def test_a_folder_that_cannot_be_written_is_named_and_loses_nothing(
    server: Server, tmp_path: Path, in_the_way: str
) -> None:
    project, before = write_project(tmp_path / "book", 6), len(server.requests())
    (project / in_the_way).parent.mkdir(exist_ok=True)
    (project / in_the_way).write_text("a file where a folder must be")
    code, said = render(project, server)
    assert code == 8, said
    assert in_the_way in said
    assert "Traceback" not in said
    billed = sum((Decimal(line["cents"]) for line in server.requests()[before:]), Decimal(0))
    if in_the_way in {".narration", ".narration/ledger"}:
        assert billed == 0
    (project / in_the_way).unlink()
    code, said = render(project, server)
    assert code == 0, said
    assert reckoned(project, server, before).faults == []
