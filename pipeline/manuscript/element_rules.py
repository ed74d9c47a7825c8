"""What each element of an (X)HTML document is to a listener: a block, a break, or not spoken for a named reason."""

from __future__ import annotations

import re

from lxml import etree

from pipeline.manuscript.model import SkipReason
from pipeline.manuscript.xmltree import epub_types, local_name, text_within

HEADINGS = {f"h{level}": level for level in range(1, 7)}

BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "html"),
        *("legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "ul"),
        *HEADINGS,
    }
)
"""Elements that begin and end a block."""

_UNSPOKEN = {
    **dict.fromkeys(
        ("head", "title", "script", "style", "template", "select", "textarea", "button"), SkipReason.MARKUP
    ),
    **dict.fromkeys(("svg", "object", "video", "audio", "iframe", "canvas", "map"), SkipReason.IMAGE),
    **dict.fromkeys(("rt", "rp", "rtc"), SkipReason.RUBY),
    "table": SkipReason.TABLE,
    "math": SkipReason.MATH,
    "nav": SkipReason.NAVIGATION,
    "noscript": SkipReason.HIDDEN,
}
_PAGE_TYPES = {"pagebreak", "doc-pagebreak"}
_PAGE_CLASSES = {"pagebreak", "pagenum", "pagenumber", "page-number", "page_number", "pageno"}
_NOTE_TYPES = {"footnote", "endnote", "rearnote", "note", "annotation", "doc-footnote", "doc-endnote"}
_NOTE_CLASSES = {"footnote", "endnote", "rearnote"}
_REFERENCE_TYPES = {"noteref", "annoref", "biblioref", "doc-noteref", "doc-biblioref"}
_REFERENCE_CLASSES = {"noteref", "footnote-ref", "footnoteref", "fnref", "fnanchor", "endnote-ref", "endnoteref"}
_BACK_TYPES = {"backlink", "referrer", "doc-backlink"}
_BACK_CLASSES = {"footnote-back", "footnote-backref", "backlink"}
_BREAK_CLASS = re.compile(
    r"(?:^|[-_])(?:scene|space|section|thought|time)[-_]?break|^(?:asterism|dinkus|fleuron)$", re.IGNORECASE
)
_INVISIBLE_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_MARK = re.compile(
    r"[\[({<]?\s*(?:[a-z]{0,3}\d{1,4}[a-z]?|[¹²³⁰⁴-⁹]{1,4}|[ivxl]{1,6}|[^\w\s]{1,4}|\w|note \d{1,4})\s*[\])}>.:]?",
    re.IGNORECASE,
)
_PICTURES = frozenset({"img", "svg", "image", "video", "object", "picture", "canvas"})


def types_of(element: etree._Element) -> frozenset[str]:
    """``epub:type`` and ``role`` together."""
    return frozenset((*epub_types(element), *(element.get("role") or "").split()))


def classes_of(element: etree._Element) -> tuple[str, ...]:
    """What casting may select by: the classes of an element, then its ``epub:type`` values."""
    return (*(element.get("class") or "").split(), *epub_types(element))


def breaks_scene(element: etree._Element) -> bool:
    """Whether a change of scene comes before the element: a rule, or a class that says so."""
    return local_name(element) == "hr" or any(map(_BREAK_CLASS.search, (element.get("class") or "").split()))


def unspoken(element: etree._Element, *, in_notes: bool) -> SkipReason | None:
    """Why nothing of the element is spoken; None where it is.

    ``in_notes``: the element lies in a section of notes that is left out, or spoken, as a whole.
    """
    name = local_name(element)
    if name in _UNSPOKEN:
        return _UNSPOKEN[name]
    if _is_hidden(element):
        return SkipReason.HIDDEN
    if name == "pre":
        return SkipReason.CODE if any(local_name(child) in {"code", "samp", "kbd"} for child in element) else None
    if name == "figcaption":
        return SkipReason.IMAGE if _captions_picture(element) else None
    if not element.attrib:
        return SkipReason.NOTE_REFERENCE if name == "sup" and _links_to_note(element) else None
    return _unspoken_by_attributes(element, name, in_notes=in_notes)


def _unspoken_by_attributes(element: etree._Element, name: str, *, in_notes: bool) -> SkipReason | None:
    types = types_of(element)
    classes = {token.lower() for token in (element.get("class") or "").split()}
    if types & _PAGE_TYPES or classes & _PAGE_CLASSES:
        return SkipReason.PAGE_MARKER
    if not in_notes and (types & _NOTE_TYPES or (classes & _NOTE_CLASSES and not _is_mark(element))):
        return SkipReason.FOOTNOTE
    if types & _BACK_TYPES or classes & _BACK_CLASSES:
        return SkipReason.NOTE_REFERENCE
    if (types & _REFERENCE_TYPES or classes & (_REFERENCE_CLASSES | _NOTE_CLASSES)) and _is_mark(element):
        return SkipReason.NOTE_REFERENCE
    if name in {"a", "sup"} and _links_to_note(element):
        return SkipReason.NOTE_REFERENCE
    return None


def _is_hidden(element: etree._Element) -> bool:
    if not element.attrib:
        return False
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return bool(_INVISIBLE_STYLE.search(element.get("style") or ""))


def _captions_picture(caption: etree._Element) -> bool:
    """A caption is about a picture that nobody hears; under a poem or a letter it is the attribution, and spoken."""
    figure = caption.getparent()
    if figure is None:
        return False
    return any(local_name(inner) in _PICTURES for inner in figure.iter())


def _is_mark(element: etree._Element) -> bool:
    """A note's reference is its mark, "[12]" or "*"; a word of the text that carries a note is read."""
    return bool(_MARK.fullmatch(text_within(element).strip()))


def _links_to_note(element: etree._Element) -> bool:
    """A mark that links within the book and is raised, bracketed, or set right after a word ("quay12")."""
    text = text_within(element).strip()
    if not _MARK.fullmatch(text):
        return False
    links = [inner for inner in element.iter() if local_name(inner) == "a" and "#" in (inner.get("href") or "")]
    if not links:
        return False
    raised = any(local_name(inner) == "sup" for inner in element.iter())
    return raised or (not text.isalpha() and (text[0] in "[({*†‡" or _follows_closely(element)))


def _follows_closely(element: etree._Element) -> bool:
    before = element.getprevious()
    parent = element.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else None
    return text is not None and text != "" and not text[-1].isspace()
