"""Front and back matter: what a listener does not expect to hear, known by its type, its file name or its title."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.manuscript.model import SkipReason

_FRONT = SkipReason.FRONT_MATTER
_BACK = SkipReason.BACK_MATTER
_NOTES = SkipReason.FOOTNOTE

# EPUB 3 Structural Semantics Vocabulary, DPUB-ARIA roles (without "doc-"), and the guide types of EPUB 2
# (OPF 2.0.1, section 2.6).
_FRONT_TYPES = (
    *("cover", "titlepage", "title-page", "halftitlepage", "halftitle", "seriespage", "copyright-page", "imprint"),
    *("imprimatur", "toc", "toc-brief", "landmarks", "loi", "lot", "loa", "lov", "page-list", "contributors"),
)
_BACK_TYPES = (
    *("colophon", "bibliography", "index", "index-headnotes", "index-legend", "index-group", "index-entry-list"),
    *("glossary", "errata", "other-credits", "credits", "acknowledgments", "acknowledgements"),
)
_LEFT_OUT = {
    **dict.fromkeys(_FRONT_TYPES, _FRONT),
    **dict.fromkeys(_BACK_TYPES, _BACK),
    **dict.fromkeys(("endnotes", "rearnotes", "footnotes", "notes"), _NOTES),
}
_SPOKEN = frozenset(
    {
        *("dedication", "epigraph", "foreword", "preface", "introduction", "prologue", "preamble", "epilogue"),
        *("afterword", "conclusion", "appendix", "part", "chapter", "volume", "division", "subchapter"),
        *("bodymatter", "z3998:fiction", "text"),
    }
)
_FRONT_NAMES = (
    *("cover", "coverpage", "cover page", "titlepage", "title page", "halftitle", "half title", "half title page"),
    *("halftitlepage", "imprint", "copyright", "copyright page", "toc", "contents", "table of contents", "nav"),
    *("navigation", "list of illustrations", "loi", "also by", "praise", "umschlag", "titelseite", "titel"),
    *("impressum", "inhalt", "inhaltsverzeichnis", "couverture", "page de titre", "table des matières", "sommaire"),
    *("portada", "índice de contenidos"),
)
_BACK_NAMES = (
    *("colophon", "uncopyright", "bibliography", "works cited", "glossary", "about the author", "about the authors"),
    *("about the publisher", "abouttheauthor", "backcover", "back cover", "newsletter", "acknowledgments"),
    *("acknowledgements", "kolophon", "literaturverzeichnis", "bibliographie", "glossar", "glossaire", "danksagung"),
    *("remerciements", "über den autor", "über die autorin"),
)
_NAMES = {
    **dict.fromkeys(_FRONT_NAMES, _FRONT),
    **dict.fromkeys(_BACK_NAMES, _BACK),
    **dict.fromkeys(("endnotes", "footnotes", "fussnoten", "endnoten", "notes de bas de page"), _NOTES),
}
_TITLES_ONLY: dict[str, SkipReason] = {"index": _BACK, "register": _BACK, "notes": _NOTES, "anmerkungen": _NOTES}
_SPOKEN_NAMES = re.compile(
    r"\b(?:chapter|dedication|epigraph|foreword|preface|introduction|prologue|epilogue|afterword|author'?s note|"
    r"conclusion|part|book|kapitel|vorwort|nachwort|einleitung|widmung|prolog|epilog|avant propos|préface|postface)\b"
)


def matter_by_type(types: Iterable[str]) -> tuple[str, SkipReason] | None:
    """The kind of matter that ``epub:type``, role or guide types name, and the reason it is left out for."""
    for token in types:
        kind = token.removeprefix("doc-").lower()
        if kind in _LEFT_OUT:
            return kind, _LEFT_OUT[kind]
    return None


def matter_by_name(names: Iterable[str]) -> tuple[str, SkipReason] | None:
    """The kind of matter that a document's file name (without suffix) says it is."""
    for name in names:
        plain = _plain(name)
        if plain in _NAMES:
            return plain, _NAMES[plain]
    return None


def matter_by_title(title: str) -> tuple[str, SkipReason] | None:
    """The kind of matter that a title in the navigation says it is; "Index" and "Notes" count here alone."""
    plain = _plain(title)
    reason = _NAMES.get(plain) or _TITLES_ONLY.get(plain)
    if reason is None and plain.startswith(("also by ", "praise for ", "about the author", "copyright ")):
        reason = _BACK
    return (plain, reason) if reason else None


def is_spoken_type(types: Iterable[str]) -> bool:
    """Whether a type says that the text belongs to the work, whatever the file is called."""
    return any(token.removeprefix("doc-").lower() in _SPOKEN for token in types)


def generic_matter(types: Iterable[str], names: Iterable[str]) -> tuple[str, SkipReason] | None:
    """``frontmatter`` or ``backmatter`` without further word, unless a name says preface, epilogue or the like."""
    if any(_SPOKEN_NAMES.search(_plain(name)) for name in names):
        return None
    reasons = {"frontmatter": _FRONT, "backmatter": _BACK}
    return next(((token, reasons[token]) for token in types if token in reasons), None)


def _plain(name: str) -> str:
    """A name without numbers and punctuation around it: ``01_title-page`` → ``title page``."""
    words = re.sub(r"[\W_]+", " ", name.casefold().replace("'", "").replace("’", "")).split()
    while words and words[0].isdigit():
        words = words[1:]
    while words and words[-1].isdigit():
        words = words[:-1]
    return " ".join(words)
