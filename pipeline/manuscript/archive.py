"""Whether an EPUB may be opened at all: checked before EbookLib reads it, which trusts its input."""

from __future__ import annotations

import posixpath
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from pipeline.errors import InputError, Problem
from pipeline.manuscript.xmltree import line_of, local_name, parse_xml

MOST_FILES = 20_000
MOST_BYTES = 512 * 2**20
"""Unpacked, all files together: EbookLib reads every one of them, pictures too."""
MOST_DOCUMENT_BYTES = 32 * 2**20
HIGHEST_RATIO = 200
"""Unpacked to packed. Repetitive XHTML packs to 1:50; deflate ends at 1:1032, and bombs are made of that."""
_RATIO_MATTERS_BYTES = 8 * 2**20

UNPACKING_ERRORS = (OSError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile, zipfile.LargeZipFile)
"""What zipfile raises for damaged data (NotImplementedError, for an unknown method, is a RuntimeError)."""

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PACKAGE_TYPE = "application/oebps-package+xml"
# Fonts may be obfuscated (EPUB 3.3, section 4.4; Adobe's older way): that hides no text.
_FONT_ALGORITHMS = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".pls", ".xht")


def check_archive(path: Path, *, shown: str) -> None:
    """Check an EPUB before it is opened. Raises InputError, one line for each thing wrong, what to do included.

    Refused: no ZIP; too many files, too much unpacked, too high a ratio (bombs); names that leave the archive,
    links; encrypted files; no container, package or spine; a package that names files which are not there;
    declared entities in what EbookLib parses (OWASP XXE; EPUB OCF 3.3, section 4).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _raise(_entry_problems(archive.infolist(), path.stat().st_size), shown)
            names = set(archive.namelist())
            _raise(_encryption_problems(archive, names, shown), shown)
            for package in _package_names(archive, names, shown):
                _raise(_package_problems(archive, names, package, shown), shown)
    except FileNotFoundError as exc:
        raise _error(shown, "does not exist") from exc
    except zipfile.BadZipFile as exc:
        raise _error(shown, f"is no EPUB: {_lower(str(exc))}; download or export it again") from exc
    except UNPACKING_ERRORS as exc:
        raise _error(shown, f"cannot be unpacked: {exc}; export it again") from exc


def _entry_problems(entries: list[zipfile.ZipInfo], packed: int) -> Iterator[str]:
    if len(entries) > MOST_FILES:
        yield f"holds {len(entries):,} files; expected at most {MOST_FILES:,}"
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        yield f"unpacks to {total / 2**20:,.0f} MiB; expected at most {MOST_BYTES // 2**20}: shrink its pictures"
    elif total > _RATIO_MATTERS_BYTES and total > HIGHEST_RATIO * packed:
        yield f"unpacks to {total // max(packed, 1):,} times its size, as a ZIP bomb does; it is not opened"
    for entry in entries:
        name = entry.filename
        if _leaves(name):
            yield f"holds the file name '{name[:80]}', which leads out of the archive; it is not opened"
        elif stat.S_ISLNK(entry.external_attr >> 16):
            yield f"holds the link '{name[:80]}'; replace it by the file itself"
        elif entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # EPUB OCF 3.3, section 4.2.2
            yield f"holds '{name[:80]}' packed in a way that EPUB has not; export it again"
        elif entry.flag_bits & 1:
            yield f"holds '{name[:80]}' locked with a password; save it without"
        elif name.lower().endswith(_TEXT_SUFFIXES) and entry.file_size > MOST_DOCUMENT_BYTES:
            size, most = entry.file_size / 2**20, MOST_DOCUMENT_BYTES // 2**20
            yield f"holds '{name[:80]}' of {size:,.0f} MiB; expected at most {most}: split it into chapters"


def _leaves(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0] or "\0" in name


def _encryption_problems(archive: zipfile.ZipFile, names: set[str], shown: str) -> Iterator[str]:
    if _ENCRYPTION not in names:
        return
    root = _xml(archive, _ENCRYPTION, shown)
    for data in root.iter("{*}EncryptedData"):
        method = next(data.iter("{*}EncryptionMethod"), None)
        target = next(data.iter("{*}CipherReference"), None)
        if method is None or method.get("Algorithm") not in _FONT_ALGORITHMS:
            what = (target.get("URI") or "" if target is not None else "") or "its content"
            yield f"is encrypted ({what}), as copy protection does; use an edition without DRM"
            return


def _package_names(archive: zipfile.ZipFile, names: set[str], shown: str) -> list[str]:
    if _CONTAINER not in names:
        raise _error(shown, f"has no {_CONTAINER}, so it is no EPUB; export it again")
    files = [
        posixpath.normpath(root.get("full-path") or "")
        for root in _xml(archive, _CONTAINER, shown).iter("{*}rootfile")
        if root.get("media-type") == _PACKAGE_TYPE
    ]
    if not files:
        raise _error(shown, f"{_CONTAINER} names no package document ({_PACKAGE_TYPE}); export it again")
    _raise((f"{_CONTAINER} names '{name}', which is not there" for name in files if name not in names), shown)
    return files


def _package_problems(archive: zipfile.ZipFile, names: set[str], package: str, shown: str) -> Iterator[str]:
    root = _xml(archive, package, shown)
    parts = {local_name(child): child for child in root}
    missing = [name for name in ("metadata", "manifest", "spine") if name not in parts]
    if missing:
        yield f"{package} has no {' and no '.join(missing)}; export it again"
        return
    items = [item for item in parts["manifest"] if local_name(item) == "item"]
    yield from _item_problems(archive, names, package, items, shown)
    known = {item.get("id") for item in items}
    for reference in parts["spine"]:
        if local_name(reference) and reference.get("idref") not in known:
            yield f"{package} puts '{reference.get('idref')}' into the spine, but its manifest has no such item"
    table = parts["spine"].get("toc")
    if table and table not in known:
        yield f"{package} names the table of contents '{table}', but its manifest has no such item"


def _item_problems(
    archive: zipfile.ZipFile, names: set[str], package: str, items: Iterable[etree._Element], shown: str
) -> Iterator[str]:
    lost = []
    for item in items:
        if not item.get("id") or not item.get("href"):
            yield f"{package}:{line_of(item)}: an item without id or href; export the book again"
            continue
        href = item.get("href") or ""
        is_navigation = "nav" in (item.get("properties") or "").split()
        name = posixpath.normpath(posixpath.join(posixpath.dirname(package), href if is_navigation else unquote(href)))
        if name not in names:
            lost.append(href)
        elif is_navigation or item.get("media-type") == "application/x-dtbncx+xml":
            _xml(archive, name, shown)
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        yield f"{package} names files that are not in the archive: {', '.join(lost[:3])}{more}; export the book again"


def _xml(archive: zipfile.ZipFile, name: str, shown: str) -> etree._Element:
    return parse_xml(archive.read(name), shown=f"{shown}/{name}")


def _raise(messages: Iterable[str], shown: str) -> None:
    problems = [Problem(shown, 0, 0, message) for _, message in zip(range(10), messages, strict=False)]
    if problems:
        raise InputError(problems)


def _error(shown: str, message: str) -> InputError:
    return InputError([Problem(shown, 0, 0, message)])


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
