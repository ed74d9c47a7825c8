"""Names of files and folders that people's words go into: readable, and safe on every file system."""

from __future__ import annotations

import unicodedata

from pipeline.assembly.marks import cut_to_bytes

_MOST_BYTES = 120
"""Half of what file systems take, so that two names and a suffix fit into one."""
_REFUSED = '<>:"/\\|?*'
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def file_name(words: str) -> str:
    """The words as one name: no separators, no characters that Windows refuses or nobody sees, no dots at the ends."""
    kept = "".join(" " if character in _REFUSED else character for character in words if _visible(character))
    name = cut_to_bytes(" ".join(kept.split()).strip(" ."), _MOST_BYTES).strip(" .")
    if not name:
        return "untitled"
    return f"{name}_" if name.split(".")[0].lower() in _RESERVED else name


def _visible(character: str) -> bool:
    """Not a control character, a direction mark or the like, or a half of a surrogate pair; spaces are."""
    return character in "\t\n\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn")
