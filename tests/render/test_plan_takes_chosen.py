"""Chosen takes: which number comes next, what is kept of a choice, and what it holds for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.engines.instant import tones
from pipeline.errors import InputError, UsageError
from pipeline.project.loading import load_project
from pipeline.render.plan import Plan
from pipeline.render.retaking import Booth, named_segments
from pipeline.reports.unchanged import inputs_digest
from pipeline.store.chosen_takes import ChosenTake, read_chosen, text_hash, write_chosen
from pipeline.store.takes import TakeStore

from .conftest import FailingEngine, MakePlan

ENGINE = FailingEngine()


def record(plan: Plan, store: TakeStore) -> None:
    """Store every take that the plan lacks."""
    for planned in plan.to_make():
        speech = tones(planned.order)
        store.put(planned.key, planned.inputs, speech, (0, len(speech.pcm)), "a")


def retake(planned: MakePlan, folder: Path, *names: str, **how: object) -> int:
    """Retake and return the number that is chosen now."""
    plan, layout = planned(ENGINE)
    booth = Booth(plan, ENGINE, layout.takes, read_chosen(folder))
    chosen, (taken,) = booth.choose(names, **how)  # type: ignore[arg-type]
    write_chosen(folder, chosen)
    return taken.take


def test_takes_count_up_and_choices_go_back(planned: MakePlan, tmp_path: Path) -> None:
    plan, layout = planned(ENGINE)
    record(plan, layout.takes)
    assert retake(planned, tmp_path, "the-first:1") == 1
    assert retake(planned, tmp_path, "the-first:1") == 1  # not made yet: asking twice is asking once
    assert retake(planned, tmp_path, "1:1", unheard=True) == 2  # unless it is meant
    assert retake(planned, tmp_path, "the-first:1", undo=True) == 1
    record(planned(ENGINE)[0], layout.takes)
    assert retake(planned, tmp_path, "the-first:1") == 2
    record(planned(ENGINE)[0], layout.takes)
    assert retake(planned, tmp_path, "the-first:1", number=0) == 0
    assert planned(ENGINE)[0].to_make() == []
    assert retake(planned, tmp_path, "the-first:1") == 3  # never one that was heard already
    assert retake(planned, tmp_path, "the-first:1", number=2) == 2
    with pytest.raises(UsageError, match="has no take 7; stored: 0, 1, 2"):
        retake(planned, tmp_path, "the-first:1", number=7)
    with pytest.raises(UsageError, match="no take was chosen for the-second:0"):
        retake(planned, tmp_path, "the-second:0", undo=True)


def test_a_choice_survives_edits_elsewhere_and_ends_with_its_text(planned: MakePlan, tmp_path: Path) -> None:
    plan, layout = planned(ENGINE)
    record(plan, layout.takes)
    retake(planned, tmp_path, "the-second:1")
    edited, _ = planned(ENGINE, first="Some sang.")
    assert {lack.reason for lack in edited.to_make()} == {"text changed", "retake asked: take 1"}
    book = tmp_path / "book.md"
    retake(planned, tmp_path, "the-first:1")
    edited, _ = planned(ENGINE, first="Some sang.")
    numbers = {place.segment.chapter + str(place.segment.index): place.order.number for place in edited.segments()}
    assert numbers["the-second1"] == 1
    assert numbers["the-first1"] == 0
    assert book.exists()


def test_a_repeated_line_is_one_take(planned: MakePlan, tmp_path: Path) -> None:
    again = "\n\n# The First again\n\nNobody answered.\n\n# Another\n\nNobody answered.\n"
    plan, layout = planned(ENGINE, first=again)
    record(plan, layout.takes)
    plan, _ = planned(ENGINE, first=again)
    same = [place for place in plan.segments() if place.segment.text == "Nobody answered."]
    assert len(same) == 2
    booth = Booth(plan, ENGINE, layout.takes, {})
    chosen, (taken,) = booth.choose([same[0].key[:12]])
    assert len(taken.places) == 2
    write_chosen(tmp_path, chosen)
    (missing,) = planned(ENGINE, first=again)[0].to_make()
    assert missing.reason == "retake asked: take 1"


def test_an_ambiguous_key_lists_its_candidates(planned: MakePlan) -> None:
    plan, _ = planned(ENGINE)
    keys = [place.key for place in plan.segments()]
    assert named_segments(plan, [keys[0][:20], keys[0]]) == [next(plan.segments())]
    shared = next(plan.segments())
    with pytest.raises(UsageError, match=f"begins {len(set(keys))} keys: {shared.key[:12]} \\(the-first:0\\), "):
        named_segments(plan, [""])


def test_the_file_is_sorted_readable_and_comes_back_as_it_was(tmp_path: Path) -> None:
    chosen = {
        text_hash(text): ChosenTake(text_hash(text), take, before, chapter, text)
        for text, take, before, chapter in (
            ('"Quoted": #not a comment', 2, 1, "chapter-10"),
            ("Ünicode – and a dash", 1, 0, "chapter-2"),
        )
    }
    write_chosen(tmp_path, chosen)
    written = (tmp_path / "takes.yaml").read_text(encoding="utf-8")
    assert written.index("chapter-2") < written.index("chapter-10")
    assert read_chosen(tmp_path) == chosen
    write_chosen(tmp_path, dict(reversed(chosen.items())))
    assert (tmp_path / "takes.yaml").read_text(encoding="utf-8") == written
    write_chosen(tmp_path, {})
    assert not (tmp_path / "takes.yaml").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("takes: [{text: xyz, take: 1}]", "takes.yaml:1:16: takes[0].text: got 'xyz'"),
        ('takes:\n  - text: "0123456789abcdef"\n    take: one\n', "takes.yaml:3:11: takes[0].take: got 'one'"),
        ('takes:\n  - text: "0123456789abcdef"\n', "takes[0].take: is missing"),
        ("takes:\n  - txet: a\n", "takes.yaml:2:5: takes[0].txet: unknown key; did you mean 'text'?"),
        ("takes: [\n", "takes.yaml:"),
        (
            "takes:\n" + 2 * "  - {text: 0123456789abcdef, take: 1}\n",
            "takes.yaml:3:5: the text 0123456789abcdef is chosen in line 2 already",
        ),
    ],
)
def test_bad_content_is_named_with_its_place(planned: MakePlan, tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "takes.yaml").write_text(content)
    with pytest.raises(InputError) as refused:
        planned(ENGINE)
    assert told in str(refused.value)


def test_an_emptied_file_chooses_nothing(planned: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "takes.yaml").write_text("# all undone by hand\n")
    assert {place.order.number for place in planned(ENGINE)[0].segments()} == {0}


def test_a_run_knows_that_a_choice_changes_its_outputs(planned: MakePlan, tmp_path: Path) -> None:
    planned(ENGINE)
    project = load_project(tmp_path)
    before = inputs_digest(project)
    write_chosen(tmp_path, {text_hash("a"): ChosenTake(text_hash("a"), 1)})
    assert inputs_digest(project) != before
