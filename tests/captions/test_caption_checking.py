"""The check finds what is wrong in other people's files, says where, and survives anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.captions.checking.checking import CheckedCaptions, check_captions
from pipeline.captions.checking.findings import Level
from pipeline.captions.rules import BBC, NETFLIX, CaptionRules


def checked(
    text: str | bytes, ending: str, rules: CaptionRules = NETFLIX, language: str | None = None
) -> CheckedCaptions:
    return check_captions(text if isinstance(text, bytes) else text.encode(), ending, rules, language)


def found(text: str | bytes, ending: str, rules: CaptionRules = NETFLIX, language: str | None = None) -> list[str]:
    """What was found, as ``line fault level``; a capital marks an error."""
    return [
        f"{finding.line} {finding.fault.upper() if finding.level is Level.ERROR else finding.fault}"
        for finding in checked(text, ending, rules, language).findings
    ]


GOOD_SRT = "1\n00:00:01,000 --> 00:00:03,000\nThe lamp burns.\n\n2\n00:00:04,000 --> 00:00:06,000\nIt has for years.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:03.000\n{}\n"
TWO_EVENTS = (
    "Dialogue: {},0:00:02.00,0:00:04.00,Default,,0,0,0,,Still.\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,It burns.\n"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n{}"
)


@pytest.mark.parametrize("change", [str, lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_a_good_file_has_no_findings(change):
    assert found(change(GOOD_SRT), "srt") == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("00:00:04,000", "00:00:02,500", ["6 OVERLAP"]),
        ("00:00:04,000", "00:00:00,500", ["6 UNSORTED"]),
        ("--> 00:00:03,000", "--> 00:00:01,000", ["2 DURATION"]),
        ("--> 00:00:03,000", "--> 00:00:00,100", ["2 DURATION"]),
        ("00:00:03,000", "00:00:03.000", ["2 TIMES"]),
        ("00:00:03,000", "00:00:63,000", ["2 TIMES", "2 long", "6 OVERLAP"]),
        ("00:00:03,000", "soon", ["1 SYNTAX", "2 TIMES", "5 identifier"]),
        ("burns.\n\n2", "burns.\n2", ["4 SYNTAX"]),
        ("burns.\n\n2", "burns.\n\nAnd burns.\n\n2", ["4 SYNTAX"]),
        ("\n2\n", "\n3\n", ["5 identifier"]),
        ("\n2\n", "\n", ["5 identifier"]),
        ("1\n", "Hello\n1\n", ["1 SYNTAX"]),
        ("The lamp burns.", "", ["2 empty"]),
        ("The lamp burns.", "The\nlamp\nburns.", ["2 lines"]),
        ("The lamp burns.", "The lamp burns and burns and burns on a rock.", ["2 line_length", "2 speed"]),
        ("--> 00:00:03,000", "--> 00:00:01,500", ["2 short", "2 speed"]),
        ("--> 00:00:06,000", "--> 00:00:26,000", ["6 long"]),
        ("00:00:04,000", "00:00:03,040", ["2 gap"]),
        ("00:00:04,000", "00:00:03,400", ["2 bridge"]),
    ],
)
def test_each_fault_of_srt_is_found_in_its_line(old, new, expected):
    assert old in GOOD_SRT
    assert found(GOOD_SRT.replace(old, new, 1), "srt") == expected


def test_a_finding_says_what_was_found_and_what_is_allowed():
    (finding,) = checked(GOOD_SRT.replace("00:00:06", "00:00:26"), "srt").findings
    assert (finding.caption, finding.start_ms, finding.found, finding.limit) == (2, 4000, 22_000, 7_000)
    assert finding.message == "22.000 s where at most 7.000 s is allowed"


def test_what_the_bbc_counts_in_words_is_counted_in_words():
    text = "1\n00:00:01,000 --> 00:00:02,000\nI am a man.\n"
    assert found(text, "srt") == []
    assert found(text, "srt", BBC) == ["2 short", "2 speed"]


def test_full_width_characters_are_counted_as_their_language_counts_them():
    text = "1\n00:00:01,000 --> 00:00:06,900\n" + "灯" * 20 + "\n"
    assert found(text, "srt", language="zh") == ["2 line_length"]
    assert found(text, "srt", language="ja") == []


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings_are_read_and_noted(encoding):
    result = checked(GOOD_SRT.replace("lamp", "Lämpchen").encode(encoding), "srt")
    assert [finding.fault for finding in result.findings] == ["encoding"]
    assert result.captions[0].text == "The Lämpchen burns."


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("It <i>burns</i> &amp; <00:02.000>burns.", []),
        ("<v.loud Mary Ann>It burns.", []),
        ("It <i>burns.", ["4 TAGS"]),
        ("It <i>bu<b>r</i>ns</b>.", ["4 TAGS", "4 TAGS"]),
        ("It burns < a\n", ["4 TAGS"]),
        ("<v>It burns.", ["4 TAGS"]),
        ("It <blink>burns.", ["4 tags"]),
        ("Tom & Co.", ["4 tags"]),
        ("It <00:02.000>burns <00:02.000>on.", ["3 WORD_TIMES"]),
        ("It <00:03.000>burns.", ["3 WORD_TIMES"]),
        ("<00:01.000>It burns.", ["3 WORD_TIMES"]),
        ("It burns.\n00:02.000 --> 00:03.500\nStill.", ["5 SYNTAX", "5 OVERLAP"]),
        ("It burns.\n\nNOTE none\n\nlost", ["8 SYNTAX"]),
        ("It burns.\n\nSTYLE\n::cue { color: red }", ["6 SYNTAX"]),
    ],
)
def test_each_fault_of_a_webvtt_cue_is_found(payload, expected):
    kept = [item for item in found(VTT.format(payload), "vtt") if item.split()[1] not in {"speed", "short"}]
    assert kept == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("WEBVTT", "WEBVT", ["1 SYNTAX", "1 SYNTAX"]),
        ("WEBVTT\n", "WEBVTT", ["2 SYNTAX"]),
        ("00:03.000", "00:03.000 position:50% align:middle", ["3 settings"]),
        ("00:03.000", "00:03.000 line:0 size:100% align:start", []),
        ("00:01.000", "0:01.000", ["3 TIMES"]),
        ("00:01.000", "soon", ["3 TIMES"]),
        ("00:01.000 -->", "00:01.000-->", ["3 TIMES"]),
        ("00:01.000", "id\n00:01.000", []),
        ("00:01.000", "id\n00:00.000 --> 00:00.900\nYes.\n\nid\n00:01.000", ["7 IDENTIFIER"]),
    ],
)
def test_faults_around_webvtt_cues_are_found(old, new, expected):
    kept = [item for item in found(VTT.format("It burns.").replace(old, new, 1), "vtt") if "bridge" not in item]
    assert kept == expected


def test_captions_that_are_placed_apart_may_be_shown_together():
    both = "WEBVTT\n\n00:01.000 --> 00:03.000{}\nIt burns.\n\n00:02.000 --> 00:04.000\nStill.\n"
    assert found(both.format(""), "vtt") == ["6 OVERLAP"]
    assert found(both.format(" line:0"), "vtt") == []


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}It\\Nburns, and burns.\n", []),
        ("Dialogue: 0,0:00:01.00,0:00:03.00,Alt,,0,0,0,,It burns.\n", ["10 style"]),
        ("Dialogue: 0,0:00:01.000,0:00:03.00,Default,,0,0,0,,It burns.\n", ["10 TIMES"]),
        ("Dialogue: 0,0:00:03.00,0:00:01.00,Default,,0,0,0,,It burns.\n", ["10 DURATION"]),
        ("Dialogue: 0,0:00:03.00,Default\n", ["10 SYNTAX"]),
        ("", ["1 SYNTAX"]),
        (TWO_EVENTS.format(0), ["10 OVERLAP"]),
        (TWO_EVENTS.format(1), []),
    ],
)
def test_faults_of_ass_are_found(events, expected):
    assert found(ASS.format(events), "ass") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ti:Song]\n[00:01.00]It burns\n[00:03.00]\n", []),
        ("[00:05.00][00:01.00]It burns\n[00:03.00]Still\n", []),
        ("[00:05.00]It burns\n[00:03.00]Still\n", ["2 UNSORTED"]),
        ("[00:61.00]It burns\n", ["1 TIMES"]),
        ("[1.5]It burns\n", ["1 TIMES"]),
        ("[00:01.00]It burns\nStill\n", ["2 SYNTAX"]),
        ("[00:01.00]<00:01.00>It <00:00.50>burns\n", ["1 WORD_TIMES"]),
        ("[offset:soon]\n[00:01.00]It burns\n", ["1 SYNTAX"]),
        ("[100:01.00]It burns\n", ["1 times"]),
    ],
)
def test_faults_of_lrc_are_found(text, expected):
    assert sorted(found(text, "lrc")) == sorted(expected)


def test_content_tells_the_format_where_the_name_does_not():
    assert [checked(text, "txt").format for text in (GOOD_SRT, VTT, ASS, "[00:01.00]It burns", "Dear Sir,")] == [
        "srt", "vtt", "ass", "lrc", None,
    ]  # fmt: skip


PIECES = st.lists(
    st.sampled_from(
        [
            "WEBVTT", "\n", "\n\n", "\r", "00:00:01,000", " --> ", "-->", "00:00:02.000", "1", "99999999999999999999",
            "<v ", "<", ">", "&", "&#x110000;", "&lt;", "<c>", "</c>", "<00:01.000>", "STYLE", "NOTE", "line:-1",
            "\u00a0", "[Script Info]", "[Events]", "Format:", "Format: Start, End, Text", "Dialogue: ", ",",
            "0:00:01.00",
            "{\\k9}", "\\N", "{", "[00:01.00]", "[la:xx]", "[offset:", "\x00", "\u2028", "\x0b", "\ud7ff", "٣:٠١", "²",
            "灯",
        ]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=300), PIECES.map(str.encode), PIECES.map(lambda text: text.encode("utf-16"))),
    ending=st.sampled_from(["srt", "vtt", "ass", "lrc", "", "xyz"]),
    rules=st.sampled_from([NETFLIX, BBC]),
    language=st.sampled_from([None, "en", "ja", "x"]),
)
def test_any_bytes_give_findings_never_an_exception(data, ending, rules, language):
    result = check_captions(data, ending, rules, language)
    assert result.captions or result.findings
    assert all(finding.line >= 1 and "\n" not in finding.message for finding in result.findings)


@pytest.mark.parametrize(
    ("ending", "line"),
    [
        ("srt", " " * 200_000 + "->"),
        ("srt", "1 " * 100_000 + "->"),
        ("srt", "<b" * 100_000),
        ("srt", "\n" * 200_000),
        ("vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<c>" * 60_000),
        ("vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "&a" * 100_000),
        ("vtt", "WEBVTT\n\n" + "a-->" * 60_000),
        ("ass", "[Events]\nDialogue: " + "," * 200_000),
        ("ass", "[Events]\nDialogue: 0,0:00:01.00,0:00:03.00,,,0,0,0,," + "{\\" * 60_000),
        ("lrc", "[00:01.00]" * 20_000),
        ("lrc", "[" * 200_000),
    ],
)
@pytest.mark.timeout(10)
def test_no_line_takes_longer_than_its_length_deserves(ending, line):
    checked(line, ending)
