"""When a cue appears and goes, from when its words are spoken."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from pipeline.captions.rules import MILLISECOND_SAMPLES, CaptionRules


def cue_times(
    spoken: Sequence[tuple[int, int]], chapter_samples: int, rules: CaptionRules, *, words: Sequence[int] | None = None
) -> list[tuple[int, int]]:
    """Start and end samples of cues whose speech lies at ``spoken``, in order; ``words``: how many each cue has.

    No two overlap, whatever the speech does. A cue appears with its first word, up to ``max_lead`` before it where
    it would be shorter than its shortest time otherwise. It stays for up to ``max_linger``, longer only to reach
    its shortest time or to close a gap under ``bridge_gap`` to ``min_gap``. Every limit is kept with a millisecond to
    spare, so that it holds when each end is rounded to milliseconds.
    """
    counts = repeat(1, len(spoken)) if words is None else words
    least = [rules.shortest(count) + MILLISECOND_SAMPLES for count in counts]
    starts = _starts(spoken, chapter_samples, rules, least)
    following = [*starts[1:], max(chapter_samples, starts[-1] + MILLISECOND_SAMPLES)] if starts else []
    return [
        (start, _end(start, speech_end, after, shortest, rules))
        for start, (_, speech_end), after, shortest in zip(starts, spoken, following, least, strict=True)
    ]


def _starts(
    spoken: Sequence[tuple[int, int]], chapter_samples: int, rules: CaptionRules, least: Sequence[int]
) -> list[int]:
    """When cues appear; strictly rising by a millisecond or more."""
    gap = rules.min_gap + MILLISECOND_SAMPLES
    starts: list[int] = []
    for at, (start, _) in enumerate(spoken):
        after = spoken[at + 1][0] if at + 1 < len(spoken) else chapter_samples
        missing = start + least[at] + gap - after
        lead = max(0, min(missing, rules.max_lead - MILLISECOND_SAMPLES))
        earliest = max(starts[-1] + least[at - 1], spoken[at - 1][1]) + gap if starts else 0
        early = max(start - lead, min(start, earliest))
        starts.append(max(early, starts[-1] + MILLISECOND_SAMPLES) if starts else early)
    return starts


def latest_end(speech_end: int, after: int, rules: CaptionRules) -> int:
    """How long a cue may stay that the next follows at ``after``: lingering, then closing a small gap."""
    linger = speech_end + rules.max_linger - MILLISECOND_SAMPLES
    return linger if after - linger >= rules.bridge_gap else _room(after, rules)


def _room(after: int, rules: CaptionRules) -> int:
    return after - rules.min_gap - MILLISECOND_SAMPLES


def _end(start: int, speech_end: int, after: int, shortest: int, rules: CaptionRules) -> int:
    """When a cue goes that the next follows at ``after``."""
    bridged = after - rules.bridge_gap - MILLISECOND_SAMPLES
    end = latest_end(speech_end, after, rules)
    longest = start + rules.max_duration - MILLISECOND_SAMPLES
    if end > longest:
        end = longest if longest <= bridged else max(bridged, min(speech_end, longest))
    least = start + shortest
    if end < least:
        end = _room(after, rules) if bridged < least else least
    return min(max(end, start + MILLISECOND_SAMPLES), after)
