"""``build/index.html``: made by a run, whole in one file, safe whatever the book says, and true to the timeline."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listening_books import BOOK, rendered

from pipeline.assembly.timeline import ChapterTimeline, Clip
from pipeline.engines.protocol import Usage, WordTimes
from pipeline.reports.listening.chapter_data import chapter_data, utf16_offsets
from pipeline.reports.listening.findings import read_findings
from pipeline.reports.listening.page_file import cost_sentences, show_findings
from pipeline.reports.listening.waveform import WINDOW_SAMPLES, chapter_waveform, take_envelope
from pipeline.reports.run_record import is_current, read_run_record
from pipeline.reports.timeline_reading import read_timeline
from pipeline.store.sidecars import Take


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of scripts and styles by id or name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag if tag in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    rendered(folder, outputs="[{format: m4b}, {format: mp3, bitrate_kbps: 64}]")
    return folder / "build"


def page(build: Path) -> Elements:
    return Elements((build / "index.html").read_text(encoding="utf-8"))


def test_a_run_makes_the_page_and_records_it(build):
    record = read_run_record(build)
    assert record is not None
    (file,) = [file for file in record.files if file.kind == "page"]
    assert (file.path, file.chapter) == ("index.html", None)


def test_the_page_names_nothing_but_sound_beside_it(build):
    html = (build / "index.html").read_text(encoding="utf-8")
    elements = page(build)
    assert not [tags for tags in elements.tags if tags[0] in ("link", "img", "iframe", "base", "form")]
    assert not re.search(r"https?://|url\(|@import", html)
    sources = [path for each in json.loads(elements.texts["book"])["chapters"] for path, *_ in each["sources"]]
    assert sources == ["mp3/1-one.mp3", "ada-the-lamp.m4b", "mp3/2-zwei.mp3", "ada-the-lamp.m4b"]
    assert all((build / path).exists() for path in sources)


def test_only_the_page_s_own_style_and_script_may_run(build):
    elements = page(build)
    policy = next(attrs["content"] for tag, attrs in elements.tags if attrs.get("http-equiv"))
    assert policy is not None
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(elements.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'none'" in policy


def test_what_a_book_says_is_text_and_never_markup(build):
    elements = page(build)
    kinds = [attrs.get("type") for tag, attrs in elements.tags if tag == "script"]
    assert kinds == ["application/json"] * 4 + [None]
    assert not [tag for tag, _ in elements.tags if tag == "b"]
    assert "</script><script>alert(1)</script>" in json.loads(elements.texts["chapter-0"])["text"]


def test_words_lie_in_the_text_as_browsers_count_it_and_in_time_as_the_timeline_says(build):
    for number, chapter in enumerate(read_timeline(build).chapters):
        data = json.loads(page(build).texts[f"chapter-{number}"])
        units = data["text"].encode("utf-16-le")
        at = time = 0
        for index, (gap, length, start) in enumerate(zip(*data["words"].values(), strict=True)):
            at, time = at + gap, time + start
            char_start, char_end = int(chapter.words.char_start[index]), int(chapter.words.char_end[index])
            assert units[2 * at : 2 * (at + length)].decode("utf-16-le") == chapter.text[char_start:char_end]
            assert abs(time / 100 - int(chapter.words.start_sample[index]) / 24_000) <= 0.0051
            at += length
        assert index == len(chapter.words) - 1


def test_the_same_book_gives_the_same_page_and_an_edit_another(build, tmp_path):
    outputs = "[{format: m4b}, {format: mp3, bitrate_kbps: 64}]"
    rendered(tmp_path, outputs=outputs)
    assert (tmp_path / "build" / "index.html").read_bytes() == (build / "index.html").read_bytes()
    waves = set((tmp_path / ".narration" / "waveforms").iterdir())
    rendered(tmp_path, BOOK.replace("rained", "snowed"), outputs)
    assert "snowed" in (tmp_path / "build" / "index.html").read_text(encoding="utf-8")
    later = set((tmp_path / ".narration" / "waveforms").iterdir())
    assert (len(waves), len(later), len(waves & later)) == (2, 2, 1)
    assert rendered(tmp_path, BOOK.replace("rained", "snowed"), outputs).written == 0


def test_a_book_without_sound_files_says_what_to_add(tmp_path):
    rendered(tmp_path, outputs="[{format: srt}]")
    html = (tmp_path / "build" / "index.html").read_text(encoding="utf-8")
    assert "add <code>{format: mp3}</code>" in html


def test_a_book_in_one_file_is_played_from_where_the_chapter_starts(tmp_path):
    rendered(tmp_path, outputs="[{format: m4b}]")
    chapters = json.loads(page(tmp_path / "build").texts["book"])["chapters"]
    assert chapters[0]["sources"] == [["ada-the-lamp.m4b", "audio/mp4", 0.0]]
    assert chapters[1]["sources"][0][2] == pytest.approx(chapters[0]["seconds"], abs=0.001)


def test_findings_come_onto_the_page_and_leave_it_current(tmp_path):
    rendered(tmp_path)
    build = tmp_path / "build"
    finding = {"kind": "click", "severity": "error", "chapter": "zwei", "seconds": 1.5, "message": "a <click>"}
    (build / "verify.json").write_text(json.dumps({"schema": 1, "findings": [{**finding, "text": "cat"}]}))
    assert show_findings(build)
    assert json.loads(page(build).texts["findings"]) == [[1, 1.5, "error", "click", "a <click>", "cat"]]
    record = read_run_record(build)
    assert record is not None
    assert all(is_current(file, build, file.inputs) for file in record.files)
    assert rendered(tmp_path).written == 0
    rendered(tmp_path, BOOK.replace("rained", "snowed"))
    assert json.loads(page(build).texts["findings"]) is None


def test_findings_of_this_very_timeline_are_kept_and_others_are_not(tmp_path):
    (tmp_path / "timeline.json").write_bytes(b"{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    for said, expected in ((digest, ()), ("0" * 64, None), (None, None)):
        (tmp_path / "verify.json").write_text(json.dumps({"findings": [], "timeline_sha256": said}))
        assert read_findings(tmp_path) == expected
    (tmp_path / "verify.json").write_text("not json")
    assert read_findings(tmp_path, current=True) is None


def take(cents: str | None, provider: str = "kugelaudio", engine: str = "kugelaudio") -> Take:
    usage = Usage(60.0, 900, None if cents is None else Decimal(cents))
    return Take("ab", "", 1, 24_000, 1_440_000, 0, 1, usage, "a", {"engine": engine, "provider": provider, "take": 0})


def test_costs_keep_simulated_money_apart_and_unknown_charges_out_of_the_sum():
    said = cost_sentences([take("1.50"), take("2"), take(None), take("9", "local:x"), take(None, "embedded", "hibari")])
    assert said[:5] == [
        "5 takes are heard, 5 minutes of audio.",
        "1 of an embedded voice, which cost nothing.",
        "3 bought for 3.5 cents.",
        "Of these, the price of 1 is unknown and not in the sum.",
        "1 bought for 9 cents (simulated money of local:x).",
    ]


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=60))
def test_offsets_count_as_utf_16_does(text):
    offsets = utf16_offsets(text.encode("utf-8", "ignore").decode())
    clean = text.encode("utf-8", "ignore").decode()
    assert offsets.tolist() == [len(clean[:at].encode("utf-16-le")) // 2 for at in range(len(clean) + 1)]


def test_a_waveform_is_loud_where_the_take_is(tmp_path):
    pcm = np.zeros(48_000, np.int16)
    pcm[24_000:36_000] = -32_768
    envelope = take_envelope(pcm[:-7])
    assert len(envelope) == 200
    assert (envelope[:100].max(), envelope[100:150].min(), envelope[150:].max()) == (0, 255, 0)
    none = np.empty(0, np.int32)
    timeline = ChapterTimeline(
        "a", "A", "", 10 * 24_000, (Clip("k", 24_000, 5 * 24_000, 24_000),), WordTimes(none, none, none, none)
    )
    wave = np.frombuffer(chapter_waveform(timeline, {"k": envelope}), np.uint8)
    assert len(wave) == 100
    assert np.flatnonzero(wave).tolist() == [50, 51, 52, 53, 54]
    assert chapter_data(timeline, {})["words"] == {"gap": [], "length": [], "start": []}
    assert WINDOW_SAMPLES == 240


def test_a_silent_chapter_and_an_hour_have_waveforms(tmp_path):
    none = np.empty(0, np.int32)
    for samples, points in ((0, 0), (1, 1), (3600 * 24_000, 1200)):
        timeline = ChapterTimeline("a", "A", "", samples, (), WordTimes(none, none, none, none))
        assert chapter_waveform(timeline, {}) == bytes(points)
