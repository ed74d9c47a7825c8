"""Where captions and lines are broken."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.breaks import GLUED, POOR, break_costs
from pipeline.captions.cues import cues
from pipeline.captions.rules import NETFLIX
from pipeline.captions.sentence_ends import sentence_ends
from pipeline.captions.units import units
from pipeline.captions.violations import Rule, violations
from pipeline.engines.protocol import WordTimes
from pipeline.script.words import written_words


def costs_of(narrator, text: str, language: str) -> list[int]:
    chapter = narrator(text)
    shown = units(text, chapter.words)
    return break_costs(shown, sentence_ends(text, chapter.words, language), language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the|keeper"),
        ("en", "their|lamp"),
        ("en", "every|evening"),
        ("en", "little|boats"),
        ("en", "reasonable|offer"),
        ("en", "saw Martha|Penrose"),
        ("en", "told Mr.|Penrose"),
        ("en", "saw J.|Penrose"),
        ("en", "met Captain|Penrose"),
        ("en", "paid 40|pounds"),
        ("en", "walked seven|miles"),
        ("en", "would|wait"),
        ("en", "did not|wait"),
        ("en", "waited did|not"),
        ("en", "hoped to|sail"),
        ("en", "stood under|rafters"),
        ("en", "chart of|reefs"),
        ("en", "then she|waited"),
        ("en", "waited and|sang"),
        ("en", "gave|him bread"),
        ("en", "took|it, then"),
        ("en", "saw|her, then"),
        ("en", "saw her|boat"),
        ("en", "keeper’s|boat"),
        ("en", "very|cold"),
        ("en", "wondered which|boat"),
        ("de", "der|Wärter"),
        ("de", "unter|Dächern"),
        ("de", "eine alte|Lampe"),
        ("de", "die flackernde|Lampe"),
        ("de", "sah Herrn|Petersen"),
        ("de", "sah Dr.|Petersen"),
        ("de", "wollte|rudern"),
        ("de", "um zu|rudern"),
        ("de", "gab|ihm Brot"),
        ("de", "fragte|er leise"),
        ("de", "hatte nicht|gerudert"),
        ("de", "sieben|Meilen"),
        ("fr", "sous la|lampe"),
    ],
)
def test_a_break_inside_a_phrase_costs_more_than_any_other(narrator, language, text):
    before, after = text.split("|")
    sentence = f"{before} {after} somewhere else entirely"
    row = len(before.split()) - 1
    assert costs_of(narrator, sentence, language)[row] >= POOR


def test_breaks_are_ranked_sentence_clause_comma_conjunction_preposition_bare_words(narrator):
    text = "Rain fell. Waves rose; gulls cried, boats rocked and lamps burned behind curtains flapping wildly."
    costs = costs_of(narrator, text, "en")
    words = text.split()
    ranked = [costs[words.index(word)] for word in ["fell.", "rose;", "cried,", "rocked", "burned", "curtains"]]
    assert ranked == sorted(set(ranked))


def test_a_title_with_a_stop_does_not_end_a_sentence(narrator):
    assert costs_of(narrator, "We met Mrs. Penrose.", "en")[2] >= POOR


def lines_of(narrator, text: str, language: str = "en", **speech: float) -> list[list[str]]:
    return [cue.text.split("\n") for cue in cues(narrator(text, **speech), NETFLIX, language)]


def test_a_text_that_fits_stays_on_one_line(narrator):
    assert lines_of(narrator, "The lamp went out, and nobody came.") == [["The lamp went out, and nobody came."]]


def test_a_long_cue_is_broken_after_its_comma(narrator):
    text = "The keeper had gone down to the village, and the lamp was left to itself."
    assert lines_of(narrator, text) == [
        ["The keeper had gone down to the village,", "and the lamp was left to itself."]
    ]


def test_sentences_are_not_cut_where_each_fits_a_cue(narrator):
    first = "Nobody in the village had ever asked who kept the ledger in the tower."
    second = "It was written in three hands, and none of them belonged to the keeper."
    assert [" ".join(lines) for lines in lines_of(narrator, f"{first} {second}")] == [first, second]


def test_a_word_longer_than_a_line_is_kept_whole_on_its_own_line(narrator):
    address = "https://example.org/a/road/that/goes/on/and/on/and/on.html"
    lines = [line for cue in lines_of(narrator, f"Look at {address} tonight, if you can.") for line in cue]
    assert address in lines


def test_a_break_may_follow_a_dash_that_no_space_follows(narrator):
    text = "The storm that we had waited for had come—and the little harbour was quite empty."
    assert lines_of(narrator, text) == [
        ["The storm that we had waited for had come—", "and the little harbour was quite empty."]
    ]


def test_engine_tags_are_not_shown_and_pauses_still_part_words(narrator):
    text = 'Wait.<break time="400ms"/>Then spell <spell>ABC</spell>. Never <prosody rate="slow">hurry</prosody>!'
    assert " ".join(line for cue in lines_of(narrator, text) for line in cue) == "Wait. Then spell ABC. Never hurry!"


def test_angle_brackets_that_are_prose_are_shown(narrator):
    assert lines_of(narrator, "Write <b>no</b> tags.") == [["Write <b>no</b> tags."]]


def test_japanese_lines_hold_16_to_23_characters_and_never_begin_with_closing_marks(narrator):
    text = (
        "灯台守は毎晩、古い帳面を開いて、その日に見た船の名前をゆっくりと書きつけた。「もう遅いよ」と妻が言った。" * 3
    )
    lines = [line for cue in lines_of(narrator, text, "ja", pace=7) for line in cue]
    assert max(map(len, lines)) <= 23
    assert not [line for line in lines if line[0] in "、。」っゃゅょーァ"]
    assert not [line for line in lines if line[-1] in "「（"]
    assert "".join(lines) == text


def test_a_run_that_may_not_be_broken_is_broken_where_it_passes_the_line(narrator):
    lines = [line for cue in lines_of(narrator, "あ" + "ー" * 60, "ja", pace=8) for line in cue]
    assert max(map(len, lines)) <= 23


def test_arabic_keeps_its_logical_order_and_carries_no_marks_of_direction(narrator):
    text = "كان حارس المنارة يفتح دفتره كل ليلة، ويكتب فيه أسماء السفن؛ ثم ينام قبل الفجر بقليل."
    assert " ".join(line for cue in lines_of(narrator, text, "ar") for line in cue) == text


def test_combining_marks_take_no_room(narrator):
    text = " ".join(["e\u0301te\u0301"] * 10)
    assert lines_of(narrator, text, "fr") == [[text]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("“Yes,” he said—“no.”", ["“Yes,”", "he", "said—", "“no.”"]),
        ("« Oui » dit-il.", ["« Oui »", "dit-il."]),
        ("¿Quién? —Yo.", ["¿Quién?", "—Yo."]),
        ("He came – she left", ["He", "came –", "she", "left"]),
        ("(a) \"b\" 'c'", ["(a)", '"b"', "'c'"]),
        ("$5 and 7%", ["$5", "and", "7%"]),
        ("one\n\n* * *\n\n“Two", ["one * * *", "“Two"]),
    ],
)
def test_marks_stay_with_the_word_they_touch(narrator, text, shown):
    assert units(text, narrator(text).words).text == shown


def test_inside_one_written_word_there_is_no_break(narrator):
    text = "un<prosody rate='slow'>believ</prosody>able"
    assert costs_of(narrator, text, "en")[:2] == [GLUED, GLUED]


def test_words_of_segments_without_a_take_are_not_shown(narrator):
    text = "“First,” she said.\n\n“Never heard. Not this.”\n\n“Last one.”\n\n“Nor this.”"
    whole = narrator(text).words
    rows = [0, 1, 2, 7, 8]
    heard = WordTimes(whole.char_start[rows], whole.char_end[rows], whole.start_sample[rows], whole.end_sample[rows])
    found = cues(ChapterTimeline("c", "C", text, 480_000, (), heard), NETFLIX, "en")
    assert [cue.text for cue in found] == ["“First,” she said.", "“Last one.”"]


TALE = (
    "I said that I would, and he said that he would, a long while before any of us knew what it was, or who it was "
    "for; and so it went on, from one to the other of us, as a thing goes on that no one has the heart to end."
)


def test_no_caption_goes_before_its_last_word_is_heard(placed):
    """Words of 20 to 300 ms without a rest: some end a clause, and are shorter than the gap between captions."""
    words = written_words(TALE)
    for seed in range(40):
        lengths = np.random.default_rng(seed).integers(480, 7_200, len(words))
        ends = np.cumsum(lengths)
        chapter = placed(TALE, words, (ends - lengths).tolist(), ends.tolist(), int(ends[-1]) + 24_000)
        found = violations(cues(chapter, NETFLIX, "en"), NETFLIX, "en", chapter.words)
        assert Rule.SYNC not in {each.rule for each in found}, seed


def test_a_plain_break_is_better_than_a_caption_that_is_read_too_fast(placed):
    """Up to the comma all is hurried: a caption that ended there, the best place otherwise, would be too fast."""
    text = "She ran down the steps and over the wet bridge there, and then she stood and waited for him."
    words = written_words(text)
    lengths = [4_000] * 5 + [4_300] * 6 + [12_000] * (len(words) - 11)
    ends = np.cumsum(lengths)
    chapter = placed(text, words, (ends - lengths).tolist(), ends.tolist(), int(ends[-1]) + 24_000)
    found = violations(cues(chapter, NETFLIX, "en"), NETFLIX, "en", chapter.words)
    assert found == []
