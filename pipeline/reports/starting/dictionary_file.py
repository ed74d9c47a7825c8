"""The skeleton of a pronunciation dictionary: every word that may go wrong, commented out, with its clip to hear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from pipeline.project.wording import printable
from pipeline.reports.starting.rare_words import RareWord

_HEADER = """\
# How names and rare words are said. `word` is what stands in the manuscript, and captions always show that;
# `replacement` is what is spoken instead, spelt as a reader would say it right; `ipa` wins where an engine takes it.
#
#   - word: Caoimhe
#     replacement: Keeva
#     ipa: ˈkiːvə
"""
_WHICH = """
# Below are the words of your manuscript whose sound the voice has to guess, the frequent ones first.{listen}
# Where one is wrong, take its # away, write a replacement or the IPA, and render: only the passages
# with that word are made again. Delete what is right.
"""
_LISTEN = "\n# dictionaries/clips/WORD.wav is how it says each of them now."


def dictionary_skeleton(words: Sequence[RareWord], clips: Mapping[str, str]) -> str:
    """The file's text; ``clips`` has the words that can be heard."""
    if not words:
        return f"{_HEADER}\nentries:\n"
    which = _WHICH.format(listen=_LISTEN if clips else "")
    return "".join([_HEADER, which, "\nentries:\n", *map(_entry, words)])


def _entry(rare: RareWord) -> str:
    times = {1: "once", 2: "twice"}.get(rare.count, f"{rare.count:,} times")
    said = f"{times}, first in {rare.place}: {rare.line}"
    return f"\n# {printable(said)}\n#  - word: {rare.word}\n#    replacement: {rare.word}\n"


def clip_names(words: Iterable[str]) -> dict[str, str]:
    """The clip's file name of each word: letters that every file system has, each name once whatever its capitals."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for word in words:
        plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
        stem = base = re.sub(r"[^A-Za-z0-9-]", "", plain) or "word"
        number = 2
        while stem.casefold() in taken:
            stem, number = f"{base}-{number}", number + 1
        taken.add(stem.casefold())
        names[word] = f"{stem}.wav"
    return names
