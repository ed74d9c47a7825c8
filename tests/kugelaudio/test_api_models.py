"""What the API sends is read tolerantly as to fields and exactly as to types."""

from __future__ import annotations

import wave
from io import BytesIO
from pathlib import Path

import pydantic
import pytest

import pipeline.kugelaudio as package
from pipeline.kugelaudio import (
    AudioChunk,
    AudioResponse,
    Model,
    SessionUsage,
    StreamConfig,
    Voice,
    VoiceAge,
    VoiceCategory,
    VoiceDetail,
    VoiceSex,
)
from pipeline.kugelaudio.g711 import to_pcm16
from pipeline.kugelaudio.speech.conversation import read_words

PCM = b"\x00\x00\xff\x7f\x00\x80\x01\x00"


def response(audio: bytes = PCM, samples: int = 4, **more: object) -> AudioResponse:
    return AudioResponse(
        audio=audio, sample_rate=8000, samples=samples, duration_ms=0.5, generation_ms=1.0, rtf=0.1, **more
    )


def test_everything_named_in_all_is_there_and_documented() -> None:
    for name in package.__all__:
        assert getattr(package, name).__doc__, name


def test_unknown_fields_are_ignored_and_wrong_types_are_not() -> None:
    assert Voice.model_validate({"id": 7, "name": "Ann", "voice_id": 7, "colour": "blue"}).id == 7
    for wrong in ({"id": "7", "name": "Ann"}, {"id": 7, "name": 3}, {"id": True, "name": "Ann"}, {"name": "Ann"}):
        with pytest.raises(pydantic.ValidationError):
            Voice.model_validate(wrong)


def test_enumerations_are_read_and_new_categories_become_cloned() -> None:
    voice = Voice.model_validate({"id": 1, "name": "A", "category": "operatic", "sex": "female", "age": "middle_age"})
    assert (voice.category, voice.sex, voice.age) == (VoiceCategory.CLONED, VoiceSex.FEMALE, VoiceAge.MIDDLE_AGE)
    unsaid = Voice.model_validate({"id": 1, "name": "A", "category": None, "sex": "", "age": "ancient"})
    assert (unsaid.category, unsaid.sex, unsaid.age) == (None, None, None)
    assert VoiceCategory("whatever") is VoiceCategory.CLONED


def test_nulls_take_the_published_defaults() -> None:
    detail = VoiceDetail.model_validate({"id": 1, "name": "A", "description": None, "supported_languages": None})
    assert (detail.description, detail.supported_languages, detail.quality) == ("", [], "mid")
    model = Model.model_validate({"id": "kugel-3", "model_id": "kugel-3", "name": "K", "description": None})
    assert (model.description, model.max_input_length, model.sample_rate) == ("", 5000, 24000)


def test_a_word_knows_its_length_in_whole_milliseconds() -> None:
    (word,) = read_words([{"word": "a", "start_ms": 10.4, "end_ms": 20, "char_start": 0, "char_end": 1}])
    assert (word.start_ms, word.duration_ms, word.score) == (10, 10, 1.0)


def test_an_undetermined_charge_is_not_zero() -> None:
    usage = SessionUsage.from_frame({"usage": {"audio_seconds": 2, "cost_cents": None, "cost_unavailable": True}})
    assert usage is not None
    assert (usage.cost_cents, usage.cost_available, usage.audio_seconds) == (None, False, 2.0)
    assert SessionUsage.from_frame({"usage": {"audio_seconds": 1.0, "cost_cents": 0.0}}).cost_available
    assert SessionUsage.from_frame({"total_audio_seconds": 3}).audio_seconds == 3.0
    assert SessionUsage.from_frame({"final": True}) is None


def test_a_configuration_clamps_its_scale_and_sends_an_empty_selection() -> None:
    config = StreamConfig(cfg_scale=9.0, dictionary_ids=[])
    assert config.cfg_scale == 2.5
    assert config.to_wire()["dictionary_ids"] == []
    assert "voice_id" not in config.to_wire()


def test_pcm_becomes_floats() -> None:
    chunk = AudioChunk(audio=PCM, index=0, sample_rate=8000, samples=4)
    assert chunk.to_float32() == [0.0, 32767 / 32768, -1.0, 1 / 32768]
    assert chunk.duration_seconds == 0.0005


def test_g711_is_decoded_where_floats_are_asked_for() -> None:
    # ITU-T G.711 tables 1b and 2b: the ends and the middle of both laws
    assert list(to_pcm16(b"\x00\x80\x7f\xff\x8f", "ulaw")) == [-32124, 32124, 0, 0, 16764]
    assert list(to_pcm16(b"\x2a\xaa\x55\xd5", "alaw")) == [-32256, 32256, -8, 8]
    spoken = response(b"\x00\xff", 2, encoding="ulaw")
    assert spoken.to_float32() == [-32124 / 32768, 0.0]


def test_wav_and_raw_are_written(tmp_path: Path) -> None:
    spoken = response()
    spoken.save(str(tmp_path / "a.wav"))
    spoken.save(tmp_path / "a.raw", format="raw")
    assert (tmp_path / "a.raw").read_bytes() == PCM
    assert (tmp_path / "a.wav").read_bytes() == spoken.to_wav_bytes()
    with wave.open(BytesIO(spoken.to_wav_bytes())) as file:
        assert (file.getframerate(), file.getnchannels(), file.readframes(9)) == (8000, 1, PCM)
    with pytest.raises(ValueError, match="mp3"):
        spoken.save(tmp_path / "a.mp3", format="mp3")


def test_g711_stays_g711_in_a_wav_file() -> None:
    data = response(b"\x00\xff\x01", 3, encoding="alaw").to_wav_bytes()
    assert data[20:22] == b"\x06\x00"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert data.endswith(b"\x03\x00\x00\x00\x00\xff\x01\x00")
