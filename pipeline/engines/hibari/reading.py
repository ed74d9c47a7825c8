"""What the voice is to say for a part of an order's text: dictionary, tags and numbers applied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.engines.hibari.ipa import model_phonemes
from pipeline.engines.hibari.normalizing import normalized
from pipeline.engines.hibari.phonemes import Pronounced, Reader, Spoken, speak_words
from pipeline.engines.local.markup import Markup
from pipeline.engines.local.traced import Traced
from pipeline.engines.local.word_places import WordPlaces
from pipeline.manuscript.chapter_lines import numeral
from pipeline.script.dictionary import Occurrence

_WORD = re.compile(r"\S+")
_ROMAN = re.compile(r"\s*(?P<roman>[IVXLCDM]{1,9})\.?\s*")
_MOST_CHAPTERS = 199
"""Beyond this a numeral is rather a word: "MIX" would be 1009."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of one order, ready to be read part by part."""

    reader: Reader
    text: str
    markup: Markup
    found: Sequence[Occurrence]
    places: WordPlaces

    def spoken(self, start: int, end: int) -> Spoken:
        """The phonemes of ``text[start:end]`` (a sentence without tags other than ``<spell>``)."""
        pronounced = [*self._pronounced(start, end), *self._spelled(start, end)]
        edits = [
            *self._replacements(start, end, pronounced),
            *self._tags(start, end),
            *self._heading_numeral(start, end),
        ]
        traced = Traced.of(self.text, start, end).edited(sorted(edits))
        return speak_words(self.reader, normalized(traced), self.places, pronounced)

    def _pronounced(self, start: int, end: int) -> Iterator[Pronounced]:
        for low, high, entry in self.found:
            if start <= low and high <= end and entry.ipa and (said := model_phonemes(entry.ipa)):
                yield Pronounced(low, high, said)

    def _spelled(self, start: int, end: int) -> Iterator[Pronounced]:
        for low, high in self.markup.spelled:
            for word in _WORD.finditer(self.text, max(low, start), max(min(high, end), start)):
                names = " ".join(filter(None, map(self.reader.spell, word.group())))
                yield Pronounced(word.start(), word.end(), names)

    def _replacements(self, start: int, end: int, pronounced: Sequence[Pronounced]) -> Iterator[tuple[int, int, str]]:
        """Entries that are said by their replacement, as edits of the part."""
        for low, high, entry in self.found:
            said = any(p.start < high and low < p.end for p in pronounced)
            if start <= low and high <= end and entry.replacement and not said:
                yield low - start, high - start, entry.replacement

    def _tags(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        for low, high in self.markup.tags:
            if start <= low and high <= end:
                yield low - start, high - start, ""

    def _heading_numeral(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """A paragraph that is nothing but a Roman numeral is a chapter's number, not letters: "I" is "one"."""
        match = _ROMAN.fullmatch(self.text, start, end)
        if match is None or not self._is_paragraph(start, end):
            return
        value = numeral(match["roman"])
        given = any(low < end and start < high for low, high, _ in self.found)
        if value is not None and value <= _MOST_CHAPTERS and not given:
            yield match.start("roman") - start, match.end("roman") - start, str(value)

    def _is_paragraph(self, start: int, end: int) -> bool:
        before, after = self.text[:start].rstrip(" "), self.text[end:].lstrip(" ")
        return (not before or before.endswith("\n\n")) and (not after or after.startswith("\n\n"))
