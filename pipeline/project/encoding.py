"""Text files as people save them: UTF-8 or UTF-16 read as meant, anything else refused by name and place."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from pipeline.errors import InputError, Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)

_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive (as .docx, .odt and .epub files are)"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"ID3", "an MP3 file"),
)


def read_text(path: Path, *, shown: str, limit_bytes: int) -> str:
    """The text of a file, with LF line ends and without a byte order mark.

    UTF-8 with or without mark, UTF-16 and UTF-32 with one. ``shown`` is the file's name in messages;
    ``limit_bytes`` bounds what is read. Raises InputError, with the line and column of the first bad byte, for a
    file that is missing, not a regular file, too large, binary, or in an older encoding: those cannot be told
    apart safely, and a wrong guess would be spoken aloud.
    """
    data = _read_bytes(path, shown, limit_bytes)
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _unix_lines(_decode_marked(data, mark, codec, name, shown), shown)
    _refuse_binary(data, shown)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise InputError([_legacy_problem(data, exc.start, shown)]) from exc
    return _unix_lines(text, shown)


def _read_bytes(path: Path, shown: str, limit_bytes: int) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError([Problem(shown, 0, 0, "is not a regular file; expected a text file")])
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except FileNotFoundError as exc:
        raise InputError([Problem(shown, 0, 0, "does not exist; expected a file in the project's folder")]) from exc
    except OSError as exc:
        raise InputError([Problem(shown, 0, 0, f"cannot be read: {exc.strerror}")]) from exc
    if len(data) > limit_bytes:
        size = path.stat().st_size
        message = f"is too large: {size:,} bytes; expected at most {limit_bytes:,}"
        raise InputError([Problem(shown, 0, 0, message)])
    return data


def _decode_marked(data: bytes, mark: bytes, codec: str, name: str, shown: str) -> str:
    body = data[len(mark) :]
    try:
        return body.decode(codec)
    except UnicodeDecodeError as exc:
        line, column = _place(body[: exc.start].decode(codec))
        message = f"the file begins as {name} but byte {len(mark) + exc.start} is not; save it as UTF-8"
        raise InputError([Problem(shown, line, column, message)]) from exc


def _refuse_binary(data: bytes, shown: str) -> None:
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            raise InputError([Problem(shown, 1, 1, f"is {name}, not text; save it as plain text in UTF-8")])
    at = data.find(b"\0")
    if at < 0:
        return
    wide = _unmarked_utf16(data)
    what = f"looks like {wide} without a byte order mark" if wide else "holds a NUL byte, so it is not text"
    line, column = _place(data[:at].decode("utf-8", "replace"))
    raise InputError([Problem(shown, line, column, f"{what}; save it as UTF-8")])


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 of mostly Western text has a zero in every second byte."""
    head = data[:2048]
    pairs = len(head) // 2
    if pairs < 2:
        return None
    if head[1::2].count(0) > 0.7 * pairs and head[0::2].count(0) < 0.1 * pairs:
        return "UTF-16 (little-endian)"
    if head[0::2].count(0) > 0.7 * pairs and head[1::2].count(0) < 0.1 * pairs:
        return "UTF-16 (big-endian)"
    return None


def _legacy_problem(data: bytes, at: int, shown: str) -> Problem:
    line, column = _place(data[:at].decode("utf-8"))
    byte = f"byte 0x{data[at]:02X} is not UTF-8"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        guess = "the file is in another encoding"
    else:
        guess = f"the file looks like Windows-1252 or Latin-1, where it would be '{data[at : at + 1].decode('cp1252')}'"
    return Problem(shown, line, column, f"{byte}; {guess}; save it as UTF-8")


def _unix_lines(text: str, shown: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    at = text.find("\0")
    if at >= 0:
        line, column = _place(text[:at])
        raise InputError([Problem(shown, line, column, "holds a NUL character, so it is not text; save it as UTF-8")])
    return text


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows ``before``."""
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
