"""What a manifest can ask of captions, and which formats have no use for it."""

from __future__ import annotations

from enum import StrEnum

from pipeline.project.formats import OutputFormat


class Granularity(StrEnum):
    """What gets a time of its own."""

    CAPTION = "caption"
    SENTENCE = "sentence"
    WORD = "word"


class RuleSet(StrEnum):
    """Whose readability rules captions are cut by."""

    NETFLIX = "netflix"
    BBC = "bbc"


class Speakers(StrEnum):
    """How a reader is told who speaks."""

    NONE = "none"
    NAMES = "names"
    COLOURS = "colours"


CAPTIONS = tuple(str(each) for each in OutputFormat if each.written_by)
"""Formats of text along the sound."""
READ_ALOUD = "epub"
"""Not captions, but timed as finely: by sentence or by word."""
_COLOURED = ("vtt", "ass")


def refused_option(
    output: str, granularity: Granularity | None, rules: RuleSet | None, speakers: Speakers | None
) -> tuple[str, str] | None:
    """The key of an output's options that makes no sense for its format, with what would; None where all do."""
    given = {"granularity": granularity, "rules": rules, "speakers": speakers}
    if output == READ_ALOUD and granularity is not None:
        if granularity is Granularity.CAPTION:
            return "granularity", "sentence or word, since epub holds no captions"
        del given["granularity"]
    if output not in CAPTIONS:
        unfit = next((key for key, value in given.items() if value is not None), None)
        return (unfit, f"no {unfit}, since {output} holds no captions") if unfit else None
    if output == "captions-json" and granularity is Granularity.WORD:
        return "granularity", "caption or sentence, since captions-json always gives every word its times"
    if rules is not None and (reason := _without_rules(output, granularity)):
        return "rules", f"no rules, since {reason}"
    if speakers is Speakers.COLOURS and output not in _COLOURED:
        return "speakers", f"none or names, since {output} has no colours"
    return None


def _without_rules(output: str, granularity: Granularity | None) -> str | None:
    if output == "lrc":
        return "lrc is a line at a time"
    if granularity is Granularity.SENTENCE:
        return "a sentence is shown whole"
    return "srt shows a word at a time" if granularity is Granularity.WORD and output == "srt" else None
