"""Cutting texts that are longer than an engine takes."""

from __future__ import annotations

import random

import pytest

from pipeline.script.cutting import cut
from pipeline.script.elements import engine_elements
from pipeline.script.graphemes import is_grapheme_boundary
from pipeline.script.model import Boundary
from pipeline.script.sentences import sentences

VOCABULARY = ["the", "lamp", "keeper", "wind", "stair", "slowly", "over", "grey", "water", "turned", "never", "again"]


def pieces(text: str, limit: int, language: str = "en") -> list[str]:
    return [text[piece.start : piece.end] for piece in cut(text, limit, language, whole=engine_elements(text))]


def long_text(sentence_count: int, seed: int = 1) -> str:
    rng = random.Random(seed)
    made = [" ".join(rng.choices(VOCABULARY, k=rng.randint(3, 24))).capitalize() + "." for _ in range(sentence_count)]
    return " ".join(made)


def test_sentences_that_fit_are_never_cut() -> None:
    text = long_text(120)
    whole = {text[start:end] for start, end in sentences(text, "en")}
    for piece in pieces(text, 400):
        assert {piece[start:end] for start, end in sentences(piece, "en")} <= whole


def test_a_sentence_over_the_limit_is_cut_at_its_clauses() -> None:
    text = "The lamp went out, and nobody stirred; the keeper slept, the wind rose, and all night the bell rang on."
    cuts = cut(text, 60, "en")
    assert {piece.after for piece in cuts[:-1]} == {Boundary.CLAUSE}
    assert all(text[piece.end - 1] in ",;" for piece in cuts[:-1])


def test_a_clause_over_the_limit_is_cut_between_words() -> None:
    text = " ".join(["lighthouse"] * 40)
    cuts = cut(text, 50, "en")
    assert {piece.after for piece in cuts[:-1]} == {Boundary.WORD}
    assert all(len(word) == 10 for piece in pieces(text, 50) for word in piece.split())


@pytest.mark.parametrize(
    ("cluster", "limit"),
    [
        ("e\u0301\u0323", 10),
        ("👩‍👩‍👧‍👦", 20),
        ("🇩🇪", 7),
        ("\u1112\u1161\u11ab", 8),
        ("क्षि", 9),
        ("👍🏽", 5),
        ("ก็", 5),
        ("เก", 5),
    ],
)
def test_no_grapheme_is_parted(cluster: str, limit: int) -> None:
    for piece in pieces(cluster * 30, limit):
        assert len(piece) % len(cluster) == 0
        assert len(piece) <= limit


def test_a_grapheme_over_the_limit_is_parted_rather_than_refused() -> None:
    assert max(map(len, pieces("e" + "\u0301" * 50, 10))) <= 10


def test_carriage_return_and_line_feed_stay_together() -> None:
    assert not is_grapheme_boundary("a\r\nb", 2)


def test_scripts_without_spaces_are_cut_at_their_stops() -> None:
    text = "灯台は遠い。誰も行ったことがない。海はいつも静かだ。" * 6
    assert all(piece.endswith("。") for piece in pieces(text, 40, "ja"))


def test_chinese_without_any_stop_is_cut_within_the_limit() -> None:
    assert "".join(pieces("灯塔很远没有人去过" * 20, 25, "zh")) == "灯塔很远没有人去过" * 20


def test_engine_elements_stay_whole() -> None:
    element = '<prosody rate="slow">the lamp, the rope; the stair</prosody>'
    text = f"Before it came, the wind rose and rose {element} and then it fell, it fell, it fell, it fell at last."
    assert any(element in piece for piece in pieces(text, 70))


def test_an_element_over_the_limit_is_refused() -> None:
    text = "<spell>" + "A1 " * 40 + "</spell>"
    with pytest.raises(ValueError, match="must stay whole"):
        pieces(text, 50)


def test_unpaired_tags_stand_for_themselves() -> None:
    assert engine_elements("a <spell>b <break/> c</prosody>") == [(2, 9), (11, 19), (21, 31)]
    assert engine_elements("x <prosody><spell>A</spell></prosody> 1 < 2 <b>") == [(2, 37)]


def test_pieces_are_no_scraps() -> None:
    lengths = [len(piece) for piece in pieces(long_text(400), 2000)]
    assert min(lengths) >= 450
    assert sum(lengths) / len(lengths) >= 1000


def test_an_edit_in_a_long_paragraph_remakes_one_or_two_pieces() -> None:
    text = long_text(100)
    spans = sentences(text, "en")
    before = pieces(text, 2000)
    changed = []
    rng = random.Random(4)
    for _ in range(60):
        start, end = rng.choice(spans)
        added = text[:start] + "A gull cried twice above the broken mast. " + text[start:]
        removed = text[:start] + text[end:].lstrip()
        changed += [
            len([piece for piece in pieces(edited, 2000) if piece not in before]) for edited in (added, removed)
        ]
    changed.sort()
    assert changed[len(changed) // 2] <= 1
    assert changed[int(len(changed) * 0.95)] <= 2
