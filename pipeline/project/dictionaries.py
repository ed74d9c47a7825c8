"""Pronunciation dictionaries: how a word is to be said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class DictionaryEntry:
    """One entry: where ``word`` stands in the text, say ``replacement``, or ``ipa`` where the engine can (IPA wins).

    ``language`` limits the entry to text in that language (BCP 47; None: any). Limits as the KugelAudio API
    has them: word 1-200 characters, replacement 1-1000, IPA up to 200.
    """

    word: str
    replacement: str
    ipa: str | None = None
    case_sensitive: bool = False
    language: str | None = None
