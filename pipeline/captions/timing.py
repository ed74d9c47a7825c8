"""When a cue appears and goes, from when its words are spoken."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.captions.rules import MILLISECOND_SAMPLES, CaptionRules


def cue_times(spoken: Sequence[tuple[int, int]], chapter_samples: int, rules: CaptionRules) -> list[tuple[int, int]]:
    """Start and end samples of cues whose speech lies at ``spoken``, in order.

    No two overlap, whatever the speech does. A cue appears with its first word, up to ``max_lead`` before it where
    it would be shorter than ``min_duration`` otherwise. It stays for up to ``max_linger``, longer only to reach
    ``min_duration`` or to close a gap under ``bridge_gap`` to ``min_gap``. Every limit is kept with a millisecond to
    spare, so that it holds when each end is rounded to milliseconds.
    """
    starts = _starts(spoken, chapter_samples, rules)
    following = [*starts[1:], max(chapter_samples, starts[-1] + MILLISECOND_SAMPLES)] if starts else []
    return [
        (start, _end(start, speech_end, after, rules))
        for start, (_, speech_end), after in zip(starts, spoken, following, strict=True)
    ]


def _starts(spoken: Sequence[tuple[int, int]], chapter_samples: int, rules: CaptionRules) -> list[int]:
    """When cues appear; strictly rising by a millisecond or more."""
    least = rules.min_duration + MILLISECOND_SAMPLES
    gap = rules.min_gap + MILLISECOND_SAMPLES
    starts: list[int] = []
    for at, (start, _) in enumerate(spoken):
        after = spoken[at + 1][0] if at + 1 < len(spoken) else chapter_samples
        missing = start + least + gap - after
        lead = max(0, min(missing, rules.max_lead - MILLISECOND_SAMPLES))
        earliest = max(starts[-1] + least, spoken[at - 1][1]) + gap if starts else 0
        early = max(start - lead, min(start, earliest))
        starts.append(max(early, starts[-1] + MILLISECOND_SAMPLES) if starts else early)
    return starts


def latest_end(speech_end: int, after: int, rules: CaptionRules) -> int:
    """How long a cue may stay that the next follows at ``after``: lingering, then closing a small gap."""
    linger = speech_end + rules.max_linger - MILLISECOND_SAMPLES
    return linger if after - linger >= rules.bridge_gap else _room(after, rules)


def _room(after: int, rules: CaptionRules) -> int:
    return after - rules.min_gap - MILLISECOND_SAMPLES


def _end(start: int, speech_end: int, after: int, rules: CaptionRules) -> int:
    """When a cue goes that the next follows at ``after``."""
    bridged = after - rules.bridge_gap - MILLISECOND_SAMPLES
    end = latest_end(speech_end, after, rules)
    longest = start + rules.max_duration - MILLISECOND_SAMPLES
    if end > longest:
        end = longest if longest <= bridged else max(bridged, min(speech_end, longest))
    least = start + rules.min_duration + MILLISECOND_SAMPLES
    if end < least:
        end = _room(after, rules) if bridged < least else least
    return min(max(end, start + MILLISECOND_SAMPLES), after)
