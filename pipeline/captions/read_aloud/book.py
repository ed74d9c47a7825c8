"""The read-aloud book: a publisher's EPUB with overlays, or one of our own making."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.captions.read_aloud.archive import Entry, write_archive
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.captions.read_aloud.kept_book import kept_book
from pipeline.captions.read_aloud.own_book import own_book
from pipeline.captions.read_aloud.source_book import open_book
from pipeline.store.files import replacing


def write_read_aloud(path: Path, chapters: Sequence[NarratedChapter], edition: Edition, folder: Path) -> None:
    """Write the EPUB 3.3 with Media Overlays for narrated chapters; ``folder`` is the project's.

    A book whose text comes from one EPUB keeps that EPUB's documents, styles, pictures, fonts and navigation, and
    gets spans, overlays and audio; of anything else, documents are made. The same input gives the same bytes.
    Raises InputError where the source is not what was narrated, StorageError where the file cannot be written,
    ValueError without chapters.
    """
    source = source_epub(chapters)
    entries: Iterable[Entry]
    if source is None:
        entries = own_book(chapters, edition)
    else:
        entries = kept_book(open_book(folder / source, shown=source), chapters, edition)
    with replacing(path) as temporary:
        write_archive(temporary, entries)


def source_epub(chapters: Sequence[NarratedChapter]) -> str | None:
    """The one EPUB that the text comes from, relative to the project's folder; None for several sources, or others.

    Spoken credits, which the manifest holds, do not count; an EPUB that is kept does not show them.
    """
    sources = [block.source for chapter in chapters for block in chapter.script.blocks if block.text]
    files = {source.file for source in sources if not (source.element or "").startswith("credits.")}
    [only] = files if len(files) == 1 else [""]
    return only if only.lower().endswith(".epub") else None
