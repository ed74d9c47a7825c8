"""Of machines that share a store none pays for what another has paid for, and nothing that was paid for is dropped."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import workflow
from pipeline.errors import LockHeld, SpendingStopped, StorageError, UsageError
from pipeline.render import sharing
from pipeline.render.events import Event, Noticed, SegmentFailed, TakeMade
from pipeline.reports.outcome import Outcome
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from pipeline.store.layout import Layout
from pipeline.store.ledger import read_ledger
from pipeline.store.locking import project_lock
from pipeline.store.shared.address import read_address
from pipeline.store.shared.claims import Claims
from pipeline.store.shared.folder_remote import FolderRemote
from pipeline.store.shared.names import claim_name
from pipeline.store.shared.opening import open_remote
from pipeline.store.shared.remote import Remote
from pipeline.store.shared.runners import Runner
from tests.store.sharing import Moody

from .paying import Book, paragraphs

COUNT = 5


class Machine:
    """A fresh folder with the same book, at the same server and store."""

    def __init__(self, folder: Path, server: BackgroundServer, store: str) -> None:
        folder.mkdir(parents=True)
        self.book, self.store, self.heard = Book(folder, server), store, list[Event]()
        self.book.write(paragraphs(COUNT))
        self.manifest("outputs: [{format: srt}]")

    def manifest(self, *lines: str) -> None:
        with (self.book.folder / "project.yaml").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def render(self, **options: object) -> Outcome:
        self.heard.clear()
        given = {"max_cost_cents": Decimal(900), "jobs": 3, "store": self.store, "api_url": self.book.server.url}
        return workflow.render(
            self.book.folder,
            engine=None,
            options=workflow.RenderOptions(**{**given, **options}),  # type: ignore[arg-type]
            receiver=self.heard.append,
        )

    def made(self) -> int:
        return sum(isinstance(event, TakeMade) for event in self.heard)

    def notices(self) -> str:
        return " | ".join(event.message for event in self.heard if isinstance(event, Noticed))

    def plan(self) -> workflow.Plan:
        return workflow.plan(self.book.folder, api_url=self.book.server.url, store=self.store)


MakeMachine = Callable[..., Machine]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BackgroundServer]:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    for name in ("KUGELAUDIO_API_URL", "NARRATE_STORE", "NARRATE_STORE_LEASE"):
        monkeypatch.delenv(name, raising=False)
    with BackgroundServer(ServerOptions(silent=True, tier=4)) as running:
        yield running


@pytest.fixture
def machine(request: pytest.FixtureRequest, tmp_path: Path, server: BackgroundServer) -> MakeMachine:
    in_memory = getattr(request, "param", "folder") == "memory"
    store = f"memory://{secrets.token_hex(4)}" if in_memory else str(tmp_path / "store")
    return lambda name: Machine(tmp_path / name, server, store)


def through(monkeypatch: pytest.MonkeyPatch, **moods: object) -> list[Moody]:
    """Every store that is opened from now on is as moody as that."""
    opened: list[Moody] = []

    def open_moody(address: object) -> Remote:
        opened.append(Moody(open_remote(address), **moods))  # type: ignore[arg-type]
        return opened[-1]

    monkeypatch.setattr(sharing, "open_remote", open_moody)
    return opened


@pytest.mark.parametrize("machine", ["folder", "memory"], indirect=True)
def test_a_fresh_machine_renders_the_same_book_with_no_generation(machine: MakeMachine) -> None:
    first, second = machine("first"), machine("second")
    assert first.render().error is None
    billed = first.book.billed()
    assert billed > 0
    plan = second.plan()
    assert plan.to_make() == []
    assert plan.estimate.cents_high == 0
    outcome = second.render()
    assert outcome.error is None
    assert (outcome.record.takes_made, second.made()) == (0, 0)
    assert second.book.billed() == billed
    assert outcome.record.chapters_whole == 1


@pytest.mark.slow
def test_the_ledger_goes_with_the_takes_and_counts_once(machine: MakeMachine) -> None:
    first, second = machine("first"), machine("second")
    first.render()
    second.render()
    lines = list(read_ledger(second.book.folder / ".narration" / "ledger"))
    assert {line.attempt for line in lines} == {line.attempt for line in first.book.ledger()}
    first.render()
    assert first.book.ledger() == lines


@pytest.mark.slow
def test_claims_and_signs_of_life_are_gone_after_a_run(machine: MakeMachine) -> None:
    first = machine("first")
    first.render()
    remote = open_remote(read_address(first.store, "--store"))
    assert [remote.entries(folder) for folder in ("claims", "runners", "probes")] == [[], [], []]


@pytest.mark.slow
def test_a_take_that_another_runner_has_claimed_is_left_to_it_until_it_gives_it_back(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.render.studio._OTHERS_SECONDS", 0.05)
    first, second = machine("first"), machine("second")
    remote = open_remote(read_address(second.store, "--store"))
    other = Claims(remote, Runner(remote, "other"))
    keys = [planned.key for planned in second.plan().to_make()]
    claims = [other.take(key) for key in keys[:2]]
    polls = 0
    real = Claims.take

    def take(self: Claims, key: str) -> object:
        nonlocal polls
        polls += key in keys[:2]
        if polls == 6:  # the other takes have been made by now
            polls += 1
            for claim in claims:
                assert claim is not None
                other.give_up(claim, arrived=False)
        return real(self, key)

    monkeypatch.setattr(Claims, "take", take)
    outcome = second.render()
    assert outcome.error is None
    assert second.made() == len(keys)
    assert first.render().record.takes_made == 0


@pytest.mark.slow
def test_a_runner_that_died_is_followed_after_its_lease(machine: MakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.render.studio._OTHERS_SECONDS", 0.1)
    monkeypatch.setenv("NARRATE_STORE_LEASE", "3")
    second = machine("second")
    remote = FolderRemote(Path(second.store))
    keys = [planned.key for planned in second.plan().to_make()]
    dead = Claims(remote, Runner(remote, "dead", 1.0))
    assert dead.take(keys[0]) is not None
    outcome = second.render()
    assert outcome.error is None
    assert second.made() == len(keys)
    assert remote.read(claim_name(keys[0], 0)) is None


def test_takes_that_did_not_reach_the_store_end_the_run_badly_and_are_sent_by_the_next(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.shared.source._LATER_SECONDS", 0.0)
    first, second = machine("first"), machine("second")
    through(monkeypatch, failing=(".flac",))
    outcome = first.render()
    assert isinstance(outcome.error, StorageError)
    assert outcome.error.exit_code == 8
    assert "have not reached the store" in outcome.error.message
    assert outcome.record.chapters_whole == 1  # made from what is here all the same
    billed = first.book.billed()
    monkeypatch.undo()
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    assert first.render().error is None
    assert second.render().record.takes_made == 0
    assert second.book.billed() == billed


def test_nothing_is_bought_while_the_store_cannot_be_reached(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("first")
    through(monkeypatch, failing=("claims/",))
    with pytest.raises(StorageError, match="cannot create claims/"):
        first.render()
    assert first.book.billed() == 0


def test_a_damaged_take_in_the_store_is_reported_and_not_paid_for_again(machine: MakeMachine) -> None:
    first, second, third = machine("first"), machine("second"), machine("third")
    first.render()
    billed = first.book.billed()
    audio = min(Path(first.store).rglob("*.flac"))
    whole = audio.read_bytes()
    audio.write_bytes(whole[:-1] + b"?")
    outcome = second.render()
    assert isinstance(outcome.error, StorageError)
    assert "no other is paid for" in outcome.error.message
    assert outcome.error.hint is not None
    assert "push --replace" in outcome.error.hint
    assert second.book.billed() == billed
    assert audio.read_bytes() != whole
    assert any(isinstance(event, SegmentFailed) for event in second.heard)
    with sharing.open_desk(first.book.folder, first.store, notice=lambda _: None) as desk:
        assert desk.replace_damaged() == 1
    assert third.render().error is None
    assert third.book.billed() == billed


def test_a_store_that_cannot_keep_runners_apart_is_refused_for_several(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("first")
    through(monkeypatch, overwriting=True)
    with pytest.raises(UsageError, match="cannot keep two runners apart"):
        first.render(shared=True)
    assert first.book.billed() == 0
    assert first.render().error is None
    assert "see that only one runs at a time" in first.notices()


def test_several_runners_need_a_store(machine: MakeMachine) -> None:
    with pytest.raises(UsageError, match="--shared needs a store"):
        machine("first").render(store=None, shared=True)


def test_the_projects_budget_counts_what_other_machines_spent(machine: MakeMachine) -> None:
    first, second = machine("first"), machine("second")
    first.render()
    spent = first.book.billed()
    second.manifest(f"budget: {{project_cents: {spent + 1}}}")
    (second.book.folder / "book.md").write_text(f"# One\n\n{'Something else was said. ' * 8}\n", encoding="utf-8")
    outcome = second.render()
    assert isinstance(outcome.error, SpendingStopped)
    assert "the project's budget" in outcome.error.message
    assert second.book.billed() == spent


@pytest.mark.slow
def test_what_others_hold_of_the_budget_is_not_there_even_without_their_ledger(machine: MakeMachine) -> None:
    second = machine("second")
    second.manifest("budget: {project_cents: 100}")
    remote = FolderRemote(Path(second.store))
    provider = second.plan().provider
    holding = sharing.SharedBudget(remote, "the-ledger", provider, "elsewhere", Decimal(100))
    assert holding.hold(Decimal(99))
    outcome = second.render()
    assert isinstance(outcome.error, SpendingStopped)
    assert second.book.billed() <= 1  # which a heading may have cost
    assert holding.hold(Decimal(0))
    assert second.render().error is None
    held = sharing.SharedBudget(remote, "the-ledger", provider, "last", Decimal(100)).others()
    assert held == second.book.billed()


def test_looking_after_the_store_waits_for_the_run(machine: MakeMachine) -> None:
    first = machine("first")
    desk = sharing.open_desk(first.book.folder, first.store, notice=lambda _: None)
    with project_lock(Layout(first.book.folder / ".narration", first.book.folder).state), pytest.raises(LockHeld):
        desk.__enter__()
