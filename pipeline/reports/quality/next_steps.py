"""What to do about each kind of finding."""

from __future__ import annotations

from pipeline.reports.quality.findings import Kind

_ANEW = "`narrate render --force` makes the file anew from the takes; should it come back, report it"
_PROFILE = "`narrate render --force` brings every chapter to the manifest's `profile`; without one, set one there"
_LISTEN = "listen there; if it is wrong, `narrate retake {segment}` and `narrate render`"
_RETAKE = "`narrate retake {segment}` asks for another take, `narrate render` makes it; --retake does both"
_OF_FILES = {
    Kind.MISSING_FILE: "`narrate render` makes it again",
    Kind.ALTERED: "`narrate render --force` makes it again, unless the change was wanted",
    Kind.LEVEL: _PROFILE,
    Kind.CHAPTER_LEVEL: _PROFILE,
    Kind.TRUE_PEAK: _PROFILE,
    Kind.FILE_LENGTH: "`file_minutes` of the profile splits chapters; `narrate render` applies it",
    Kind.EDGE_SILENCE: "set `pauses.chapter_head_ms` and `pauses.chapter_tail_ms`, then `narrate render`",
    Kind.NOISE_FLOOR: "listen to a pause: where the takes carry the noise another voice or take helps",
    Kind.PAUSE_LONG: "listen there; the silence may be part of the takes on either side",
    Kind.PAUSE_MISSING: "listen there; breath or noise at the end of a take fills the pause",
    Kind.LEVEL_JUMP: _ANEW,
}
_TO_HEAR = frozenset(
    {
        *(Kind.VOICE_LEVEL, Kind.PACE, Kind.EXTRA_SOUND, Kind.WORD_STRETCHED, Kind.WORDS_OVERLAP, Kind.LOW_SCORE),
        *(Kind.WORD_SILENT, Kind.WORD_UNTIMED, Kind.WORDS_MISSING, Kind.WORDS_REPEATED, Kind.DEAD_AIR),
    }
)


def next_step(kind: Kind, *, in_take: bool, segment: str | None) -> str:
    """A sentence for a person, with the commands to run."""
    if not in_take:
        return _OF_FILES.get(kind, _ANEW)
    return (_LISTEN if kind in _TO_HEAR else _RETAKE).format(segment=segment)
