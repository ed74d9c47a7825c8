"""A small EPUB press, and projects made on the spot."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pipeline.manuscript.model import Manuscript
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.models import ChapterEntry, Project

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
TYPES = {".xhtml": "application/xhtml+xml", ".pls": "application/pls+xml", ".ncx": "application/x-dtbncx+xml"}
TYPES |= {".png": "image/png", ".css": "text/css", ".otf": "font/otf"}


def page(body: str, *, title: str = "", attributes: str = "", body_attributes: str = "") -> str:
    """An XHTML document."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" xmlns:ssml="http://www.w3.org/2001/10/synthesis" '
        f"{attributes}><head><title>{title}</title></head><body {body_attributes}>{body}</body></html>"
    )


def navigation(items: str) -> str:
    """A nav document around list items."""
    return page(f'<nav epub:type="toc"><ol>{items}</ol></nav>')


def link(target: str, title: str, inner: str = "") -> str:
    """An entry of a nav document."""
    return f'<li><a href="{target}">{title}</a>{f"<ol>{inner}</ol>" if inner else ""}</li>'


def package(files: Sequence[str], spine: Sequence[str], nav: str | None, ncx: str | None, guide: str = "") -> str:
    """A package document; a name in ``spine`` that begins with ``-`` is not linear."""
    items = ""
    for name in files:
        properties = ' properties="nav"' if name == nav else ""
        items += f'<item id="{name}" href="{name}" media-type="{TYPES[Path(name).suffix]}"{properties}/>'
    references = "".join(
        f'<itemref idref="{name.lstrip("-")}"{" linear=" + chr(34) + "no" + chr(34) if name[0] == "-" else ""}/>'
        for name in spine
    )
    toc = f' toc="{ncx}"' if ncx else ""
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier>'
        f"<dc:title>T</dc:title></metadata><manifest>{items}</manifest>"
        f"<spine{toc}>{references}</spine>{guide}</package>"
    )


def press(
    path: Path,
    documents: Mapping[str, str],
    *,
    nav: str | None = None,
    ncx: str | None = None,
    spine: Sequence[str] | None = None,
    guide: str = "",
    extra: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write an EPUB; ``documents`` are the files beside the package, ``extra`` overrides or adds by full name."""
    files = dict(documents)
    if nav is not None:
        files["nav.xhtml"] = navigation(nav)
    if ncx is not None:
        files["toc.ncx"] = ncx
    order = spine if spine is not None else [name for name in documents if name.endswith(".xhtml")]
    opf = package(list(files), order, "nav.xhtml" if nav is not None else None, "toc.ncx" if ncx else None, guide)
    entries: dict[str, str | bytes] = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    entries |= {"EPUB/package.opf": opf, **{f"EPUB/{name}": text for name, text in files.items()}}
    entries |= extra or {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def make_epub(tmp_path: Path) -> Callable[..., Path]:
    """``press``, writing ``book.epub`` into the test's folder."""
    return lambda documents, **settings: press(tmp_path / "book.epub", documents, **settings)


@pytest.fixture
def xhtml() -> Callable[..., str]:
    """``page``."""
    return page


@pytest.fixture
def entry() -> Callable[..., str]:
    """``link``."""
    return link


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Manuscript]:
    """Read chapters entries of a project in the test's folder: ``read("book.epub", include=("one",))``."""

    def reading(*sources: str | ChapterEntry, language: str = "en", **settings: object) -> Manuscript:
        entries = tuple(
            source if isinstance(source, ChapterEntry) else ChapterEntry.model_validate({"source": source, **settings})
            for source in sources
        )
        folder = tmp_path.resolve()
        manifest = folder / "project.yaml"
        return read_manuscript(
            Project(folder=folder, manifest=manifest, title="T", language=language, chapters=entries)
        )

    return reading
