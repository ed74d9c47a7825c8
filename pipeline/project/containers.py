"""What a manifest can ask of sound files and of the packages made of them, and which formats have no use for it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import urlsplit

from pipeline.project.fields import Expect

PACKAGES = ("audiobookshelf", "lpf", "rss")
"""Formats that hold or name other files: a server's folder, a W3C Audiobook, a podcast's feed."""
_EITHER = ("mp3", "opus", "flac")
_ENCLOSED = ("mp3", "m4a")


class Per(StrEnum):
    """What gets a file of its own."""

    CHAPTER = "chapter"
    BOOK = "book"


def web_folder() -> Expect:
    """The address of a folder on the web; it is given without the slash at its end."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= 500 or not value.isascii() or not value.isprintable():
            raise ValueError
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError
        if parts.username is not None or any(character in value for character in ' "<>\\^`{|}'):
            raise ValueError
        return value.rstrip("/")

    return Expect("the address of a folder such as https://example.org/ledger", read, {"type": "string"})


def refused_file_option(output: str, per: Per | None, base_url: str | None) -> tuple[str, str] | None:
    """The key of an output's options that makes no sense for its format, with what would; None where all do."""
    if per is not None and output not in _EITHER:
        return "per", f"no `per`, since {output} has its own (for {', '.join(_EITHER)}: chapter or book)"
    if output == "rss" and base_url is None:
        return "format", "rss with a `base_url`, where the outputs will lie, such as https://example.org/ledger"
    if output != "rss" and base_url is not None:
        return "base_url", f"no base_url, since {output} holds no addresses"
    return None


def refused_feed(formats: Iterable[tuple[str, Per | None]], date: str | None) -> tuple[int, str] | None:
    """Which output is a feed that lacks files to enclose or a date, with what it would need; None where none does."""
    asked = list(formats)
    feed = next((index for index, (output, _) in enumerate(asked) if output == "rss"), None)
    if feed is None:
        return None
    if not any(output in _ENCLOSED and per is not Per.BOOK for output, per in asked):
        return feed, "rss beside an mp3 or m4a output, whose files the feed names"
    return None if date else (feed, "rss only with a `date` in `metadata`: a feed's dates never come from the clock")
