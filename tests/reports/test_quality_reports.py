"""Findings in order, and the reports made of them: text, JSON, JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reports.quality.envelope import WINDOWS_PER_SECOND, WindowMeter
from pipeline.reports.quality.findings import GROUP_OF, Finding, Kind, Severity, worst_first
from pipeline.reports.quality.limits import LIMITS
from pipeline.reports.quality.report_junit import report_junit
from pipeline.reports.quality.report_text import clock, report_lines
from pipeline.reports.quality.verifying import Verification
from pipeline.reports.quality.voice_checks import Spoken, voice_blemishes


def finding(kind: Kind, severity: Severity, *, excess: float = 0.0, text: str = "", at: float = 1.0) -> Finding:
    return Finding(
        kind, severity, f"found {text}", "one", at, at, None, "one:1", "ab", text, next_step="listen", excess=excess
    )


def report(*findings: Finding) -> Verification:
    return Verification("A <Book> & more", "none", ("one",), 1, 2.0, (), tuple(findings), ())


def test_every_kind_belongs_to_a_group() -> None:
    assert set(GROUP_OF) == set(Kind)


@given(st.permutations([
    finding(Kind.CLICK, Severity.ERROR, excess=2.0),
    finding(Kind.CLICK, Severity.ERROR, excess=1.0),
    finding(Kind.CLICK, Severity.ERROR, excess=1.0, at=2.0),
    finding(Kind.PAUSE_LONG, Severity.ERROR),
    finding(Kind.CLIPPING, Severity.WARNING),
]))  # fmt: skip
def test_findings_are_in_one_order_whatever_order_they_came_in(shuffled: list[Finding]) -> None:
    ordered = worst_first(shuffled)
    assert [(each.kind, each.excess, each.seconds) for each in ordered] == [
        (Kind.CLICK, 2.0, 1.0), (Kind.CLICK, 1.0, 1.0), (Kind.CLICK, 1.0, 2.0), (Kind.PAUSE_LONG, 0.0, 1.0),
        (Kind.CLIPPING, 0.0, 1.0),
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_junit_is_well_formed_whatever_a_manuscript_holds(text: str) -> None:
    document = report_junit(report(finding(Kind.CLICK, Severity.ERROR, text=text.replace("\ud800", ""))))
    root = ET.fromstring(document)
    assert root.get("name") == "narrate verify: A <Book> & more"
    assert root.get("failures") == "1"


def test_warnings_fail_no_test_case() -> None:
    root = ET.fromstring(report_junit(report(finding(Kind.PACE, Severity.WARNING, text="said"))))
    assert root.get("failures") == "0"
    assert "said" in "".join(each.text or "" for each in root.iter("system-out"))


def test_text_says_place_time_text_and_next_step() -> None:
    lines = list(report_lines(report(finding(Kind.CLICK, Severity.ERROR, text="the stairs", at=3723.44))))
    assert lines[0].startswith("error: click: one:1 at 1:02:03.4 of one (1:02:03.4 in the book): ")
    assert lines[1:3] == ["    “the stairs”", "    listen"]
    assert lines[-1].endswith("1 errors, 0 warnings (click 1)")


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "0:00.0"), (59.96, "1:00.0"), (3600.0, "1:00:00.0")])
def test_a_clock_rounds_before_it_carries(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 5000), max_size=12),
    rate=st.sampled_from([8000, 11025, 22050, 24000, 44100, 48000]),
)
def test_levels_do_not_depend_on_how_a_stream_is_cut(cuts: list[int], rate: int) -> None:
    pcm = np.random.default_rng(7).normal(0, 0.1, 12_000).astype(np.float32)
    whole, parts = WindowMeter(rate), WindowMeter(rate)
    whole.hear(pcm)
    for part in np.split(pcm, np.minimum(np.cumsum(cuts), len(pcm)).astype(int)):
        parts.hear(part)
    assert len(whole.levels()) == len(pcm) * WINDOWS_PER_SECOND // rate
    np.testing.assert_allclose(parts.levels(), whole.levels(), atol=0.01)


def spoken(index: int, **changes: object) -> Spoken:
    values: dict[str, object] = {
        "key": str(index), "voice": "a", "language": "en", "speed": 1.0, "level_db": -23.0 + index % 3,
        "seconds": 10.0 + index % 2, "words": 27, "letters": 120,
    }  # fmt: skip
    return Spoken(**(values | changes))  # type: ignore[arg-type]


def test_a_short_take_may_differ_in_level_by_more_than_a_long_one() -> None:
    usual = [spoken(index) for index in range(10)]
    long = spoken(20, level_db=-30.0, seconds=30.0, words=80, letters=360)
    short = spoken(21, level_db=-30.0, seconds=1.0, words=3, letters=12)
    assert [key for key, _ in voice_blemishes([*usual, long, short], LIMITS)] == ["20"]


def test_a_line_of_short_words_is_not_too_fast() -> None:
    usual = [spoken(index) for index in range(10)]
    assert list(voice_blemishes([*usual, spoken(20, words=55, letters=125)], LIMITS)) == []
    assert [blemish.kind for _, blemish in voice_blemishes([*usual, spoken(20, seconds=4.0)], LIMITS)] == [Kind.PACE]


def test_a_voice_that_is_set_to_be_slow_may_be_slow() -> None:
    slow = [spoken(index, seconds=26.0, speed=1.0) for index in range(3)]
    assert {blemish.severity for _, blemish in voice_blemishes(slow, LIMITS)} == {Severity.ERROR}
    assert list(voice_blemishes([spoken(index, seconds=26.0, speed=0.8) for index in range(3)], LIMITS)) == []
