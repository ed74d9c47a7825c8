"""What a change of the dictionaries does to a book: which words are said otherwise, how often, and at what price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.render.comparing import PlanComparison
from pipeline.render.pace import Estimate
from pipeline.render.plan import PlannedSegment, estimate_of
from pipeline.reports.estimates import shown_cost
from pipeline.reports.markdown import escaped

_Entry: TypeAlias = tuple[str, str | None, bool, str | None]
"""What a content key has of an entry beside its word: replacement, IPA, whether capitals must agree, language."""
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class DictionaryEffect:
    """A word whose entry is new, gone or another one, and the segments whose text is the same but for that.

    ``before`` and ``now`` are what is said for it (None: there is no entry); ``estimate`` is for takes not stored.
    """

    word: str
    before: str | None
    now: str | None
    segments: tuple[PlannedSegment, ...]
    estimate: Estimate


def dictionary_effects(comparison: PlanComparison) -> list[DictionaryEffect]:
    """The effects, by word. A segment with several such words is counted at each of them."""
    said: dict[str, tuple[str | None, str | None]] = {}
    segments: dict[str, list[PlannedSegment]] = defaultdict(list)
    for row in comparison.segments():
        if row.before is None or row.now is None:
            continue
        old, new = _by_word(row.before), _by_word(row.now)
        same_text = row.before.segment.text == row.now.segment.text
        for word in sorted({*old, *new}):
            # A word that came or went with an edit of the text is no effect of the dictionary.
            if old.get(word) != new.get(word) and (same_text or (word in old and word in new)):
                said[word] = _said(old.get(word)), _said(new.get(word))
                segments[word].append(row.now)
    return [
        DictionaryEffect(
            word,
            *said[word],
            tuple(segments[word]),
            estimate_of((one for one in segments[word] if one.take is None), comparison.plan.pricing),
        )
        for word in sorted(said, key=str.casefold)
    ]


def dictionary_markdown(comparison: PlanComparison) -> Iterator[str]:
    """The lines of a table of the effects; none where there are none."""
    effects = dictionary_effects(comparison)
    if not effects:
        return
    yield from ("Dictionary:", "", "| word | said before | said now | segments | price |", "|---|---|---|---:|---|")
    for effect in effects[:_MOST_ROWS]:
        before, now = (escaped(said) if said is not None else "as written" for said in (effect.before, effect.now))
        count, price = len(effect.segments), shown_cost(effect.estimate)
        yield f"| {escaped(effect.word)} | {before} | {now} | {count:,} | {price} |"
    yield ""
    if len(effects) > _MOST_ROWS:
        yield f"… and {len(effects) - _MOST_ROWS:,} more words."
        yield ""


def _by_word(planned: PlannedSegment) -> dict[str, _Entry]:
    return {
        entry.word: (entry.replacement, entry.ipa, entry.case_sensitive, entry.language)
        for entry in planned.segment.entries
    }


def _said(entry: _Entry | None) -> str | None:
    """IPA wins where there is one (:class:`pipeline.project.dictionaries.DictionaryEntry`)."""
    if entry is None:
        return None
    replacement, ipa, _, _ = entry
    return f"/{ipa}/" if ipa else replacement
