"""Delivery profiles: the numbers that a store, a broadcaster or an app asks of a file's sound.

Sources: ACX, "What are the ACX audio submission requirements?"; EBU R 128 (v4.0); AES TD1008. A profile makes files
that pass a technical check. Whether a store takes synthetic narration at all is another matter: ACX asks for a human
narrator unless it has authorised otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from pipeline.project.fields import real, refusal, whole
from pipeline.project.parts import Part
from pipeline.project.wording import did_you_mean


class Profile(Part):
    """How loud every chapter is made, and what a technical check asks of the files; either `rms_db` or
    `loudness_lufs` is needed."""

    rms_db: Annotated[
        Annotated[float, real(-40, -6)] | None, Field(description="RMS of every chapter, in dB of full scale.")
    ] = None
    loudness_lufs: Annotated[
        Annotated[float, real(-40, -6)] | None, Field(description="Integrated loudness of every chapter, in LUFS.")
    ] = None
    tolerance_db: Annotated[
        float, real(0.1, 6), Field(description="How far a file's level may lie from the one asked for.")
    ] = 0.5
    true_peak_dbtp: Annotated[float, real(-20, 0), Field(description="The highest true peak, in dBTP.")] = -1.0
    noise_floor_db: Annotated[
        Annotated[float, real(-90, -30)] | None, Field(description="The highest RMS of the pauses, in dB.")
    ] = None
    room_tone_db: Annotated[
        Annotated[float, real(-90, -60)] | None,
        Field(description="RMS of room tone under everything, in dB; absent: pauses are digital silence."),
    ] = None
    mp3_kbps: Annotated[
        Annotated[int, whole(32, 320)] | None,
        Field(description="Bit rate of the mp3 output; a lower one is refused."),
    ] = None
    file_minutes: Annotated[
        Annotated[int, whole(5, 600)] | None,
        Field(description="The longest file; longer chapters are made in parts, cut at a scene or paragraph."),
    ] = None
    retail_sample_minutes: Annotated[
        Annotated[int, whole(1, 5)] | None,
        Field(description="Makes retail-sample.mp3 of at most this length from the first chapter's body."),
    ] = None

    @property
    def active(self) -> bool:
        """Whether it asks for anything."""
        return self.rms_db is not None or self.loudness_lufs is not None


ACX = Profile(
    rms_db=-20.5,  # the middle of -23 to -18
    tolerance_db=2.5,
    true_peak_dbtp=-3.0,
    noise_floor_db=-60.0,
    room_tone_db=-78.0,
    mp3_kbps=192,
    file_minutes=120,
    retail_sample_minutes=5,
)
EBU_R128 = Profile(loudness_lufs=-23.0, true_peak_dbtp=-1.0)
PODCAST = Profile(loudness_lufs=-18.0, true_peak_dbtp=-1.0)
NONE = Profile()
PROFILES = {"acx": ACX, "ebu-r128": EBU_R128, "podcast": PODCAST, "none": NONE}

ACX_HEAD_MS = (500, 950)
"""0.5 to 1 s (specs 1.1), less 50 ms for what an MP3 encoder puts before the first sample."""
ACX_TAIL_MS = (1000, 4900)
"""1 to 5 s, less 100 ms for whole frames and the encoder's last one."""


def profile_name(profile: Profile) -> str:
    """What a profile is called; ``custom`` where it is none of ours."""
    return next((name for name, known in PROFILES.items() if known == profile), "custom")


@dataclass(frozen=True, eq=False)
class NamedOrCustom:
    """Annotation of a :class:`Profile`: a name, or keys with values. Anything else is refused in words."""

    words: str = f"one of {', '.join(PROFILES)}, or keys with one of rms_db and loudness_lufs among them"

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "enum": list(PROFILES)}, handler(schema)]}

    def _read(self, value: object) -> object:
        if isinstance(value, Profile):
            return value
        if isinstance(value, str):
            if value not in PROFILES:
                raise refusal(self.words, hint=did_you_mean(value, list(PROFILES)))
            return PROFILES[value]
        if not isinstance(value, dict):
            raise refusal(self.words)
        given = {key for key, entry in value.items() if entry is not None}
        if len(given & {"rms_db", "loudness_lufs"}) != 1:
            raise refusal(self.words)
        return value
