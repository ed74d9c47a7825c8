"""Archives that would harm, or that EbookLib would choke on, are refused by name before it opens them."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.manuscript import epub as epub_module
from pipeline.manuscript.epub import read_publication
from pipeline.manuscript.model import Manuscript

Make = Callable[..., Path]
Read = Callable[..., Manuscript]
Text = Callable[..., str]

ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OPF = "<package><metadata/><manifest>{}</manifest><spine>{}</spine></package>"
ENCRYPTED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
    'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
    '<enc:EncryptionMethod Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="EPUB/a.xhtml"/></enc:CipherData>'
    "</enc:EncryptedData></encryption>"
)


def refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The message; the test fails if EbookLib is reached."""

    def reached(*_: object) -> None:
        pytest.fail("EbookLib was reached")

    monkeypatch.setattr(epub_module, "_open", reached)
    with pytest.raises(InputError) as caught:
        read_publication(path, shown="book.epub")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("book.epub") for line in lines)
    return "\n".join(lines)


def test_what_is_no_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, data in (("text", b"hello"), ("empty", b""), ("cut", b"PK\x03\x04" + b"\0" * 40)):
        (tmp_path / name).write_bytes(data)
        assert "is no EPUB" in refused(tmp_path / name, monkeypatch)
    assert "does not exist" in refused(tmp_path / "absent.epub", monkeypatch)
    (tmp_path / "folder.epub").mkdir()
    assert "cannot be unpacked" in refused(tmp_path / "folder.epub", monkeypatch)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"EPUB/bomb.bin": b"\0" * 12_000_000}, "ZIP bomb"),
        ({"../evil.xhtml": "x"}, "leads out of the archive"),
        ({"/etc/evil": "x"}, "leads out of the archive"),
        ({"C:\\evil": "x"}, "leads out of the archive"),
        ({"a\\..\\..\\evil": "x"}, "leads out of the archive"),
        ({"META-INF/encryption.xml": ENCRYPTED.format("http://www.w3.org/2001/04/xmlenc#aes256-cbc")}, "encrypted"),
        ({"META-INF/encryption.xml": ENCRYPTED.format("http://ns.adobe.com/adept")}, "without DRM"),
        ({"META-INF/container.xml": ENTITIES + "<container/>"}, "declares XML entities"),
        ({"META-INF/container.xml": "<container>"}, "not well-formed"),
        ({"META-INF/container.xml": "<container/>"}, "names no package document"),
        ({"EPUB/package.opf": ENTITIES + "<package/>"}, "declares XML entities"),
        ({"EPUB/package.opf": "<package"}, "not well-formed"),
        ({"EPUB/package.opf": "<package><metadata/><manifest/></package>"}, "has no spine"),
        (
            {"EPUB/package.opf": OPF.format('<item id="a" href="gone.xhtml"/>', "")},
            "names files that are not in the archive: gone.xhtml",
        ),
        (
            {"EPUB/package.opf": OPF.format("", '<itemref idref="x"/>')},
            "puts 'x' into the spine",
        ),
        ({"EPUB/package.opf": OPF.format("<item/>", "")}, "without id or href"),
        ({"EPUB/nav.xhtml": ENTITIES + "<html/>"}, "declares XML entities"),
    ],
)  # fmt: skip
def test_what_would_harm_is_refused_with_its_reason(
    extra: dict[str, str | bytes],
    message: str,
    make_epub: Make,
    xhtml: Text,
    entry: Text,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = make_epub({"a.xhtml": xhtml("<p>a</p>")}, nav=entry("a.xhtml", "A"), extra=extra)
    assert message in refused(book, monkeypatch)


def test_a_missing_container_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "x")
    assert "so it is no EPUB" in refused(tmp_path / "a.docx", monkeypatch)


def test_links_and_locked_files_are_refused(make_epub: Make, xhtml: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    book = make_epub({"a.xhtml": xhtml("<p>a</p>")})
    linked = zipfile.ZipInfo("EPUB/link.xhtml")
    linked.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr(linked, "/etc/passwd")
    assert "holds the link 'EPUB/link.xhtml'" in refused(book, monkeypatch)
    data = bytearray(make_epub({"a.xhtml": xhtml("<p>a</p>")}).read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    book.write_bytes(data)
    assert "password" in refused(book, monkeypatch)


def test_too_many_files_and_too_large_documents_are_refused(
    make_epub: Make, xhtml: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.manuscript.archive.MOST_FILES", 5)
    monkeypatch.setattr("pipeline.manuscript.archive.MOST_DOCUMENT_BYTES", 1000)
    book = make_epub({f"{n}.xhtml": xhtml("<p>a</p>" * 200) for n in range(6)})
    message = refused(book, monkeypatch)
    assert "holds 9 files; expected at most 5" in message
    assert "split it into chapters" in message


def test_all_problems_of_an_archive_come_at_once(make_epub: Make, xhtml: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    book = make_epub({"a.xhtml": xhtml("<p>a</p>")}, extra={"../one": "x", "/two": "x"})
    assert len(refused(book, monkeypatch).splitlines()) == 2


def test_obfuscated_fonts_are_no_reason_to_refuse(make_epub: Make, read: Read, xhtml: Text) -> None:
    extra = {"META-INF/encryption.xml": ENCRYPTED.format("http://www.idpf.org/2008/embedding")}
    make_epub({"a.xhtml": xhtml("<p>a</p>"), "f.otf": "font"}, extra=extra)
    assert [block.text for block in read("book.epub").chapters[0].blocks] == ["a"]


def test_entities_in_a_document_are_refused_and_nothing_is_fetched(
    make_epub: Make, read: Read, xhtml: Text, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden treasure", encoding="utf-8")
    doctype = f'<!DOCTYPE html [<!ENTITY s SYSTEM "file://{tmp_path}/secret">]>'
    make_epub({"a.xhtml": xhtml("<p>&s;</p>").replace("?>", f"?>{doctype}", 1)})
    with pytest.raises(InputError, match=r"book\.epub/a\.xhtml:1: declares XML entities"):
        read("book.epub")


def test_a_public_doctype_is_harmless(make_epub: Make, read: Read, xhtml: Text) -> None:
    doctype = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
    make_epub({"a.xhtml": xhtml("<p>a&nbsp;b &copy;</p>").replace("?>", f"?>{doctype}", 1)})
    assert read("book.epub").chapters[0].blocks[0].text == "a b ©"


def test_what_ebooklib_cannot_read_after_all_is_said_in_one_line(make_epub: Make, read: Read, xhtml: Text) -> None:
    make_epub({"a.xhtml": xhtml("<p>a</p>")}, nav="", extra={"EPUB/nav.xhtml": xhtml("<p>no list</p>")})
    with pytest.raises(InputError) as caught:
        read("book.epub")
    assert str(caught.value).startswith("book.epub: its package or navigation is damaged (")


def files_in_problems(read: Read) -> list[str]:
    try:
        read("book.epub")
    except InputError as exc:
        return [problem.file for problem in exc.problems]
    return []


@given(at=st.floats(0, 1), damage=st.binary(min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_never_raises_anything_but_input_errors(
    at: float, damage: bytes, make_epub: Make, read: Read, xhtml: Text, entry: Text
) -> None:
    book = make_epub({"a.xhtml": xhtml("<h1>A</h1><p>a</p>")}, nav=entry("a.xhtml", "A"))
    data = bytearray(book.read_bytes())
    start = int(at * (len(data) - 1))
    data[start : start + len(damage)] = damage
    book.write_bytes(data)
    assert all(file.startswith("book.epub") for file in files_in_problems(read))


@given(text=st.text(st.sampled_from(list("<>&;/!-[]\"'=ab ?xml:epubtypeidhrefnavol\n")), max_size=300))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_nonsense_package_never_raises_anything_but_input_errors(
    text: str, make_epub: Make, read: Read, xhtml: Text
) -> None:
    for name in ("EPUB/package.opf", "EPUB/nav.xhtml", "EPUB/a.xhtml"):
        make_epub({"a.xhtml": xhtml("<p>a</p>")}, nav="", extra={name: text})
        assert all(file.startswith("book.epub") for file in files_in_problems(read))
