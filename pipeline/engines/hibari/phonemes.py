"""From a sentence to phonemes, each knowing the written word that it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hibari.g2p import G2P
from hibari.g2p.token import Tok

from pipeline.engines.local.traced import Traced
from pipeline.engines.local.word_places import WordPlaces

NO_WORD = -1
"""The owner of phonemes that speak no written word: spaces and punctuation."""

PUNCTUATION = frozenset(';:,.!?—…"()“” ')
"""What the model's alphabet holds besides sounds and stress marks (hibari ``vocab.json``)."""

_CHUNK = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Pronounced:
    """A range of the order's text (code points, half-open) with its pronunciation given in the model's phonemes."""

    start: int
    end: int
    phonemes: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """Phonemes in the model's alphabet; ``owners[i]`` is the index of the written word that ``phonemes[i]`` speaks."""

    phonemes: str
    owners: tuple[int, ...]


class Reader(G2P):  # type: ignore[misc]
    """hibari's grapheme-to-phoneme stage, keeping the pieces that each phoneme string was made of."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[list[Tok]] = []

    def retokenize(self, tokens: list[Tok]) -> list[Any]:
        """Part tokens into pieces. ``phonemize_tokens`` calls this and gives the pieces their phonemes in place."""
        words = G2P.retokenize(tokens)
        self.groups = [word if isinstance(word, list) else [word] for word in words]
        return list(words)

    def spell(self, character: str) -> str:
        """The name of a letter or digit in phonemes; empty for what has none."""
        if character.isascii() and character.isdigit():
            said = self.lexicon.get_number(character, None, True)[0]
        else:
            said = self.lexicon.get_NNP(character)[0] if character.isalpha() else ""
        return said or ""


def speak_words(reader: Reader, text: Traced, places: WordPlaces, pronounced: Sequence[Pronounced] = ()) -> Spoken:
    """Phonemes of a normalised sentence, as hibari would say it, with the written word that each speaks."""
    reader.phonemize_tokens(list(_tokens(reader, text, pronounced)))
    phonemes: list[str] = []
    owners: list[int] = []
    word = 0
    for group, ranges in _placed(reader.groups, text.text):
        before = len(phonemes)
        for piece, (start, end) in zip(group, ranges, strict=True):
            sounding = _sounding(text.text, start, end)
            word = max(word, places.at(text.starts[sounding], text.ends[sounding]))
            said = (piece.phonemes or "").replace("ɾ", "T").replace("ʔ", "t")
            if said and piece.prespace and len(phonemes) > before and phonemes[-1] != " ":
                said = f" {said}"
            said += " " if piece.whitespace else ""
            phonemes += said
            owners += (NO_WORD if sound in PUNCTUATION else word for sound in said)
    return Spoken("".join(phonemes), tuple(owners))


def _placed(groups: Sequence[list[Tok]], text: str) -> Iterator[tuple[list[Tok], list[tuple[int, int]]]]:
    """Each group with the range in ``text`` that each of its pieces says.

    hibari often reads several pieces as one word: the first says it all and the others are mute (``“`` and ``My``).
    A piece's range therefore reaches to the next that says something.
    """
    at = 0
    for group in groups:
        ranges: list[tuple[int, int]] = []
        for piece in group:
            start = text.find(piece.text, at)
            at = start + len(piece.text)
            ranges.append((start, at))
        for i in range(len(group) - 2, -1, -1):
            if not group[i + 1].phonemes:
                ranges[i] = (ranges[i][0], ranges[i + 1][1])
        yield group, ranges


def _tokens(reader: Reader, text: Traced, pronounced: Sequence[Pronounced]) -> Iterator[Tok]:
    """hibari's tokens with their tags; where a pronunciation is given, its first token says it and the rest is mute."""
    tokens, spaces, starts = [], [], []
    for chunk in _CHUNK.finditer(text.text):
        parts = [part for part in reader.tokenizer.split(chunk.group()) if part]
        at = chunk.start()
        for part in parts:
            starts.append(at)
            at += len(part)
        tokens += parts
        spaces += [""] * (len(parts) - 1) + [" " if chunk.end() < len(text) else ""]
    said: set[Pronounced] = set()
    for token, tag, space, start in zip(tokens, reader.tagger(tokens), spaces, starts, strict=True):
        given = _given(text.starts[_sounding(text.text, start, start + len(token))], pronounced)
        if given is None:
            yield Tok(token, tag, space)
        else:
            yield Tok(token, tag, space, phonemes="" if given in said else given.phonemes, rating=5)
            said.add(given)


def _given(origin: int, pronounced: Sequence[Pronounced]) -> Pronounced | None:
    return next((p for p in pronounced if p.start <= origin < p.end), None)


def _sounding(text: str, start: int, end: int) -> int:
    """The first letter or digit of the range, else its first character."""
    return next((i for i in range(start, end) if text[i].isalnum()), start)
