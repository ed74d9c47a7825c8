"""Audiobookshelf folders, W3C audiobooks and podcast feeds hold what their readers look for, never the clock."""

from __future__ import annotations

import email.utils
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import numpy as np
import pytest

from pipeline.assembly.audiobookshelf import book_folder, link_or_copy, metadata_json
from pipeline.assembly.cover import Cover
from pipeline.assembly.encoding import ChapterFile, encode_chapter
from pipeline.assembly.file_names import file_name
from pipeline.assembly.marks import marks_of
from pipeline.assembly.podcast import Episode, feed_xml
from pipeline.assembly.tags import Tags
from pipeline.assembly.web_audiobook import Track, write_lpf
from pipeline.errors import UsageError
from pipeline.project.formats import OutputFormat
from pipeline.project.outputs import Output

BOOK = Tags(
    title="The <Ledger> & Co",
    album="The <Ledger> & Co",
    author="M. Penrose",
    narrator="Heart",
    publisher="Own Press",
    series="Lights",
    series_part="2",
    isbn="978-3-16-148410-0",
    date="2024-03",
    description="A keeper; \N{OPEN BOOK} “his” book.",
    language="en-GB",
    cover=Cover(b"\xff\xd8\xff not a real one", "mjpeg", "image/jpeg", 4, 4),
)
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"


@pytest.fixture(scope="module")
def tracks(tmp_path_factory) -> list[Track]:
    folder = tmp_path_factory.mktemp("tracks")
    made = []
    for number, title in enumerate(["One & only", "“Zwei”"], 1):
        audio = folder / f"{number}.m4a"
        pcm = np.random.default_rng(number).normal(0, 2000, 1024 * 30).astype(np.int16)
        encode_chapter([pcm], [ChapterFile(audio, Output(format=OutputFormat.M4B), Tags("x", ""))])
        made.append(Track(f"m4a/{number}.m4a", len(pcm), audio, Tags(title, BOOK.album, track=number, tracks=2)))
    return made


def test_a_package_names_everything_that_it_holds_and_its_times_agree(tmp_path, tracks):
    write_lpf(tmp_path / "book.lpf", tracks, BOOK)
    with zipfile.ZipFile(tmp_path / "book.lpf") as package:
        assert package.testzip() is None
        manifest = json.loads(package.read("publication.json"))
        linked = [each["url"] for each in manifest["resources"] + manifest["readingOrder"]]
        assert sorted(package.namelist()) == sorted(["publication.json", *linked])
        stored = {each.filename for each in package.infolist() if each.compress_type == zipfile.ZIP_STORED}
        assert stored == {"m4a/1.m4a", "m4a/2.m4a", "cover.jpg"}
        assert package.read("cover.jpg") == BOOK.cover.data
        sound = package.read("m4a/2.m4a")
        contents = ET.fromstring(package.read("contents.html").replace(b"<!DOCTYPE html>", b"").replace(
            b'<meta charset="utf-8">', b""))  # fmt: skip
    assert manifest["conformsTo"] == "https://www.w3.org/TR/audiobooks/"
    assert manifest["@context"] == ["https://schema.org", "https://www.w3.org/ns/pub-context"]
    assert (manifest["type"], manifest["id"]) == ("Audiobook", "urn:isbn:9783161484100")
    assert (manifest["name"], manifest["author"], manifest["readBy"]) == (BOOK.album, "M. Penrose", "Heart")
    assert manifest["accessMode"] == ["auditory"]
    durations = [float(each["duration"][2:-1]) for each in manifest["readingOrder"]]
    assert durations == [1.28, 1.28]
    assert float(manifest["duration"][2:-1]) == sum(durations)
    assert [each["name"] for each in manifest["readingOrder"]] == ["One & only", "“Zwei”"]
    nav = contents.find("body/nav[@role='doc-toc']")
    assert [(link.get("href"), link.text) for link in nav.iter("a")] == [
        ("m4a/1.m4a", "One & only"), ("m4a/2.m4a", "“Zwei”"),
    ]  # fmt: skip
    (tmp_path / "2.m4a").write_bytes(sound)
    with av.open(str(tmp_path / "2.m4a")) as container:
        assert container.metadata["title"] == "“Zwei”"
        assert sum(frame.samples for frame in container.decode(audio=0)) == 1024 * 30


def test_a_package_has_the_time_that_it_is_told_and_never_the_clock_s(tmp_path, tracks, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    write_lpf(tmp_path / "a.lpf", tracks, BOOK)
    write_lpf(tmp_path / "b.lpf", tracks, BOOK)
    assert (tmp_path / "a.lpf").read_bytes() == (tmp_path / "b.lpf").read_bytes()
    for given, expected in (("1700000000", (2023, 11, 14, 22, 13, 20)), ("0", (1980, 1, 1, 0, 0, 0))):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
        write_lpf(tmp_path / "c.lpf", tracks, BOOK)
        with zipfile.ZipFile(tmp_path / "c.lpf") as package:
            assert {entry.date_time for entry in package.infolist()} == {expected}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        write_lpf(tmp_path / "c.lpf", tracks, BOOK)


def test_a_server_finds_author_series_and_title_in_the_folders_and_the_rest_in_the_document():
    assert book_folder(BOOK) == "M. Penrose/Lights/Vol 2 - 2024 - The Ledger & Co {Heart}"
    assert book_folder(Tags("a", "Alone")) == "Unknown author/Alone"
    document = json.loads(metadata_json(BOOK, marks_of([("Eins", 36_000), ("Zwei", 12_000)])))
    assert document["chapters"] == [
        {"id": 0, "start": 0.0, "end": 1.5, "title": "Eins"}, {"id": 1, "start": 1.5, "end": 2.0, "title": "Zwei"},
    ]  # fmt: skip
    assert document["series"] == ["Lights #2"]
    assert document["authors"] == ["M. Penrose"]
    assert document["narrators"] == ["Heart"]
    assert (document["publishedYear"], document["language"], document["isbn"]) == ("2024", "en-GB", "978-3-16-148410-0")
    assert set(document) == {
        "tags", "title", "subtitle", "authors", "narrators", "series", "genres", "publishedYear", "publishedDate",
        "publisher", "description", "isbn", "asin", "language", "explicit", "abridged", "chapters",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("a\\b:c*d?", "a b c d"),
        ("...", "untitled"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("tab\tand\x07bell", "tab andbell"),
        ("right\u202eto left", "rightto left"),
        ("الكتاب", "الكتاب"),
        ("📖" * 100, "📖" * 30),
        ("Who?", "Who"),
    ],
)
def test_people_s_words_become_names_that_every_file_system_takes(words, name):
    assert file_name(words) == name


def test_a_link_follows_its_file_and_replaces_an_older_one(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    for _ in range(2):
        link_or_copy(tmp_path / "a", tmp_path / "deep" / "b")
        assert (tmp_path / "deep" / "b").read_bytes() == b"one"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["b"]


def feed(**changes: object) -> ET.Element:
    tags = Tags(**{**{name: getattr(BOOK, name) for name in BOOK.__slots__}, **changes})
    episodes = [
        Episode("one", "One & <only>", 1, "mp3/1-one.mp3", 1234, 24_000 * 61, "One & <only> Once\nupon\x00 a time."),
        Episode("zwölf", "Zwölf", 3, "m4a/3-zwölf.m4a", 99, 12_000, "Es war " * 200),
    ]
    return ET.fromstring(feed_xml("ledger", tags, "https://example.org/a", "cover.jpg", episodes))


def test_a_feed_names_every_file_with_its_length_its_time_and_a_name_that_stays():
    channel = feed().find("channel")
    assert channel.findtext("title") == BOOK.album
    assert channel.find(f"{ITUNES}image").get("href") == "https://example.org/a/cover.jpg"
    first, second = channel.findall("item")
    assert first.find("enclosure").attrib == {
        "url": "https://example.org/a/mp3/1-one.mp3", "length": "1234", "type": "audio/mpeg",
    }  # fmt: skip
    assert second.find("enclosure").get("url") == "https://example.org/a/m4a/3-zw%C3%B6lf.m4a"
    assert second.find("enclosure").get("type") == "audio/x-m4a"
    assert [item.findtext("guid") for item in (first, second)] == ["ledger/one", "ledger/zwölf"]
    assert [item.findtext(f"{ITUNES}duration") for item in (first, second)] == ["61", "0"]
    assert [item.findtext(f"{ITUNES}episode") for item in (first, second)] == ["1", "3"]
    assert first.findtext("title") == "One & <only>"
    assert first.findtext("description") == "Once upon a time."
    assert len(second.findtext("description")) <= 302


@pytest.mark.parametrize("explicit", [True, False])
def test_feed_and_server_are_told_whether_a_book_is_for_adults(explicit: bool) -> None:
    tags = replace(BOOK, explicit=explicit)
    assert feed(explicit=explicit).findtext(f"channel/{ITUNES}explicit") == ("true" if explicit else "false")
    assert json.loads(metadata_json(tags, ()))["explicit"] is explicit


@pytest.mark.parametrize(
    ("day", "first"),
    [("2024", "Mon, 01 Jan 2024"), ("2024-03", "Fri, 01 Mar 2024"), ("2024-03-05", "Tue, 05 Mar 2024")],
)
def test_episodes_are_dated_by_the_book_in_its_order(day, first):
    dates = [item.findtext("pubDate") for item in feed(date=day).iter("item")]
    assert dates == [f"{first} 00:00:00 GMT", f"{first} 00:01:00 GMT"]
    assert all(email.utils.parsedate_to_datetime(date).tzinfo for date in dates)


def test_a_feed_without_a_date_is_refused():
    with pytest.raises(ValueError, match="date"):
        feed_xml("a", Tags("a", "b"), "https://example.org", None, [])


def test_a_link_becomes_a_copy_where_links_are_refused(tmp_path, monkeypatch):
    def refuse(source: Path, target: Path) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "a").write_bytes(b"one")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"one"
