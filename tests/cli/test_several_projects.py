"""One command over several projects: each to its end, under one budget and one limiter."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.cli.several import first_that_applies
from pipeline.engines.protocol import Limits
from pipeline.render.purse import Cap, Purse
from pipeline.render.together import Together
from pipeline.reports.run_record import RunRecord
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

SECRET = "ka_of_two_books"
MANIFEST = """title: {title}
engine: kugelaudio
engines: {{kugelaudio: {{tier: 3}}}}
voices:
  narrator: {{kugelaudio: {{voice_id: {voice_id}}}}}
chapters: [{{source: book.md}}]
rates: {{kugel-3: 7.0}}
outputs: [{{format: srt}}]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(silent=True, tier=0, keys=(SECRET,))) as running:
        yield running


@pytest.fixture
def voice_id(server: BackgroundServer) -> int:
    from pipeline.kugelaudio import KugelAudio

    with KugelAudio(SECRET, api_url=server.url) as client:
        return next(iter(client.voices.iterate(None, include_public=True))).id


def paid_book(folder: Path, title: str, voice_id: int) -> Path:
    folder.mkdir()
    text = "\n\n".join(
        f"# Day {day}\n\n" + f"{title} went on, and day {day} was much like the last. " * 4 for day in (1, 2, 3)
    )
    (folder / "book.md").write_text(text, encoding="utf-8")
    (folder / "project.yaml").write_text(MANIFEST.format(title=title, voice_id=voice_id), encoding="utf-8")
    return folder


def spent(project: Path) -> Decimal:
    return RunRecord.model_validate_json((project / "build" / "run.json").read_bytes()).spent_cents


def test_max_cost_holds_over_all_projects_together(
    tmp_path: Path, server: BackgroundServer, voice_id: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("KUGELAUDIO_API_KEY", SECRET)
    books = [paid_book(tmp_path / name, name.title(), voice_id) for name in ("one", "two", "three")]
    paid = ["render", *map(str, books), "--api-url", server.url, "--quiet"]
    assert main([*paid, "--max-cost", "10"]) == 4
    total = sum((spent(book) for book in books if (book / "build" / "run.json").exists()), Decimal(0))
    assert 0 < total <= 10
    told = capsys.readouterr().err
    assert "--max-cost of 10 cents is spent" in told
    assert re.search(r"of 3 projects ended badly", told)
    assert main([*paid, "--max-cost", "500"]) == 0
    assert sum(map(spent, books)) + total < 60


def test_one_pacing_serves_all_runs_of_a_wallet() -> None:
    together, limits = Together(), Limits(2, 5)
    first = together.pacing("wallet", limits)
    for _ in range(2):
        first.start(time.monotonic())
    again = together.pacing("wallet", limits)
    opens = again.opens_at(time.monotonic())
    assert opens is not None
    assert opens > time.monotonic() + 50
    assert together.pacing("other", limits).opens_at(time.monotonic()) is not None


def test_what_a_run_came_to_counts_with_its_unknown_charges() -> None:
    together, purse = Together(), Purse((Cap("--max-cost", Decimal(100)),))
    purse.reserve("a", Decimal(5))
    purse.settle("a", None)
    purse.reserve("b", Decimal(9))
    purse.settle("b", Decimal(7))
    together.add(purse)
    assert together.spent_cents == 12


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([0, 0], 0), ([0, 2, 3], 3), ([6, 4, 5], 5), ([2, 8, 7], 8), ([1, 2], 2), ([4, 130], 130), ([3, 141], 141)],
)
def test_the_first_exit_code_of_the_table_wins(codes: list[int], expected: int) -> None:
    assert first_that_applies(codes) == expected


def test_a_project_that_is_wrong_does_not_stop_the_next(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, other = project.parent / "broken", project.parent / "other"
    shutil.copytree(project, broken)
    shutil.copytree(project, other)
    (broken / "project.yaml").write_text("titel: A\n", encoding="utf-8")
    assert main(["check", str(project), str(broken), str(other)]) == 2
    told = capsys.readouterr()
    assert told.out.count("Ada and the Lamp: 2 chapters") == 2
    assert f"== {broken}" in told.err
    assert f"1 of 3 projects ended badly: {broken}" in told.err


def test_plans_and_states_of_several_are_shown_in_turn(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = project.parent / "other"
    shutil.copytree(project, other)
    assert main(["status", str(project), str(other)]) == 0
    assert capsys.readouterr().out.count("Ada and the Lamp: engine hibari") == 2
    assert main(["plan", "--json", str(project), str(other)]) == 0
    decoder, text, plans = json.JSONDecoder(), capsys.readouterr().out, 0
    while text.strip():
        _, end = decoder.raw_decode(text.lstrip())
        text, plans = text.lstrip()[end:], plans + 1
    assert plans == 2


@pytest.mark.parametrize("flag", [["--out", "elsewhere"], ["--chapters", "1"]])
def test_a_flag_that_is_for_one_project_is_refused_for_several(
    project: Path, capsys: pytest.CaptureFixture[str], flag: list[str]
) -> None:
    assert main(["render", str(project), str(project), *flag]) == 2
    assert f"{flag[0]} is for one project" in capsys.readouterr().err
