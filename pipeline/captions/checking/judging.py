"""Captions against rules: what can be told from times and text, without the sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.captions.checking.findings import Fault, Finding, Level, ReadCaption
from pipeline.captions.rules import FRAME_SAMPLES, MILLISECOND_SAMPLES, CaptionRules, cells_per_character
from pipeline.captions.violations import reading_speed
from pipeline.captions.widths import widths
from pipeline.script.words import written_words

_SECONDS = frozenset({Fault.GAP, Fault.BRIDGE, Fault.SHORT, Fault.LONG})
_UNITS = {Fault.LINES: "lines", Fault.LINE_LENGTH: "characters"}


def order_findings(captions: Sequence[ReadCaption], *, tracks: bool) -> Iterator[Finding]:
    """Times that no player can follow; with ``tracks`` captions may be shown together where the format means it so."""
    before: ReadCaption | None = None
    for caption in captions:
        if caption.end_ms <= caption.start_ms:
            yield _error(Fault.DURATION, caption, "it ends where it starts, or before", caption.end_ms)
        if before is not None and caption.start_ms < before.start_ms:
            yield _error(Fault.UNSORTED, caption, "it starts before the caption before it", before.start_ms)
        elif before is not None and caption.start_ms < before.end_ms:
            yield from _overlap(before, caption, tracks=tracks)
        before = caption


def rule_findings(
    captions: Sequence[ReadCaption], rules: CaptionRules, language: str, resolution_ms: int
) -> Iterator[Finding]:
    """Where captions are hard to read. ``resolution_ms``: how finely the format's clock counts; so much is let pass."""
    for at, caption in enumerate(captions):
        if not caption.text.strip():
            yield _warning(Fault.EMPTY, caption, "no text", 0, 0)
            continue
        yield from _text_findings(caption, rules, language)
        yield from _duration_findings(caption, rules, language, resolution_ms)
        if at + 1 < len(captions):
            yield from _gap_findings(caption, captions[at + 1], rules, resolution_ms)


def _overlap(before: ReadCaption, caption: ReadCaption, *, tracks: bool) -> Iterator[Finding]:
    if tracks and before.track != caption.track:
        return
    if before.placed or caption.placed:
        return
    message = f"it starts {before.end_ms - caption.start_ms} ms before caption {before.number} ends"
    yield _error(Fault.OVERLAP, caption, message, before.end_ms)


def _text_findings(caption: ReadCaption, rules: CaptionRules, language: str) -> Iterator[Finding]:
    lines = caption.text.split("\n")
    if len(lines) > rules.max_lines:
        yield _measured(Fault.LINES, caption, len(lines), rules.max_lines)
    longest = max(widths(lines, language)) / cells_per_character(language)
    if longest > rules.line_length_for(language):
        yield _measured(Fault.LINE_LENGTH, caption, longest, rules.line_length_for(language))


def _duration_findings(
    caption: ReadCaption, rules: CaptionRules, language: str, resolution_ms: int
) -> Iterator[Finding]:
    duration = caption.end_ms - caption.start_ms
    if duration <= 0:
        return
    words = len(written_words(caption.text))
    shortest, longest = rules.shortest(words) / MILLISECOND_SAMPLES, rules.max_duration / MILLISECOND_SAMPLES
    if duration + resolution_ms < shortest:
        yield _measured(Fault.SHORT, caption, duration, shortest)
    if duration - resolution_ms > longest:
        yield _measured(Fault.LONG, caption, duration, longest)
    characters = widths([caption.text], language)[0] / cells_per_character(language)
    samples = (duration + resolution_ms) * MILLISECOND_SAMPLES
    speed, limit = reading_speed(characters, words, samples, rules, language)
    if speed > limit:
        yield _measured(Fault.SPEED, caption, speed, limit, "words/min" if limit == rules.words_per_minute else "c/s")


def _gap_findings(
    caption: ReadCaption, following: ReadCaption, rules: CaptionRules, resolution_ms: int
) -> Iterator[Finding]:
    gap = following.start_ms - caption.end_ms
    least, bridged = rules.min_gap / MILLISECOND_SAMPLES, rules.bridge_gap / MILLISECOND_SAMPLES
    frame = FRAME_SAMPLES / MILLISECOND_SAMPLES
    if gap < 0 or caption.track != following.track:
        return
    if gap + resolution_ms < least:
        yield _measured(Fault.GAP, caption, gap, least)
    elif least + frame <= gap < bridged - resolution_ms:
        yield _measured(Fault.BRIDGE, caption, gap, least)


def _measured(fault: Fault, caption: ReadCaption, found: float, limit: float, unit: str = "") -> Finding:
    """A warning that says what was found and what is allowed."""
    if fault in _SECONDS:
        shown = f"{found / 1000:.3f} s where {'at most' if fault is Fault.LONG else 'at least'} {limit / 1000:.3f} s"
        shown = f"a gap of {shown}" if fault is Fault.GAP else shown
        if fault is Fault.BRIDGE:
            shown = f"a gap of {found / 1000:.3f} s, to be closed to {limit / 1000:.3f} s"
    else:
        shown = f"{found:.4g} {unit or _UNITS[fault]} where at most {limit:.4g}"
    return _warning(fault, caption, shown if fault is Fault.BRIDGE else f"{shown} is allowed", found, limit)


def _warning(fault: Fault, caption: ReadCaption, message: str, found: float, limit: float) -> Finding:
    return Finding(
        fault, Level.WARNING, caption.line, message, caption.number, caption.start_ms, round(found, 3), round(limit, 3)
    )


def _error(fault: Fault, caption: ReadCaption, message: str, limit: int) -> Finding:
    found = caption.end_ms if fault is Fault.DURATION else caption.start_ms
    limit = caption.start_ms if fault is Fault.DURATION else limit
    return Finding(fault, Level.ERROR, caption.line, message, caption.number, caption.start_ms, found, limit)
