"""Bytes to lines, whatever the bytes are."""

from __future__ import annotations

import codecs
import re

from pipeline.captions.checking.findings import Fault, Reading

_LINE_END = re.compile("\r\n|\n|\r")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def lines_of(data: bytes, reading: Reading) -> list[str]:
    """The lines of a file, without their ends.

    UTF-8, with or without a byte order mark, is right; UTF-16 and UTF-32 with their marks are read and noted; any other
    bytes are read as Windows-1252, in which old files mostly are, and noted.
    """
    text = _decoded(data, reading)
    if "\0" in text:
        reading.error(Fault.ENCODING, _line_at(text, text.index("\0")), "a NUL character")
    return _LINE_END.split(text)


def _decoded(data: bytes, reading: Reading) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            reading.error(Fault.ENCODING, 1, f"the file is {name.upper()}; captions are UTF-8")
            return data.decode(name, errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(data[: error.start].decode("utf-8", errors="replace"), error.start)
        reading.error(Fault.ENCODING, line, "bytes that are not UTF-8; read as Windows-1252")
        return data.removeprefix(codecs.BOM_UTF8).decode("cp1252", errors="replace")


def _line_at(text: str, offset: int) -> int:
    return len(_LINE_END.findall(text[:offset])) + 1
