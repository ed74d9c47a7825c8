"""Every format says what the cues say, and independent readers read it back."""

from __future__ import annotations

import json
import re

import pysubs2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.assembly.timeline import ChapterTimeline, Turn
from pipeline.captions.captioning import BookCaptions, caption, caption_file
from pipeline.captions.checking.checking import check_captions
from pipeline.captions.checking.findings import Level
from pipeline.captions.rules import NETFLIX
from pipeline.project.outputs import Output

law = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.sampled_from(
    """a the Mr. lamp & <i> </i> <v {\\an8} {x} \\N \\h --> [12:30]x [ar:x] <00:01.00> &amp; &lt; 1815, gone. “Oh!”
    灯台守は、 قال، שלום. naïve <00:00:01.000> NOTE STYLE WEBVTT 7 c</c> ---> it""".split()  # noqa: SIM905 - a table
)


def told(chapter: ChapterTimeline, asked: str, language: str = "en", voices: tuple[str, ...] = ()) -> str:
    output = Output.model_validate(dict(pair.split(":") for pair in asked.split()))
    book = BookCaptions("A & B --> <C>", "M. Penrose", language, voices)
    return "".join(caption_file(book, [caption(book, chapter, output)], output))


def with_turns(chapter: ChapterTimeline, *turns: tuple[str, str]) -> ChapterTimeline:
    """Give the chapter to voices, each from a word of its text on."""
    made = tuple(Turn(chapter.text.index(word), voice, "en") for word, voice in turns)
    return ChapterTimeline(chapter.slug, chapter.title, chapter.text, chapter.samples, (), chapter.words, made)


def test_webvtt_escapes_and_times_its_words(narrator):
    assert told(narrator("Tom & Co. <burn> it."), "format:vtt granularity:word") == (
        "WEBVTT\n\nNOTE A & B → <C>\n\nSTYLE\n::cue(c:future) {\n  opacity: 0.6;\n}\n\nNOTE Chapter\n\n"
        "00:00:00.750 --> 00:00:02.866\n"
        "<c>Tom</c> <00:00:01.017><c>&amp;</c> <00:00:01.150><c>Co.</c> <00:00:01.700><c>&lt;burn&gt;</c> "
        "<00:00:02.167><c>it.</c>\n\n"
    )


def test_webvtt_names_and_colours_who_speaks(narrator):
    chapter = with_turns(narrator("It burns. “Who lit it?” Nobody."), ("It", "narrator"), ("“Who", "old_tom"),
                         ("Nobody", "narrator"))  # fmt: skip
    named = told(chapter, "format:vtt speakers:names", voices=("narrator", "old_tom"))
    assert re.findall(r"<v[^>]*>", named) == ["<v Narrator>", "<v Old Tom>", "<v Narrator>"]
    coloured = told(chapter, "format:vtt speakers:colours", voices=("narrator", "old_tom"))
    assert re.findall(r"<v[^>]*>", coloured) == ["<v.white Narrator>", "<v.yellow Old Tom>", "<v.white Narrator>"]
    assert "::cue(.yellow) {\n  color: #ffff00;\n}\n" in coloured


def test_srt_lrc_and_ass_write_a_name_where_the_speaker_changes_and_only_there(narrator):
    text = "It burns and burns. It has burned for years, all of forty years. “Who lit it?” Nobody."
    chapter = with_turns(narrator(text), ("It", "narrator"), ("“Who", "old_tom"), ("Nobody", "narrator"))
    for name in ("srt", "lrc", "ass"):
        assert re.findall(r"[A-Z ]{3,}:", told(chapter, f"format:{name} speakers:names")) == [
            "NARRATOR:", "OLD TOM:", "NARRATOR:",
        ]  # fmt: skip
    lone = with_turns(narrator(text), ("It", "narrator"))
    assert "NARRATOR" not in told(lone, "format:srt speakers:names")


def test_ass_has_a_style_for_every_voice_and_syllables_that_last_as_long_as_their_line(narrator):
    chapter = with_turns(narrator("It burns. “Who lit it?”"), ("It", "narrator"), ("“Who", "elsie"))
    text = told(chapter, "format:ass granularity:word speakers:colours", voices=("narrator", "elsie"))
    assert "Style: Elsie,Arial,60,&H0000FFFF," in text
    for event in pysubs2.SSAFile.from_string(text, format_="ass"):
        assert sum(map(int, re.findall(r"\\k(\d+)", event.text))) * 10 == event.end - event.start
        assert event.style == event.name


def test_lrc_has_tags_lines_words_and_clears_the_screen_in_silence(narrator):
    text = told(narrator("It burns.\n\nStill.", paragraph_ms=2500), "format:lrc granularity:word")
    assert text == (
        "[ti:Chapter]\n[ar:M. Penrose]\n[al:A & B --> <C>]\n[la:en]\n[length:00:07]\n"
        "[00:00.75]<00:00.75>It <00:00.95>burns.\n[00:01.85]\n[00:03.85]<00:03.85>Still.\n[00:04.75]\n"
    )


def test_json_says_where_every_word_is(narrator):
    chapter = with_turns(narrator("It burns. “Who lit it?”"), ("It", "narrator"), ("“Who", "elsie"))
    document = json.loads(told(chapter, "format:captions-json speakers:names"))
    assert {key: document[key] for key in ("schema", "title", "author", "language", "granularity", "rules")} == {
        "schema": 1, "title": "A & B --> <C>", "author": "M. Penrose", "language": "en", "granularity": "caption",
        "rules": "netflix",
    }  # fmt: skip
    one, two = document["chapters"][0]["cues"]
    assert (one["text"], one["voice"], two["text"], two["voice"]) == ("It burns.", "narrator", "“Who lit it?”", "elsie")
    assert [two["text"][at:].split()[0] for at in two["words"]["char_start"]] == ["“Who", "lit", "it?”"]
    assert two["words"]["start_ms"][0] == two["start_ms"]


def test_sentences_and_single_words_have_cues_of_their_own(narrator):
    chapter = narrator("It burns, and has for forty years. Who lit it?")
    sentences = check_captions(told(chapter, "format:srt granularity:sentence").encode(), "srt", NETFLIX, None)
    assert [cue.text for cue in sentences.captions] == ["It burns, and has for forty years.", "Who lit it?"]
    words = check_captions(told(chapter, "format:srt granularity:word").encode(), "srt", NETFLIX, None)
    assert " ".join(cue.text for cue in words.captions) == chapter.text


@pytest.mark.parametrize(("name", "detects"), [("srt", False), ("lrc", False), ("ass", False), ("vtt", True)])
def test_lines_from_right_to_left_are_isolated_where_players_would_guess_wrong(narrator, name, detects):
    hebrew = told(narrator("הספינה באה."), f"format:{name}", "he")
    assert ("\u2067" in hebrew) is not detects
    mixed = told(narrator("BBC הספינה באה."), f"format:{name}", "he")
    assert "\u2067BBC הספינה באה.\u2069" in mixed
    assert "\u2067" not in told(narrator("The ship."), f"format:{name}", "en")


@st.composite
def chapters(draw: st.DrawFn, narrator, words=WORDS) -> ChapterTimeline:
    words = draw(st.lists(words, min_size=1, max_size=40))
    text = "".join(word + draw(st.sampled_from([" "] * 8 + ["\n\n"])) for word in words).strip()
    spoken = narrator(text, pace=draw(st.sampled_from([6.0, 15.0, 40.0, 4000.0])))
    starts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=4)))
    voices = [draw(st.sampled_from(["narrator", "elsie", "old_tom"])) for _ in range(len(starts) + 1)]
    turns = tuple(Turn(at, voice, "en") for at, voice in zip([0, *starts], voices, strict=True))
    return ChapterTimeline("slug", "A --> title", text, spoken.samples, (), spoken.words, turns)


ASKED = st.sampled_from(
    [f"format:{name}{rest}" for name in ("srt", "vtt", "lrc", "ass") for rest in ("", " granularity:sentence",
     " granularity:word", " speakers:names", " granularity:word speakers:names")]
    + ["format:vtt granularity:word speakers:colours", "format:ass rules:bbc speakers:colours", "format:vtt rules:bbc"]
)  # fmt: skip


def shown(text: str) -> str:
    return re.sub(r"[\s\u2060\u2066-\u2069]", "", text)


@law
@given(data=st.data())
def test_what_is_written_is_without_error_and_reads_back_to_the_same_cues(narrator, data):
    chapter = data.draw(chapters(narrator))
    asked = data.draw(ASKED)
    output = Output.model_validate(dict(pair.split(":") for pair in asked.split()))
    book = BookCaptions("Title", None, "en", ("narrator", "elsie", "old_tom"))
    made = caption(book, chapter, output)
    text = "".join(caption_file(book, [made], output))
    checked = check_captions(text.encode(), output.format.value, NETFLIX, "en")
    assert [finding for finding in checked.findings if finding.level is Level.ERROR] == [] or not made.cues
    assert len(checked.captions) == len(made.cues)
    tick = 1 if output.format in {"srt", "vtt"} else 10
    for read, cue in zip(checked.captions, made.cues, strict=True):
        assert output.format == "srt" or shown(read.text) == shown(cue.text)
        assert abs(read.start_ms * 24 - cue.start_sample) <= 24 * tick * (2 if chapter.samples else 1) * len(made.cues)
        if output.speakers is not None and output.format == "vtt":
            assert read.voice == {"narrator": "Narrator", "elsie": "Elsie", "old_tom": "Old Tom"}[cue.voice]


@law
@given(data=st.data())
def test_an_independent_reader_finds_the_same_times_in_the_same_order(narrator, data):
    # It takes a line with two times in its text for a line of times.
    chapter = data.draw(chapters(narrator, WORDS.filter(lambda word: "00:" not in word)))
    name = data.draw(st.sampled_from(["srt", "vtt", "ass"]))
    text = told(chapter, f"format:{name}")
    ours = check_captions(text.encode(), name, NETFLIX, "en").captions
    theirs = pysubs2.SSAFile.from_string(text, format_=name)
    assert [(event.start, event.end) for event in theirs] == [(cue.start_ms, cue.end_ms) for cue in ours]


@law
@given(data=st.data())
def test_whatever_the_speech_times_in_a_webvtt_cue_rise_inside_it(placed, data):
    count = data.draw(st.integers(1, 25))
    steps = data.draw(st.lists(st.sampled_from([0, 1, 11, 12, 13, 24, 2400]), min_size=2 * count, max_size=2 * count))
    ends = [sum(steps[: at + 1]) for at in range(2 * count)]
    words = [(3 * at, 3 * at + 2) for at in range(count)]
    chapter = placed(" ".join(["up"] * count), words, ends[::2], ends[1::2], ends[-1] + data.draw(st.integers(0, 100)))
    checked = check_captions(told(chapter, "format:vtt granularity:word").encode(), "vtt", NETFLIX, None)
    assert [finding for finding in checked.findings if finding.level is Level.ERROR] == []
    assert shown("".join(cue.text for cue in checked.captions)) == "up" * count
