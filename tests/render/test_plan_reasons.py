"""A plan says of every take to be made why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.instant import tones
from pipeline.errors import InputError
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.render.plan import make_plan
from pipeline.render.running import render_missing
from pipeline.render.speakable import refuse_unspeakable
from pipeline.script.scripting import write_script

from .conftest import FailingEngine, MakePlan


def test_an_edited_text_a_changed_voice_and_a_new_entry_are_told_apart(planned: MakePlan, tmp_path: Path) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    slugs = frozenset(chapter.script.slug for chapter in plan.chapters)
    render_missing(plan, engine, layout, run="r1", selected=slugs, receiver=lambda event: None)

    edited, _ = planned(engine, first="Some sang.")
    assert [missing.reason for missing in edited.to_make()] == ["text changed"]

    faster, _ = planned(engine, speed=1.1)
    assert {missing.reason for missing in faster.to_make()} == {"voice narrator: speed 1.0 → 1.1"}


def test_a_dictionary_entry_remakes_only_the_segments_it_touches(planned: MakePlan, tmp_path: Path) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    slugs = frozenset(chapter.script.slug for chapter in plan.chapters)
    render_missing(plan, engine, layout, run="r1", selected=slugs, receiver=lambda event: None)
    (tmp_path / "names.yaml").write_text("entries: [{word: keeper, replacement: kee-per}]\n")

    def with_dictionary() -> None:
        manifest = tmp_path / "project.yaml"
        manifest.write_text(manifest.read_text() + "dictionaries: [names.yaml]\n")

    again, _ = planned(engine)
    assert again.to_make() == []
    with_dictionary()

    project = load_project(tmp_path)
    script = write_script(read_manuscript(project), project, limit=5000)
    missing = make_plan(script, project, engine, layout.takes).to_make()
    assert [planned.reason for planned in missing] == ['dictionary entry "keeper"']
    assert all("keeper" in planned.segment.text for planned in missing)


def test_text_that_cannot_be_spoken_is_refused_at_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "book.md").write_text(
        "# One\n\nHello there.\n\nمرحبا\n\n::: {lang=de}\nJa.\n\nNein, danke sehr.\n:::\n"
    )
    (tmp_path / "project.yaml").write_text("title: T\nchapters: [{source: book.md}]\n")
    project = load_project(tmp_path)
    script = write_script(read_manuscript(project), project, limit=2000)
    with pytest.raises(InputError) as refused:
        refuse_unspeakable(script, HibariEngine(1))
    assert [problem.line for problem in refused.value.problems] == [5, 8]


def test_pauses_tags_and_bit_rates_make_no_take_again(planned: MakePlan, tmp_path: Path) -> None:
    engine = FailingEngine()
    plan, layout = planned(engine)
    for missing in plan.to_make():
        speech = tones(missing.order)
        layout.takes.put(missing.key, missing.inputs, speech, (0, len(speech.pcm)), "a")
    manifest = tmp_path / "project.yaml"
    manifest.write_text(
        manifest.read_text()
        + "author: Somebody\nmetadata: {publisher: P}\npauses: {paragraph_ms: 900}\n"
        + "outputs: [{format: mp3, bitrate_kbps: 96}]\n"
    )
    project = load_project(tmp_path)
    script = write_script(read_manuscript(project), project, limit=5000)
    assert make_plan(script, project, engine, layout.takes).to_make() == []


def test_a_text_split_in_two_counts_as_changed_and_the_closest_old_take_tells(
    planned: MakePlan, tmp_path: Path
) -> None:
    engine = FailingEngine()
    for speed in (0.8, 1.0):
        plan, layout = planned(engine, speed=speed)
        for missing in plan.to_make():
            speech = tones(missing.order)
            layout.takes.put(missing.key, missing.inputs, speech, (0, len(speech.pcm)), "a")
    book, manifest = tmp_path / "book.md", tmp_path / "project.yaml"
    book.write_text(book.read_text().replace("in his hand for the", "in his hand.\n\nIt was for the"))
    (tmp_path / "names.yaml").write_text("entries: [{word: spring, replacement: sprint}]\n")
    manifest.write_text(manifest.read_text() + "dictionaries: [names.yaml]\n")
    project = load_project(tmp_path)
    script = write_script(read_manuscript(project), project, limit=5000)
    reasons = [missing.reason for missing in make_plan(script, project, engine, layout.takes).to_make()]
    assert reasons == ["text changed", "text changed", 'dictionary entry "spring"']
