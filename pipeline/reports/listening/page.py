"""The page to listen on: one HTML file with its style, its script and all text; only the sound lies beside it.

Whatever a manuscript or a manifest says is escaped. The page's own policy lets this very style and script run, by their
digests, and nothing be loaded but sound from where the page lies.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import orjson

from pipeline.reports.listening.sources import Source, audible_formats

_RATES = ("0.75", "1", "1.25", "1.5", "1.75", "2", "2.5", "3")
_KEYS = (
    (("space", "k"), "play, pause"),
    (("j", "l"), "ten seconds back, forward"),
    (("←", "→"), "five seconds back, forward"),
    (("[", "]"), "chapter before, next chapter"),
    (("-", "+"), "slower, faster"),
    (("f",), "follow the voice"),
    (("t",), "show takes"),
)

_SOON = "<p>The first page is being made; it will be here by itself.</p>"
_TOOLS = (
    '<div class="tools"><button type="button" id="follow" aria-pressed="true">Follow the voice</button>'
    '<button type="button" id="show-takes" aria-pressed="false">Show takes</button></div>'
)


@dataclass(frozen=True, slots=True)
class PageChapter:
    """A chapter on the page: its length, what plays it (best first), its waveform, and its text and times, which are
    made when they are written: those of all chapters together would be many times the page."""

    slug: str
    title: str
    seconds: float
    sources: tuple[Source, ...]
    waveform: bytes
    data: Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """All that is on the page. ``findings`` are rows (:func:`pipeline.reports.listening.findings.findings_data`), None
    where nobody looked; ``costs`` are sentences."""

    slug: str
    title: str
    author: str
    language: str
    chapters: tuple[PageChapter, ...]
    costs: tuple[str, ...]
    findings: Sequence[Sequence[Any]] | None


def page_html(page: Page) -> Iterator[str]:
    """The page, piece by piece: a novel's is some megabytes."""
    style, script = _own("page.css"), _own("page.js")
    yield "<!doctype html>\n"
    yield f'<html lang="en"><head><meta charset="utf-8">\n{_policy(style, script)}\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">\n'
    yield f"<title>{escape(page.title)}</title>\n<style>{style}</style></head>\n"
    yield f"<body>\n{_body(page)}\n"
    yield _block("book", _book(page))
    yield findings_block(page.findings)
    for index, chapter in enumerate(page.chapters):
        yield _block(f"chapter-{index}", chapter.data())
    yield f"<script>{script}</script>\n</body></html>\n"


def findings_block(rows: Sequence[Sequence[Any]] | None) -> str:
    """The element that holds the findings: a line of its own, so that a check made later can replace it."""
    return _block("findings", rows)


def for_preview(html: str, version: str) -> str:
    """The page as the preview serves it: it may hear from its own server, and knows which version it is."""
    html = html.replace("connect-src 'none'", "connect-src 'self'", 1)
    return html.replace('<html lang="en">', f'<html lang="en" data-preview="{escape(version)}">', 1)


@cache
def _own(name: str) -> str:
    return files("pipeline.reports.listening").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """`file:` is what 'self' does not mean for a page opened from a folder."""
    rules = (
        "default-src 'none'",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        "media-src 'self' file:",
        "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _block(name: str, value: object) -> str:
    """Data for the script. No `<` is left in it, so that nothing in it ends the element."""
    text = orjson.dumps(value).decode().replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>\n'


def _book(page: Page) -> dict[str, Any]:
    chapters = [
        {
            "slug": chapter.slug,
            "title": chapter.title,
            "seconds": round(chapter.seconds, 3),
            "sources": [[each.url, each.media_type, round(each.start_seconds, 4)] for each in chapter.sources],
            "wave": b64encode(chapter.waveform).decode(),
        }
        for chapter in page.chapters
    ]
    return {"id": page.slug, "title": page.title, "author": page.author, "chapters": chapters}


def _body(page: Page) -> str:
    seconds = sum(chapter.seconds for chapter in page.chapters)
    author = f'<bdi lang="{escape(page.language)}">{escape(page.author)}</bdi> · ' if page.author else ""
    count = f"{len(page.chapters)} chapter{'s' if len(page.chapters) != 1 else ''}"
    return "\n".join(
        [
            '<a class="skip" href="#text">To the text</a>',
            '<div class="page"><header>',
            f'<h1 dir="auto" lang="{escape(page.language)}">{escape(page.title)}</h1>',
            f"<p>{author}{count} · {clock(seconds)}</p></header>",
            f'<div class="side">{_chapters(page)}',
            f'<aside aria-label="About this recording">{_findings(page)}{_asides(page)}</aside></div>',
            f"<main>{_TOOLS if page.chapters else _SOON}{_without_sound(page)}{_without_script(page)}",
            f'<article id="text" class="text" tabindex="-1" lang="{escape(page.language)}" aria-label="Text">',
            "</article></main></div>",
            _player(),
        ]
    )


def clock(seconds: float) -> str:
    """Seconds as players show them: 1:05, 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _chapters(page: Page) -> str:
    rows = "\n".join(
        f'<li><button type="button"><bdi lang="{escape(page.language)}">{escape(chapter.title)}</bdi>'
        f"<time>{clock(chapter.seconds)}</time></button></li>"
        for chapter in page.chapters
    )
    return f'<nav aria-labelledby="chapters"><h2 id="chapters">Chapters</h2>\n<ol>{rows}</ol></nav>\n'


def _findings(page: Page) -> str:
    if not page.chapters:
        return ""
    return (
        '<details id="findings-list"><summary>Findings<span id="findings-count"></span></summary>'
        '<p class="meta" id="findings-said">`narrate verify` has not listened to this yet.</p>'
        '<ul class="rows" id="finding-rows"></ul></details>\n'
    )


def _asides(page: Page) -> str:
    costs = "".join(f"<p>{escape(line)}</p>" for line in page.costs)
    keys = "".join(
        f"<dt>{' '.join(f'<kbd>{escape(key)}</kbd>' for key in pair)}</dt><dd>{what}</dd>" for pair, what in _KEYS
    )
    return (
        '<details id="takes"><summary>Takes of this chapter</summary><ol class="rows" id="take-rows"></ol></details>\n'
        f"<details><summary>Costs</summary>{costs}</details>\n"
        f"<details><summary>Keys</summary><dl>{keys}</dl>"
        '<p><label><input type="checkbox" id="keys-on" checked> use these keys</label></p></details>\n'
    )


def _without_sound(page: Page) -> str:
    if not page.chapters or all(chapter.sources for chapter in page.chapters):
        return ""
    return (
        '<p class="trouble">There is no sound that a browser plays among the outputs: add <code>{format: mp3}</code> '
        f"(or one of {', '.join(audible_formats()[1:])}) to <code>outputs</code> and render again.</p>\n"
    )


def _without_script(page: Page) -> str:
    links = "".join(
        f'<li><a href="{escape(chapter.sources[0].url)}">{escape(chapter.title)}</a></li>'
        for chapter in page.chapters
        if chapter.sources
    )
    return f"<noscript><p>Without scripts the page cannot follow the voice. The sound:</p><ol>{links}</ol></noscript>"


def _player() -> str:
    rates = "".join(f'<option value="{rate}"{" selected" * (rate == "1")}>{rate}×</option>' for rate in _RATES)
    buttons = (
        ("previous", "", 'aria-label="Chapter before"', _icon("M5 3v14h2v-6l9 6V3L7 9V3z")),
        ("back", "", 'aria-label="Ten seconds back"', "−10"),
        ("play", ' class="play"', "", "Play"),
        ("forward", "", 'aria-label="Ten seconds forward"', "+10"),
        ("next", "", 'aria-label="Next chapter"', _icon("M15 3v14h-2v-6l-9 6V3l9 6V3z")),
    )
    controls = "".join(
        f'<button type="button" id="{name}"{style}{label and f" {label}"}>{text}</button>'
        for name, style, label, text in buttons
    )
    return (
        '<section class="player" id="player" aria-label="Player"><div>'
        '<p class="trouble" id="trouble" role="alert" hidden></p>'
        '<div class="where"><bdi id="title"></bdi><span id="time"></span></div>'
        '<div class="wave"><canvas id="wave" aria-hidden="true"></canvas>'
        '<input type="range" id="position" aria-label="Position in the chapter" min="0" max="1" step="0.1" value="0">'
        f'</div><div class="controls">{controls}<select id="rate" aria-label="Speed">{rates}</select></div>'
        "</div></section>"
    )


def _icon(path: str) -> str:
    return f'<svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d="{path}"/></svg>'
