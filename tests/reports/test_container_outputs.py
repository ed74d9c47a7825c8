"""All sound outputs and packages of one project: made by the run, the same bytes anywhere and at any time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import av
import pytest

from pipeline.engines.instant import InstantEngine
from pipeline.errors import InputError
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.render.events import Event, Noticed
from pipeline.render.plan import make_plan
from pipeline.render.running import render_missing
from pipeline.reports.publishing import Published, publish
from pipeline.reports.run_record import RunRecord, remove_outputs, write_run_record
from pipeline.script.scripting import write_script
from pipeline.store.layout import Layout

BOOK = "# One\n\n“Ready?” asked Ada.\n\n“No.”\n\n# Zwei & \\<drei\\>\n\nShe waited.\n\n# 第三 📖\n\nIt rained.\n"
OUTPUTS = """
outputs:
  - {format: m4b}
  - {format: mp3}
  - {format: mp3, per: book, bitrate_kbps: 64}
  - {format: flac}
  - {format: flac, per: book}
  - {format: opus, per: book}
  - {format: m4a}
  - {format: audiobookshelf}
  - {format: lpf}
  - {format: rss, base_url: "https://example.org/ada"}
"""
ODD = """
author: "\\u202eאגתה כריסטי 📚"
metadata:
  narrator: "N\\u0303 / ..\\\\.. : Heart"
  series: "Lights: <One> & Two?"
  series_part: 2
  isbn: 978-3-16-148410-0
  date: 2024-03-05
  description: "Line one\\n\\nLine two, \\"quoted\\" & <tagged> \\u200d"
"""


class Voice(InstantEngine):
    """The instant engine under the name that the manifest binds."""

    name = "hibari"


def rendered(folder: Path, book: str = BOOK, settings: str = ODD + OUTPUTS) -> tuple[Published, list[Event]]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.md").write_text(book, encoding="utf-8")
    manifest = f"title: \"Ada: a 'Life'\"\nchapters: [{{source: book.md}}]\n{settings}"
    (folder / "project.yaml").write_text(manifest, encoding="utf-8")
    project = load_project(folder)
    script = write_script(read_manuscript(project), project, limit=5000)
    layout = Layout.of(project)
    plan = make_plan(script, project, Voice(), layout.takes)
    everything = frozenset(chapter.script.slug for chapter in plan.chapters)
    heard: list[Event] = []
    done = render_missing(plan, Voice(), layout, run="r1", selected=everything, receiver=heard.append)
    return publish(
        project, done.plan, layout, layout.outputs, selected=None, force=False, partial=False, threads=2,
        receiver=heard.append,
    ), heard  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    build = folder / "build"
    return {path.relative_to(build).as_posix(): path.read_bytes() for path in build.rglob("*") if path.is_file()}


def test_the_same_book_has_the_same_bytes_in_another_folder_at_another_time(tmp_path, monkeypatch):
    rendered(tmp_path / "a")
    later = time.time() + 1e7
    monkeypatch.setattr(time, "time", lambda: later)
    rendered(tmp_path / "deeper" / "b")
    first, second = contents(tmp_path / "a"), contents(tmp_path / "deeper" / "b")
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    for name, data in first.items():
        assert not re.search(rb"Lav[cf][0-9]|LAME3\.1|libopus [0-9]|reference libFLAC", data), name
        assert str(tmp_path).encode() not in data, name
    assert {name.rsplit(".", 1)[-1] for name in first} >= {"m4b", "mp3", "flac", "opus", "m4a", "lpf", "xml", "json"}


def test_odd_words_come_through_every_container_as_written_and_stay_out_of_paths(tmp_path):
    published, _ = rendered(tmp_path)
    title, author, narrator = "Ada: a 'Life'", "\u202eאגתה כריסטי 📚", "Ñ / ..\\.. : Heart"
    for name in ("ada-a-life.m4b", "ada-a-life.mp3", "ada-a-life.flac", "ada-a-life.opus"):
        with av.open(str(tmp_path / "build" / name)) as container:
            found = {**container.metadata, **container.streams.audio[0].metadata}
            marks = container.chapters() or [{"metadata": {"title": found[f"CHAPTER00{n}NAME"]}} for n in (1, 2, 3)]
        found = {key.lower(): value for key, value in found.items()}
        assert (found["title"], found["artist"], found["composer"]) == (title, author, narrator), name
        assert found["series"] == "Lights: <One> & Two?", name
        assert [mark["metadata"]["title"] for mark in marks] == ["One", "Zwei & <drei>", "第三 📖"], name
        assert found.get("synopsis", found["comment"]).endswith('Line one\n\nLine two, "quoted" & <tagged> \u200d')
    (folder,) = {Path(file.path).parent.as_posix() for file in published.files if file.kind == "audiobookshelf"}
    assert folder == "audiobookshelf/אגתה כריסטי 📚/Lights One & Two/Vol 2 - 2024 - Ada a 'Life' {Ñ .. .. Heart}"
    document = json.loads((tmp_path / "build" / folder / "metadata.json").read_bytes())
    assert document["title"] == title
    feed = ET.fromstring((tmp_path / "build" / "feed.xml").read_bytes())
    assert [item.findtext("title") for item in feed.iter("item")] == ["One", "Zwei & <drei>", "第三 📖"]
    for item in feed.iter("item"):
        enclosure = item.find("enclosure")
        file = tmp_path / "build" / unquote(enclosure.get("url").removeprefix("https://example.org/ada/"))
        assert str(file.stat().st_size) == enclosure.get("length")


def test_a_server_s_book_is_the_book_itself_and_not_encoded_twice(tmp_path):
    published, _ = rendered(tmp_path)
    build = tmp_path / "build"
    (copy,) = [file.path for file in published.files if file.path.endswith(".m4b") and "/" in file.path]
    assert (build / copy).samefile(build / "ada-a-life.m4b")
    kept = sorted(path.suffix for path in (tmp_path / ".narration" / "encoded").iterdir())
    assert kept == [".flac"] * 3 + [".m4a"] * 3


def test_an_edit_makes_the_book_s_files_anew_and_keeps_the_other_chapters_sound(tmp_path):
    rendered(tmp_path)
    encoded = tmp_path / ".narration" / "encoded"
    before = {path.name for path in encoded.iterdir()}
    rendered(tmp_path, book=BOOK.replace("waited", "walked"))
    after = {path.name for path in encoded.iterdir()}
    assert len(after) == 6
    assert len(before & after) == 4


def test_what_a_chapter_store_cannot_hold_is_said_in_the_run(tmp_path):
    title = "A very long title indeed, " * 12
    _, heard = rendered(tmp_path, f"# {title}\n\nYes.\n\n# Two\n\nNo.\n", "outputs: [{format: m4b}]\n")
    said = "ada-a-life.m4b: Nero's chapter list, which some players read, cuts 1 chapter title at 255 bytes"
    assert [event.message for event in heard if isinstance(event, Noticed)] == [said]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('metadata: {narrator: "a\\u0007b"}', "metadata.narrator: .*control character U\\+0007"),
        ('author: "a\\uFFFEb"', "author: .*control character U\\+FFFE"),
        ("metadata: {isbn: 978-3-16-148410-1}", "metadata.isbn: .*check the digits"),
        ("metadata: {series_part: two}", "metadata.series_part: .*a number such as 2"),
        ("metadata: {publisher: " + "x" * 301 + "}", "metadata.publisher: .*text of 1 to 300"),
        ("outputs: [{format: rss}, {format: mp3}]", "outputs\\[0\\].format: .*rss with a `base_url`"),
        ("outputs: [{format: rss, base_url: 'https://x.org'}]", "rss beside an mp3 or m4a output"),
        ("outputs: [{format: mp3}, {format: rss, base_url: 'https://x.org'}]", "rss only with a `date`"),
        ("outputs: [{format: rss, base_url: 'file:///etc'}]", "base_url: .*the address of a folder"),
        ("outputs: [{format: rss, base_url: 'https://me:secret@x.org'}]", "base_url: .*the address of a folder"),
        ("outputs: [{format: m4b, per: book}]", "outputs\\[0\\].per: .*no `per`"),
        ("outputs: [{format: mp3, base_url: 'https://x.org'}]", "no base_url"),
        ("outputs: [{format: mp3, per: book}, {format: mp3, per: book}]", "each format once"),
        ("outputs: [{format: lpf, bitrate_kbps: 12}]", "for lpf a whole number from 24 to 320"),
    ],
)  # fmt: skip
def test_what_no_file_can_say_is_refused_with_its_place(tmp_path, settings, says):
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    manifest = f"title: Ada\nchapters: [{{source: book.md}}]\n{settings}\n"
    (tmp_path / "project.yaml").write_text(manifest, encoding="utf-8")
    with pytest.raises(InputError, match=rf"project\.yaml:\d+:\d+: .*{says}"):
        load_project(tmp_path)


def test_run_records_name_every_file_of_a_package(tmp_path):
    published, _ = rendered(tmp_path)
    kinds = [file.kind for file in published.files]
    assert kinds.count("audiobookshelf") == 2
    assert kinds.count("lpf") == kinds.count("rss") == 1


def test_cleaning_leaves_no_folder_of_a_package_behind(tmp_path):
    published, _ = rendered(tmp_path)
    record = RunRecord(
        run="r1", narrate="0", started="", ended="", status="done", exit_code=0, engine="", provider="", model="",
        inputs="", chapters=3, chapters_whole=3, segments=3, takes_made=3, takes_reused=0, segments_failed=0,
        audio_seconds=1.0, wall_seconds=1.0, files=published.files,
    )  # fmt: skip
    write_run_record(tmp_path / "build", record)
    assert remove_outputs(tmp_path / "build") == len(published.files)
    assert not (tmp_path / "build").exists()
