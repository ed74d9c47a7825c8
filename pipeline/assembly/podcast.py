"""A podcast's feed of the chapters: RSS 2.0 with Apple's names, for people who host the book themselves.

Episodes are dated by the book's own date, a minute apart in the order of the book, since apps sort by date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from pipeline.assembly.tags import Tags, described, one_line
from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.project.formats import OutputFormat

_MIME = {OutputFormat.MP3: "audio/mpeg", OutputFormat.M4A: "audio/x-m4a"}
FEED = "feed.xml"


@dataclass(frozen=True, slots=True)
class Episode:
    """A chapter's file: ``path`` below the feed's folder, ``size`` in bytes, ``samples`` at 24,000 Hz."""

    slug: str
    title: str
    number: int
    path: str
    size: int
    samples: int
    text: str


def feed_xml(book_slug: str, tags: Tags, base_url: str, cover: str | None, episodes: Sequence[Episode]) -> bytes:
    """The feed. An episode's guid is the book's and the chapter's slug: it stays when files or addresses change.

    Raises ValueError without a date.
    """
    if tags.date is None:
        raise ValueError("a feed needs a date")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"',
        '     xmlns:atom="http://www.w3.org/2005/Atom">',
        "<channel>",
        *_channel(tags, base_url, cover),
    ]
    for position, episode in enumerate(episodes):
        lines += _item(book_slug, base_url, episode, _dated(tags.date, position))
    return "\n".join([*lines, "</channel>", "</rss>", ""]).encode()


def _channel(tags: Tags, base_url: str, cover: str | None) -> Iterator[str]:
    yield f"  <title>{_words(tags.album)}</title>"
    yield f"  <link>{_words(base_url)}/</link>"
    yield f'  <atom:link rel="self" type="application/rss+xml" href={quoteattr(f"{base_url}/{FEED}")}/>'
    yield f"  <description>{_words(described(tags))}</description>"
    yield f"  <language>{_words(tags.language or 'und')}</language>"
    yield f"  <pubDate>{_dated(tags.date or '', 0)}</pubDate>"
    if tags.author:
        yield f"  <itunes:author>{_words(tags.author)}</itunes:author>"
    yield "  <itunes:type>serial</itunes:type>"
    yield f"  <itunes:explicit>{'true' if tags.explicit else 'false'}</itunes:explicit>"
    yield '  <itunes:category text="Arts"><itunes:category text="Books"/></itunes:category>'
    if cover:
        yield f"  <itunes:image href={quoteattr(_address(base_url, cover))}/>"


def _item(book_slug: str, base_url: str, episode: Episode, dated: str) -> Iterator[str]:
    kind = _MIME[OutputFormat(episode.path.rsplit(".", 1)[-1])]
    yield "  <item>"
    yield f"    <title>{_words(episode.title)}</title>"
    yield (
        f"    <enclosure url={quoteattr(_address(base_url, episode.path))} length={quoteattr(str(episode.size))}"
        f" type={quoteattr(kind)}/>"
    )
    yield f'    <guid isPermaLink="false">{_words(book_slug)}/{_words(episode.slug)}</guid>'
    yield f"    <pubDate>{dated}</pubDate>"
    yield f"    <description>{_words(_first_words(episode))}</description>"
    yield f"    <itunes:duration>{round(episode.samples / TIMELINE_RATE)}</itunes:duration>"
    yield f"    <itunes:episode>{episode.number}</itunes:episode>"
    yield "    <itunes:episodeType>full</itunes:episodeType>"
    yield "  </item>"


def _dated(day: str, minutes: int) -> str:
    """RFC 822, as RSS wants it; midnight UTC of the day, of the first of a month or of a year."""
    whole = date.fromisoformat(day + "-01-01"[len(day) - 4 :])
    at = datetime(whole.year, whole.month, whole.day, tzinfo=UTC) + timedelta(minutes=minutes)
    return format_datetime(at, usegmt=True)


def _first_words(episode: Episode, most: int = 300) -> str:
    """What the chapter begins with, behind its title."""
    flat = " ".join(episode.text.split()).removeprefix(episode.title).lstrip(" .:")
    return flat if len(flat) <= most else f"{flat[:most].rsplit(' ', 1)[0]} …"


def _address(base_url: str, path: str) -> str:
    return f"{base_url}/{quote(path)}"


def _words(text: str) -> str:
    return escape(one_line(text))
