"""The commented manifest of a new project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipeline.project.engines import EngineName
from pipeline.project.wording import printable
from pipeline.reports.starting.found import FoundEntry, FoundManuscript

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,'&()/.-]*[A-Za-z0-9)]")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_LONGEST_TITLE = 300
_MOST_LISTED = 400

_HEAD = """\
# Everything that narrate needs to know about this book. `narrate check` says what is wrong with it, `narrate schema`
# lists every key, `narrate explain` shows which value holds and where it comes from.

title: {title}{title_note}
{author}
language: {language}{space}# of the text (BCP 47), unless a chapter or a passage says otherwise
{cover}

# metadata:                     # goes into the tags; every key is optional
#   narrator: Heart (synthetic voice)
#   publisher: …
#   series: …
#   date: 2026
#   description: …

engine: {engine:<24}# {engine_note}
"""

_VOICES = """
# A voice has a name in the book and one binding for each engine that the book is used with.
voices:
  narrator:
{binding}
    # kugelaudio: {{voice_id: 1071, cfg_scale: 2.0}}   # a number from `narrate voices`
  # elsie:                      # a further voice, cast in Markdown by ::: {{voice=elsie}} … :::
  #   hibari: {{voice: heart, pitch: 1.15}}
  #   kugelaudio: {{voice_id: 1705}}
  #   speed: 1.05

# casting:
#   dialogue: elsie             # quoted speech is hers

dictionaries:
  - dictionaries/names.yaml     # how names are said

"""

_TAIL = """
# pauses: {sentence_ms: 350, paragraph_ms: 700, scene_ms: 1500, heading_ms: 1000}

# outputs:                      # this is the default
#   - {format: m4b}             # the book, with chapter marks
#   - {format: mp3, bitrate_kbps: 64}
#   - {format: srt}             # captions

# profile: acx                  # loudness and limits of a store's technical check

# The paid engine is used when `engine: kugelaudio` or `--engine kugelaudio` names it, never because a key is there.
# engines:
#   kugelaudio: {model: kugel-3, tier: 1}
# rates: {kugel-3: 7.0}         # EUR cents for a minute of audio, net: what plans and budgets reckon with
# budget: {run_cents: 500, project_cents: 5000}   # EUR cents, net; a run stops before it spends more
"""


def manifest_text(found: FoundManuscript, *, fallback_title: str, cover: str | None) -> str:
    """``project.yaml`` for what was found; ``fallback_title`` where the manuscript has no title of its own."""
    title = _one_line(found.title or "") or _one_line(fallback_title)
    language = found.language or "en"
    engine = EngineName.HIBARI if language.partition("-")[0] == "en" else EngineName.ESPEAK
    english = engine is EngineName.HIBARI
    head = _HEAD.format(
        title=_scalar(title),
        title_note="" if found.title else "   # its slug names the outputs",
        author=f"author: {_scalar(_one_line(found.author))}" if found.author else "# author: …",
        language=language,
        space=" " * max(1, 22 - len(language)),
        cover=f"cover: {cover}" if cover else "# cover: cover.jpg             # JPEG or PNG, at best square",
        engine=engine,
        engine_note="embedded, free, English" if english else "free; pip install 'narrate[espeak]'",
    )
    binding = "    hibari: {voice: heart}" if english else f"    espeak: {{voice: {language.partition('-')[0]}}}"
    return "".join([head, _VOICES.format(binding=binding), "\n".join(_chapters(found.entries)), "\n", _TAIL])


def _chapters(entries: tuple[FoundEntry, ...]) -> Iterator[str]:
    yield "chapters:                       # in this order; a glob is taken in natural order (2 before 10)"
    for entry in entries:
        yield f"  - source: {_scalar(entry.source)}"
        spoken, left_out = entry.spoken, entry.left_out
        if len(spoken) + len(left_out) < 2:
            continue
        yield f"    # {entry.chapters} chapters were found. To narrate some, take away the # of `include` and of those."
        yield "    # include:"
        for named in spoken[:_MOST_LISTED]:
            characters = sum(len(block.text) for block in named.part.blocks)
            yield f"    #   - {named.slug}  # {_one_line(named.part.title)} ({characters:,} characters)"
        if len(spoken) > _MOST_LISTED:
            yield f"    #   … and {len(spoken) - _MOST_LISTED} more: `narrate check -v` lists them"
        if left_out:
            yield "    # Front and back matter, which is left out unless it is included:"
            yield from (f"    #   - {named.slug}  # {_one_line(named.part.title)}" for named in left_out)


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))[:_LONGEST_TITLE]


def _scalar(text: str) -> str:
    """A value as YAML; in quotes unless it is plainly a word."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _YAML_WORDS and ": " not in text and " #" not in text:
        return text
    return json.dumps(text, ensure_ascii=False)
