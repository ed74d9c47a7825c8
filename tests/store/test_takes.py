"""A take is there whole or not at all, and damage is noticed."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from decimal import Decimal
from pathlib import Path

import av
import numpy as np
import orjson
import pytest
from fastcrc import crc8
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.errors import DamagedTake, StorageError
from pipeline.store.edges import speech_bounds
from pipeline.store.files import make_folder
from pipeline.store.flac import decode_flac, encode_flac, wrap_flac
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeState, TakeStore

KEY = "ab" + "0" * 62


def columns(*rows: tuple[int, int, int, int]) -> WordTimes:
    table = np.array(rows, np.int32).reshape(-1, 4)
    return WordTimes(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


@pytest.fixture
def speech() -> Speech:
    tone = np.zeros(24_000, np.int16)
    tone[4_800:19_200] = (9_000 * np.sin(np.arange(14_400) / 20)).astype(np.int16)
    words = columns((0, 5, 4_800, 12_000), (6, 11, 12_000, 19_200))
    return Speech(tone, 24_000, words, Usage(1.0, 11, Decimal("0.117"), "req-1"))


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / "takes")


def put(store: TakeStore, speech: Speech) -> Take:
    return store.put(KEY, {"text": "Hello world"}, speech, speech_bounds(speech.pcm), "run-1")


def test_a_stored_take_comes_back_as_it_was(store: TakeStore, speech: Speech) -> None:
    put(store, speech)
    take = store.load(KEY)
    assert take is not None
    assert store.state(KEY) is TakeState.STORED
    assert np.array_equal(store.audio(take), speech.pcm)
    assert take.usage == speech.usage
    assert store.words(take).end_sample.tolist() == [12_000, 19_200]
    assert take.inputs == {"text": "Hello world"}
    assert (take.speech_start, take.speech_end) == (4_800, 19_200)


def test_a_take_keeps_neither_words_nor_any_part_of_the_engines_answer_alive(store: TakeStore, speech: Speech) -> None:
    take = put(store, speech)
    assert not any(isinstance(getattr(take, name), WordTimes | np.ndarray) for name in Take.__slots__)


def test_words_that_cannot_be_read_are_damage_that_a_check_finds(store: TakeStore, speech: Speech) -> None:
    take = put(store, speech)
    path = store.sidecar_path(KEY)
    path.write_bytes(path.read_bytes().replace(b'"char_end"', b'"char_and"'))
    assert not store.is_intact(take)
    with pytest.raises(DamagedTake):
        store.words(take)
    path.unlink()
    with pytest.raises(DamagedTake):
        store.words(take)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_byte_of_a_sidecar_changes_is_noticed(store: TakeStore, speech: Speech, data: st.DataObject) -> None:
    take, path = put(store, speech), store.sidecar_path(KEY)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 2))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
    assert not store.is_intact(take)
    assert store.look_up(KEY)[0] in TakeState


def test_a_sidecar_of_an_earlier_version_has_no_digest_and_is_read(store: TakeStore, speech: Speech) -> None:
    take, path = put(store, speech), store.sidecar_path(KEY)
    sidecar = orjson.loads(path.read_bytes())
    del sidecar["digest"]
    path.write_bytes(orjson.dumps(sidecar))
    assert store.is_intact(take)
    assert store.load(KEY) == take


@pytest.mark.parametrize(("found", "damaged"), [(b'"0.117"', b'"0.1-7"'), (b"12000", b"9" * 12)])
def test_a_number_in_a_sidecar_that_is_none_is_damage_not_a_crash(
    store: TakeStore, speech: Speech, found: bytes, damaged: bytes
) -> None:
    take, path = put(store, speech), store.sidecar_path(KEY)
    path.write_bytes(path.read_bytes().replace(found, damaged))
    assert not store.is_intact(take)
    with pytest.raises(DamagedTake):
        store.words(take)
    assert store.state(KEY) in TakeState


def test_a_take_of_a_later_version_is_not_taken_for_damage(store: TakeStore, speech: Speech) -> None:
    put(store, speech)
    sidecar = orjson.loads(store.sidecar_path(KEY).read_bytes())
    del sidecar["digest"]
    store.sidecar_path(KEY).write_bytes(orjson.dumps({**sidecar, "schema": 2}))
    with pytest.raises(StorageError, match="schema 2; this narrate reads up to 1"):
        store.look_up(KEY)


@pytest.mark.parametrize(("found", "other"), [(b'"sample_rate":24000', b'"sample_rate":0'), (b"24000", b"null")])
def test_counts_that_cannot_be_are_damage(store: TakeStore, speech: Speech, found: bytes, other: bytes) -> None:
    put(store, speech)
    path = store.sidecar_path(KEY)
    path.write_bytes(path.read_bytes().replace(found, other))
    assert store.state(KEY) is TakeState.DAMAGED


def test_audio_that_the_disk_does_not_give_at_the_moment_is_not_damaged(
    store: TakeStore, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(path: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    take = put(store, speech)
    monkeypatch.setattr(Path, "read_bytes", away)
    for look in (store.audio, store.is_intact):
        with pytest.raises(StorageError, match="input/output error") as refused:
            look(take)
        assert not isinstance(refused.value, DamagedTake)


def test_audio_without_its_sidecar_is_no_take(store: TakeStore, speech: Speech) -> None:
    put(store, speech)
    store.sidecar_path(KEY).unlink()
    assert store.state(KEY) is TakeState.MISSING


def test_a_truncated_take_is_damaged(store: TakeStore, speech: Speech) -> None:
    put(store, speech)
    path = store.audio_path(KEY)
    path.write_bytes(path.read_bytes()[:-1])
    assert store.state(KEY) is TakeState.DAMAGED


def test_a_flipped_bit_is_noticed_when_the_audio_is_read(store: TakeStore, speech: Speech) -> None:
    take = put(store, speech)
    path = store.audio_path(KEY)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert store.state(KEY) is TakeState.STORED
    assert not store.is_intact(take)
    with pytest.raises(StorageError, match="does not match its checksum"):
        store.audio(take)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"schema": 0, "key": "x"}'])
def test_a_torn_sidecar_is_damage_not_a_crash(store: TakeStore, speech: Speech, text: str) -> None:
    put(store, speech)
    store.sidecar_path(KEY).write_text(text)
    assert store.state(KEY) is TakeState.DAMAGED


def test_a_read_only_folder_is_a_storage_error_with_a_next_step(tmp_path: Path, speech: Speech) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StorageError) as caught:
        put(TakeStore(blocked / "takes"), speech)
    assert "cannot write" in caught.value.message


def test_the_keys_of_all_takes_are_those_of_the_sidecars_in_order(store: TakeStore, speech: Speech) -> None:
    assert list(store.all_keys()) == []
    keys = [f"{number:02x}" + "0" * 62 for number in (255, 7, 16)]
    for key in keys:
        store.put(key, {}, speech, (0, 1), "run-1")
    store.sidecar_path(keys[0]).with_suffix(".json.part").write_bytes(b"")
    store.sidecar_path(keys[1]).unlink()
    (store.folder / "sidecars.index").write_bytes(b"")
    assert list(store.all_keys()) == sorted({keys[0], keys[2]})


def test_nothing_temporary_stays_behind(store: TakeStore, speech: Speech) -> None:
    put(store, speech)
    assert sorted(path.suffix for path in store.folder.rglob("*") if path.is_file()) == [".flac", ".json"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=9_000))
def test_flac_keeps_every_sample(samples: list[int]) -> None:
    pcm = np.array(samples, np.int16)
    assert np.array_equal(decode_flac(encode_flac(pcm, 24_000)), pcm)


def test_the_same_samples_give_the_same_flac_bytes_without_a_version_in_them(speech: Speech) -> None:
    data = encode_flac(speech.pcm, 24_000)
    assert data == encode_flac(speech.pcm, 24_000)
    assert b"Lav" not in data


@pytest.mark.parametrize("samples", [1, 15, 4_608, 100_000])
def test_flac_says_how_long_it_is_and_what_its_samples_hash_to(samples: int) -> None:
    pcm = (np.arange(samples) * 37 % 4_001).astype(np.int16)
    information = encode_flac(pcm, 24_000)[8:42]
    assert int.from_bytes(information[10:18]) & (1 << 36) - 1 == samples
    assert int.from_bytes(information[10:18]) >> 44 == 24_000
    assert information[18:] == hashlib.md5(pcm.astype("<i2").tobytes(), usedforsecurity=False).digest()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=400), st.integers(1, 300))
def test_flac_that_is_not_compressed_keeps_every_sample(samples: list[int], times: int) -> None:
    pcm = np.tile(np.array(samples, np.int16), times)
    assert np.array_equal(strictly_decoded(wrap_flac(pcm, 24_000)), pcm)


@pytest.mark.parametrize("samples", [1, 32_767, 32_768, 32_769, 130 * 32_768])
def test_flac_that_is_not_compressed_has_blocks_of_every_number_and_length(samples: int) -> None:
    pcm = (np.arange(samples) * 37 % 4_001).astype(np.int16)
    data = wrap_flac(pcm, 22_050)
    assert np.array_equal(strictly_decoded(data), pcm)
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].rate == 22_050
        assert container.duration == pytest.approx(samples / 22_050 * av.time_base, abs=1)


def test_a_changed_bit_of_flac_that_is_not_compressed_is_noticed() -> None:
    data = bytearray(wrap_flac(np.zeros(40_000, np.int16), 24_000))
    data[50_000] ^= 4
    with pytest.raises(av.error.InvalidDataError):
        strictly_decoded(bytes(data))


@pytest.mark.parametrize("wrapped", [True, False])
def test_samples_that_look_like_the_start_of_a_frame_are_samples(wrapped: bool) -> None:
    pcm = np.random.default_rng(3).integers(-32_768, 32_767, 80_000).astype(np.int16)
    headers = [wrap_flac(pcm, 24_000)[at : at + 7] for at in (42 + 65_545, 42 + 2 * 65_545)]  # of the next frame
    headers += [bytes.fromhex("fff8f50258") + bytes([crc8.smbus(bytes.fromhex("fff8f50258"))]) + b"\x02"]
    for place, header in zip((9_001, 40_001, 70_001), headers, strict=True):
        swapped = bytearray(pcm.astype(">i2").tobytes())
        swapped[place * 2 + 1 : place * 2 + 1 + len(header)] = header
        pcm = np.frombuffer(bytes(swapped), ">i2").astype(np.int16)
    assert np.array_equal(decode_flac((wrap_flac if wrapped else encode_flac)(pcm, 24_000)), pcm)


def test_flac_with_more_metadata_than_ours_is_read(speech: Speech) -> None:
    data = encode_flac(speech.pcm, 24_000)
    comment = b"\x84\x00\x00\x05hello"
    assert np.array_equal(decode_flac(data[:4] + b"\x00" + data[5:42] + comment + data[42:]), speech.pcm)


@pytest.mark.parametrize("cut", [0, 3, 6, 30, 41, 60, 4_000])
def test_flac_that_is_cut_is_refused(cut: int, speech: Speech) -> None:
    with pytest.raises(ValueError, match="not a FLAC file"):
        decode_flac(encode_flac(speech.pcm, 24_000)[:cut])


def strictly_decoded(data: bytes) -> NDArray[np.int16]:
    """The samples, every frame's checksums looked at."""
    with av.open(io.BytesIO(data)) as container:
        container.streams.audio[0].codec_context.options = {"err_detect": "crccheck+explode"}
        parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(parts)


def test_silence_has_no_speech() -> None:
    assert speech_bounds(np.zeros(24_000, np.int16)) == (0, 0)
    assert speech_bounds(np.zeros(0, np.int16)) == (0, 0)


def test_a_disk_that_refuses_the_sidecar_leaves_neither_file(
    store: TakeStore, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    make_folder(store.audio_path(KEY).parent)

    def full_at_the_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipeline.store.files.os.fsync", full_at_the_second)
    with pytest.raises(StorageError, match=r"json: the disk is full"):
        put(store, speech)
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


def test_both_files_are_on_disk_before_either_has_its_name(
    store: TakeStore, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[list[str]] = []
    real = os.fsync
    make_folder(store.audio_path(KEY).parent)

    def watching(descriptor: int) -> None:
        named.append(sorted(path.suffix for path in store.folder.rglob("*") if path.is_file()))
        real(descriptor)

    monkeypatch.setattr("pipeline.store.files.os.fsync", watching)
    put(store, speech)
    assert named == [[".part"], [".part", ".part"], [".flac", ".json"]]


def test_every_new_folder_is_durable_before_a_take_is_reported(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("pipeline.store.files.sync_folder", synced.append)
    put(TakeStore(tmp_path / "book" / ".narration" / "takes"), speech)
    new = [tmp_path / part for part in (".", "book", "book/.narration", "book/.narration/takes")]
    assert synced == [*new, tmp_path / "book" / ".narration" / "takes" / KEY[:2]]
