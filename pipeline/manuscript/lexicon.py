"""Pronunciation lexicons (W3C PLS 1.0) as dictionary entries."""

from __future__ import annotations

import unicodedata

from lxml import etree

from pipeline.manuscript.model import Skip, SkipReason, Source
from pipeline.manuscript.page_language import tag_of
from pipeline.manuscript.xmltree import line_of, local_name, text_within
from pipeline.project.dictionaries import DictionaryEntry

_LONGEST_WORD, _LONGEST_REPLACEMENT, _LONGEST_IPA = 200, 1000, 200


def read_lexicon(root: etree._Element, source: Source) -> tuple[list[DictionaryEntry], list[Skip]]:
    """The entries of a lexicon, and what could not be used: alphabets other than IPA, and entries over the limits.

    The preferred pronunciation counts, else the first (PLS 1.0, section 4.6). ``<alias>`` becomes a replacement.
    A word written with a capital is matched as written ("Polish" is not "polish"); others in any case, since a
    sentence may start with them.
    """
    entries: list[DictionaryEntry] = []
    unused: list[Skip] = []
    language = tag_of(root)
    for lexeme in root.iter("{*}lexeme"):
        words = _texts(lexeme, "grapheme")
        ipa, other = _pronunciation(lexeme, root)
        alias = next(iter(_texts(lexeme, "alias")), None)
        for word in words:
            if len(word) > _LONGEST_WORD or (ipa is None and alias is None):
                where = Source(source.file, line_of(lexeme), line_of(lexeme), source.element)
                unused.append(Skip(f"{word[:_LONGEST_WORD]} {other}".strip(), SkipReason.ALPHABET, where))
                continue
            entries.append(DictionaryEntry(word, alias or word, ipa, word != word.lower(), language))
    return entries, unused


def _pronunciation(lexeme: etree._Element, root: etree._Element) -> tuple[str | None, str]:
    """The IPA of a lexeme, or None; and what stands there instead."""
    phonemes = [child for child in lexeme if local_name(child) == "phoneme"]
    phonemes.sort(key=lambda phoneme: phoneme.get("prefer") != "true")
    for phoneme in phonemes:
        text = " ".join(text_within(phoneme).split())
        alphabet = (phoneme.get("alphabet") or root.get("alphabet") or "").lower()
        if text and alphabet == "ipa" and len(text) <= _LONGEST_IPA:
            return unicodedata.normalize("NFC", text), ""
    return None, " ".join(text_within(phoneme).strip() for phoneme in phonemes)[:_LONGEST_REPLACEMENT]


def _texts(lexeme: etree._Element, name: str) -> list[str]:
    texts = [" ".join(text_within(child).split()) for child in lexeme if local_name(child) == name]
    return [unicodedata.normalize("NFC", text)[:_LONGEST_REPLACEMENT] for text in texts if text]
