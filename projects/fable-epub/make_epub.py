# ruff: noqa: INP001 - a script that stands alone, not a package
"""Packs ``book/`` into ``the-heron-who-kept-the-hours.epub``, the same bytes on every machine.

Run as ``python projects/fable-epub/make_epub.py``.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPUB = HERE / "the-heron-who-kept-the-hours.epub"


def make_epub(source: Path, target: Path) -> None:
    """Zip ``source`` as an EPUB container (OCF 3.3, section 4.2): ``mimetype`` first, nothing but file names and bytes.

    Members are stored, not deflated, since what zlib makes of a file differs between its builds.
    """
    names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(names, key=lambda name: (name != "mimetype", name)):
            member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, (source / name).read_bytes())


if __name__ == "__main__":
    make_epub(HERE / "book", EPUB)
