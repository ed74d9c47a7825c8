from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.project.encoding import read_text

WORDS = "Grüße, “Elsie” — 夜\nsecond line\n"


def _read(path: Path, data: bytes, limit_bytes: int = 10_000) -> str:
    path.write_bytes(data)
    return read_text(path, shown="part/one.md", limit_bytes=limit_bytes)


def _problem(path: Path, data: bytes, limit_bytes: int = 10_000) -> str:
    with pytest.raises(InputError) as caught:
        _read(path, data, limit_bytes)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    "data",
    [
        WORDS.encode("utf-8"),
        WORDS.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + WORDS.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + WORDS.encode("utf-32-be"),
        WORDS.replace("\n", "\r\n").encode("utf-8"),
        WORDS.replace("\n", "\r").encode("utf-8"),
        codecs.BOM_UTF16_LE + WORDS.replace("\n", "\r\n").encode("utf-16-le"),
    ],
    ids=["utf8", "utf8-bom", "utf16-le", "utf16-be", "utf32-le", "utf32-be", "crlf", "cr", "utf16-crlf"],
)
def test_every_unicode_file_reads_as_the_same_text(tmp_path: Path, data: bytes) -> None:
    assert _read(tmp_path / "file", data) == WORDS


def test_an_empty_file_is_empty_text(tmp_path: Path) -> None:
    assert _read(tmp_path / "file", b"") == ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "one\ntwo caf\u00e9\n".encode("cp1252"),
            (
                "part/one.md:2:8: byte 0xE9 is not UTF-8; the file looks like Windows-1252 or Latin-1, "
                "where it would be 'é'; save it as UTF-8"
            ),
        ),
        (
            "one\r\n\u201cHush\u201d\r\n".encode("cp1252"),
            (
                "part/one.md:2:1: byte 0x93 is not UTF-8; the file looks like Windows-1252 or Latin-1, "
                "where it would be '“'; save it as UTF-8"
            ),
        ),
        (
            "ö one\rtwo\r".encode() + b"abc\x81",
            "part/one.md:3:4: byte 0x81 is not UTF-8; the file is in another encoding; save it as UTF-8",
        ),
        (b"one\ntwo\0three", "part/one.md:2:4: holds a NUL byte, so it is not text; save it as UTF-8"),
        (
            "plain words".encode("utf-16-le"),
            "part/one.md:1:2: looks like UTF-16 (little-endian) without a byte order mark; save it as UTF-8",
        ),
        (
            "plain words".encode("utf-16-be"),
            "part/one.md:1:1: looks like UTF-16 (big-endian) without a byte order mark; save it as UTF-8",
        ),
        (
            codecs.BOM_UTF16_LE + "a\nbc".encode("utf-16-le") + b"\x00\xd8x\x00",
            "part/one.md:2:3: the file begins as UTF-16 but byte 10 is not; save it as UTF-8",
        ),
        (
            codecs.BOM_UTF8 + b"fine\nthen \xff",
            "part/one.md:2:6: the file begins as UTF-8 but byte 13 is not; save it as UTF-8",
        ),
        (
            codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"),
            "part/one.md:1:2: holds a NUL character, so it is not text; save it as UTF-8",
        ),
        (b"%PDF-1.7\n", "part/one.md:1:1: is a PDF document, not text; save it as plain text in UTF-8"),
        (
            b"PK\x03\x04rest",
            (
                "part/one.md:1:1: is a ZIP archive (as .docx, .odt and .epub files are), not text; "
                "save it as plain text in UTF-8"
            ),
        ),
    ],
    ids=["cp1252", "cp1252-quotes", "other", "nul", "utf16-le", "utf16-be", "cut", "bad-bom", "wide-nul", "pdf", "zip"],
)
def test_what_is_no_unicode_text_is_refused_by_name_and_place(tmp_path: Path, data: bytes, expected: str) -> None:
    assert _problem(tmp_path / "file", data) == expected


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    assert _read(tmp_path / "file", b"x" * 2000, limit_bytes=2000) == "x" * 2000
    message = _problem(tmp_path / "file", b"x" * 2001, limit_bytes=2000)
    assert message == "part/one.md: is too large: 2,001 bytes; expected at most 2,000"


def test_what_is_not_there_or_not_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"part/one\.md: does not exist"):
        read_text(tmp_path / "absent", shown="part/one.md", limit_bytes=10)
    with pytest.raises(InputError, match=r"one\.md: is not a regular file"):
        read_text(tmp_path, shown="one.md", limit_bytes=10)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        read_text(tmp_path / "pipe", shown="pipe", limit_bytes=10)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_give_text_with_unix_lines_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    try:
        text = _read(path, data)
    except InputError:
        return
    assert "\r" not in text
    assert "\0" not in text
