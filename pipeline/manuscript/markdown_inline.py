"""The inline content of Markdown as runs of text, and what of it is not spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from markdown_it.token import Token

from pipeline.manuscript.engine_tags import ENGINE_TAG
from pipeline.manuscript.fenced_divs import Attributes, parse_braces, understood
from pipeline.manuscript.folding import Run, Says
from pipeline.manuscript.model import SkipReason

_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HEADING_BRACES = re.compile(r"\{[^{}]*\}$")


@dataclass(slots=True)
class Inline:
    """What a line of inline content says: runs, what is not spoken, and messages about what cannot be understood."""

    runs: list[Run] = field(default_factory=list)
    skips: list[tuple[SkipReason, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    attributes: Attributes = field(default_factory=Attributes)


def read_inline(tokens: Iterable[Token], env: Mapping[str, Any]) -> Inline:
    """Read inline tokens: text, code and the text of links are spoken; addresses, pictures, note marks are not.

    Engine tags stay in the text, other HTML is markup.
    """
    inline = Inline()
    said = [Says()]
    emphases = [""]
    for token in tokens:
        if token.type == "span_open":
            said.append(_says(token, said[-1], inline))
        elif token.type == "span_close":
            said.pop()
        elif token.type in {"text", "code_inline", "text_special"}:
            inline.runs.append(Run(token.content, said[-1], emphases[-1]))
        elif token.type in {"softbreak", "hardbreak"}:
            inline.runs.append(Run(" ", said[-1], emphases[-1]))
        elif token.type in {"em_open", "strong_open"}:
            emphases.append(token.tag if emphases[-1] != "strong" else "strong")
        elif token.type in {"em_close", "strong_close"}:
            emphases.pop()
        else:
            _unspoken(token, env, inline, said[-1])
    return inline


def without_heading_braces(inline: Inline) -> Inline:
    """A heading whose last text ends in braces (``# Title {.class voice=elsie}``): they are its attributes."""
    if not inline.runs:
        return inline
    last = inline.runs[-1]
    braces = _HEADING_BRACES.search(last.text.rstrip())
    if braces is None:
        return inline
    try:
        attributes = understood(parse_braces(braces[0]))
    except ValueError as exc:
        return replace(inline, problems=[*inline.problems, str(exc)])
    return Inline(
        [*inline.runs[:-1], replace(last, text=last.text[: braces.start()])],
        [*inline.skips, (SkipReason.MARKUP, braces[0])],
        inline.problems,
        attributes,
    )


def _says(token: Token, outer: Says, inline: Inline) -> Says:
    inline.skips.append((SkipReason.MARKUP, _shown(token.attrs)))
    try:
        inner = understood(token.attrs)
    except ValueError as exc:
        inline.problems.append(str(exc))
        return outer
    return Says(
        voice=inner.voice or outer.voice,
        language=inner.language or outer.language,
        ipa=inner.ipa or outer.ipa,
        ipa_id=id(token) if inner.ipa else outer.ipa_id,
        classes=(*outer.classes, *inner.classes),
    )


def _unspoken(token: Token, env: Mapping[str, Any], inline: Inline, says: Says) -> None:
    skip = inline.skips.append
    if token.type == "html_inline":
        _html(token.content, inline, says)
    elif token.type == "image":
        source = " ".join(str(token.attrs.get(name, "")) for name in ("src", "title"))
        skip((SkipReason.IMAGE, f"{token.content} {source}"))
    elif token.type == "footnote_ref":
        note = env.get("footnotes", {}).get("list", {}).get(token.meta["id"], {})
        if "content" in note:
            skip((SkipReason.FOOTNOTE, note["content"]))
        else:
            skip((SkipReason.NOTE_REFERENCE, f"[^{token.meta['label']}]"))
    elif token.type == "link_open" and token.markup != "autolink":
        skip((SkipReason.MARKUP, _shown(token.attrs)))


def _html(tag: str, inline: Inline, says: Says) -> None:
    if ENGINE_TAG.fullmatch(tag):
        inline.runs.append(Run(tag, says))
    elif _LINE_BREAK.fullmatch(tag):
        inline.runs.append(Run(" ", says))
        inline.skips.append((SkipReason.MARKUP, tag))
    else:
        inline.skips.append((SkipReason.COMMENT if tag.startswith("<!--") else SkipReason.MARKUP, tag))


def _shown(attributes: Mapping[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in attributes.items())
