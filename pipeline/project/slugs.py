"""Slugs: a title as a file name that is the same on every system."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 80
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def slugify(text: str) -> str:
    """Lower-case letters and digits joined by hyphens: "The Lighthouse Ledger" → ``the-lighthouse-ledger``.

    Latin letters lose their accents, other scripts stay; apostrophes vanish ("Penrose's" → ``penroses``). At
    most 80 characters, cut at a hyphen; names that Windows reserves get ``-1``. Empty where ``text`` has neither
    letter nor digit.
    """
    text = re.sub(r"['’ʼ]", "", text)
    text = "".join(_plain(character) for character in unicodedata.normalize("NFC", text))
    slug = re.sub(r"(?:[^\w]|_)+", "-", text.casefold()).strip("-")
    if len(slug) > _LONGEST:
        slug = slug[: _LONGEST + 1].rpartition("-")[0] or slug[:_LONGEST]
    return f"{slug}-1" if slug in _RESERVED else slug


def _plain(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character)
    return decomposed[0] if len(decomposed) > 1 and decomposed[0].isascii() and decomposed[0].isalnum() else character
