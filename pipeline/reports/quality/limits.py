"""Beyond which numbers something is found, and why there.

What a delivery profile asks for comes from the manifest; these are the limits where it says nothing, and those of
takes, joints and words, which no profile knows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits; a pair is (warning, error). Levels in dB of full scale, times in the unit that the name says."""

    true_peak_dbtp: tuple[float, float] = (-0.1, 0.5)
    """A waveform above full scale is flattened by whoever plays it in whole numbers. Lossy decoders ripple by tenths of
    a dB about what was encoded, hence half a dB."""
    loudness_lufs: tuple[float, float] = (-38.0, -8.0)
    """Lowest and highest: outside no player's volume control makes up for it. Warnings: without a profile nothing
    was asked for."""
    chapter_lu: float = 4.0
    """Between a chapter and the book's median, without a profile: listeners reach for the volume at about 4 LU."""
    noise_floor_db: float = -50.0
    """RMS of the pauses: 10 dB above what ACX allows, where no profile says otherwise (specs 1.1)."""
    dc_offset: tuple[float, float] = (0.005, 0.02)
    """As a share of full scale: half a percent takes headroom away and clicks at every cut."""
    clipped_run: int = 3
    """Samples in a row at full scale: two happen at a peak that just fits, three are a flat top."""
    flat_run: int = 5
    """Equal samples in a row at a take's own peak: clipped before it was turned down. A peak of speech bends by more
    than one step of 16 bits within five samples."""
    flat_tops: int = 4
    click_ratio: float = 8.0
    """A click stands out this far from the 12 ms on both sides of it, in the second difference of the waveform. In an
    hour of the embedded engine's speech a plosive stands out 2.5 times once in three seconds, 4 times once in half a
    minute, 6 times once in ten minutes, 7 times never."""
    click_size: float = 0.08
    """And is this large, of full scale: smaller ones drown in speech, or are its own plosives."""
    file_click_size: float = 0.25
    """The same in a finished file away from its joints: takes are listened to by themselves, and lossy encoders
    sharpen plosives."""
    frame_ms: float = 1000 * 1024 / 24_000
    """An AAC frame: how far captions may be off (issue: within one frame of the decoded audio)."""
    length_ms: float = 60.0
    """How much longer or shorter a file may be: a frame, and a decoder that keeps the encoder's padding."""
    alike: float = 0.85
    """Correlation of levels between takes and file, below which they do not hold the same sound. The worst encoder in
    use keeps 0.97, two other seconds of the same voice seldom reach 0.7."""
    level_jump_db: tuple[float, float] = (2.0, 4.0)
    """Between segments of a file and the takes they came from: a chapter has one gain, a limiter takes 1 dB at most."""
    pause_long_ms: tuple[float, float] = (1000.0, 4000.0)
    """Beyond the pause that the manifest asks for."""
    pause_share: float = 0.4
    """Of the pause asked for, that must be there at least; breath and reverberation may fill the rest."""
    dead_air_ms: tuple[float, float] = (1500.0, 3000.0)
    """Silence inside a take: readers pause a second at most, three seconds sound like a fault."""
    voice_level_db: tuple[float, float] = (4.0, 10.0)
    """From the median of the voice's takes, besides what the length of the take explains."""
    pace_factor: tuple[float, float] = (1.3, 1.8)
    """From the median of the voice's takes, besides what the length of the take explains."""
    words_per_minute: tuple[float, float] = (70.0, 300.0)
    """Audiobooks are read at 140 to 180 words a minute; half and twice that is nobody's choice. In proportion to the
    voice's ``speed``, and counted by letters as well: a line of short words is many words a minute."""
    pace_words: int = 12
    """Fewer words say nothing about pace."""
    silent_words: int = 3
    """Words in a row without any sound, that are an error: one or two may be swallowed or timed badly."""
    extra_sound_ms: tuple[float, float] = (200.0, 1500.0)
    """Sound as loud as speech that no word accounts for: a syllable, or a phrase."""
    stretched: float = 3.0
    """Times what the voice takes for as many letters, and half a second."""
    overlap_ms: float = 100.0
    low_score: tuple[float, float] = (0.5, 0.25)
    """Mean alignment score of a take, of 1."""
    low_score_words: int = 3
    """Words in a row below the error's score."""


LIMITS = Limits()
