"""Finished files of a rendered book, each damaged in its own way: `narrate verify` finds that, and nothing else."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from quality_book import MANIFEST, RATE, QualityBook, copied, render_book

from pipeline.cli.main import main
from pipeline.reports.quality.findings import Kind
from pipeline.reports.run_record import FileRecord, read_run_record, write_run_record
from pipeline.store.files import write_atomically

pytestmark = pytest.mark.slow

WAV, MP3, M4B = "wav/1-the-lamps.wav", "mp3/1-the-lamps.mp3", "the-quay.m4b"
FILES = "outputs: [{format: wav}, {format: mp3}, {format: m4b}]"
CUSTOM = "profile: {rms_db: -20.5, tolerance_db: 2.5, true_peak_dbtp: -3, noise_floor_db: -60, file_minutes: 5}"
Samples = NDArray[Any]
Finding = dict[str, Any]


@pytest.fixture(scope="module")
def for_a_store(tmp_path_factory: pytest.TempPathFactory) -> QualityBook:
    manifest = MANIFEST.replace("outputs: [{format: wav}]", f"profile: acx\n{FILES}")
    return render_book(tmp_path_factory.mktemp("store") / "book", manifest)


@pytest.fixture
def book(for_a_store: QualityBook, tmp_path: Path) -> QualityBook:
    return copied(for_a_store, tmp_path / "book")


def recorded(book: QualityBook, *names: str) -> None:
    """Let the damage have been done before the files were put on record: their bytes are the right ones."""
    out = book.layout.outputs
    record = read_run_record(out)
    assert record is not None

    def anew(file: FileRecord) -> FileRecord:
        if file.path not in names:
            return file
        content = (out / file.path).read_bytes()
        return file.model_copy(update={"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})

    write_run_record(out, record.model_copy(update={"files": tuple(map(anew, record.files))}))


def verified(book: QualityBook, junit: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[Finding]]:
    """Exit code and findings; the JUnit document holds the same."""
    capsys.readouterr()
    code = main(["verify", str(book.folder), "--json", "--junit", str(junit)])
    findings: list[Finding] = orjson.loads(capsys.readouterr().out)["findings"]
    suites = ET.parse(junit).getroot()
    assert suites.tag == "testsuites"
    cases = list(suites.iter("testcase"))
    assert suites.get("tests") == str(len(cases))
    failed = {case.get("classname", "").removeprefix("verify.") for case in cases if case.find("failure") is not None}
    assert failed == {each["chapter"] or "the book" for each in findings if each["severity"] == "error"}
    written = " ".join(text for case in cases for text in case.itertext())
    for each in findings:
        assert f"{each['severity']}: {each['kind']}: {each['file']}" in written
        assert each["message"] in written
        assert each["next_step"] in written
    return code, findings


def test_a_book_in_its_profile_has_no_findings(
    book: QualityBook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(book, tmp_path / "junit.xml", capsys) == (0, [])


def halved(pcm: Samples) -> Samples:
    return pcm * 0.5


def hissing(pcm: Samples) -> Samples:
    """At -50 dB everywhere, and at -46 dB from second 29 on for a second: a pause lies there."""
    noise = np.random.default_rng(1).normal(0, 32768 * 10 ** (-50 / 20), len(pcm))
    noise[29 * RATE : 30 * RATE] *= 1.6
    return pcm + noise


def peaking(pcm: Samples) -> Samples:
    """A tenth of a second raised by 2.5 dB about the loudest sample between the seconds 10 and 20."""
    at = 10 * RATE + int(np.abs(pcm[10 * RATE : 20 * RATE]).argmax())
    gain = np.ones(len(pcm))
    gain[at - RATE // 10 : at + RATE // 10] += np.hanning(RATE // 5) * (10 ** (2.5 / 20) - 1)
    return pcm * gain


def with_a_longer_tail(pcm: Samples) -> Samples:
    return np.concatenate([pcm, np.zeros(4 * RATE)])


def of_seven_minutes(pcm: Samples) -> Samples:
    """The chapter twelve times over."""
    return np.tile(pcm, 12)


SOUND_DAMAGE: list[tuple[Callable[[Samples], Samples], set[Kind], Kind, float | None, str]] = [
    (halved, {Kind.LEVEL}, Kind.LEVEL, None, ""),
    (hissing, {Kind.NOISE_FLOOR}, Kind.NOISE_FLOOR, 28.9, "Marten"),
    (peaking, {Kind.TRUE_PEAK}, Kind.TRUE_PEAK, 10.9, "counted"),
    (with_a_longer_tail, {Kind.EDGE_SILENCE, Kind.LENGTH}, Kind.EDGE_SILENCE, 34.4, "not for sale"),
]


@pytest.mark.parametrize(
    ("damage", "kinds", "kind", "seconds", "text"), SOUND_DAMAGE, ids=lambda each: getattr(each, "__name__", "")
)
def test_a_file_outside_its_profile_is_found_as_that(
    book: QualityBook,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Samples], Samples],
    kinds: set[Kind],
    kind: Kind,
    seconds: float | None,
    text: str,
) -> None:
    book.write_wav(np.clip(damage(book.wav().astype(np.float64)), -32768, 32767))
    recorded(book, WAV)
    code, findings = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 6
    assert {each["kind"] for each in findings} == kinds
    [found] = [each for each in findings if each["kind"] == kind]
    assert (found["severity"], found["file"], found["chapter"]) == ("error", WAV, "the-lamps")
    assert found["seconds"] == (seconds if seconds is None else pytest.approx(seconds, abs=0.7))
    assert text in found["text"]
    assert found["limit"] is not None


def test_a_file_that_is_too_long_for_its_store_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = render_book(tmp_path / "book", MANIFEST.replace("outputs:", f"{CUSTOM}\noutputs:"))
    book.write_wav(of_seven_minutes(book.wav()))
    recorded(book, WAV)
    code, findings = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 6
    assert {each["kind"] for each in findings} == {Kind.FILE_LENGTH, Kind.LENGTH}
    [found] = [each for each in findings if each["kind"] == Kind.FILE_LENGTH]
    assert (found["value"], found["limit"], found["chapter"]) == (pytest.approx(7.38, abs=0.05), 5.0, "the-lamps")


def gone(path: Path) -> None:
    path.unlink()


def noise_in_its_place(path: Path) -> None:
    path.write_bytes(np.random.default_rng(3).bytes(path.stat().st_size))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def with_a_hole(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(4).bytes(3000)
    write_atomically(path, bytes(content))


FILE_DAMAGE: list[tuple[Callable[[Path], None], str, Kind, float | None]] = [
    (gone, MP3, Kind.MISSING_FILE, None),
    (gone, M4B, Kind.MISSING_FILE, None),
    (noise_in_its_place, MP3, Kind.UNREADABLE, None),
    (noise_in_its_place, M4B, Kind.UNREADABLE, None),
    (emptied, WAV, Kind.UNREADABLE, None),
    (with_a_hole, MP3, Kind.UNREADABLE, 18.4),
    (with_a_hole, M4B, Kind.UNREADABLE, 18.4),
]


@pytest.mark.parametrize(("damage", "name", "kind", "seconds"), FILE_DAMAGE)
def test_a_file_that_cannot_be_played_is_found_as_that(
    book: QualityBook,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    name: str,
    kind: Kind,
    seconds: float | None,
) -> None:
    damage(book.layout.outputs / name)
    code, findings = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 6
    assert {each["file"] for each in findings} == {name}
    assert [each["kind"] for each in findings] == [kind, *([Kind.ALTERED] if kind is Kind.UNREADABLE else [])]
    chapter = None if name == M4B and seconds is None else "the-lamps"
    assert (findings[0]["severity"], findings[0]["chapter"]) == ("error", chapter)
    assert findings[0]["seconds"] == (seconds if seconds is None else pytest.approx(seconds, abs=2.0))
    assert bool(findings[0]["text"]) == (seconds is not None)


def test_a_file_that_ends_too_early_is_found_where_it_ends(
    book: QualityBook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = book.layout.outputs / MP3
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    recorded(book, MP3)
    code, findings = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 6
    assert [each["kind"] for each in findings] == [Kind.OTHER_SOUND, Kind.LENGTH, Kind.EDGE_SILENCE]
    assert findings[0]["seconds"] == pytest.approx(18.4, abs=1.0)


def tagged(content: bytes) -> bytes:
    return content + b"TAG" + bytes(125)


def with_another_title(content: bytes) -> bytes:
    """As many bytes as before."""
    assert b"The Lamps" in content
    return content.replace(b"The Lamps", b"The Camps", 1)


@pytest.mark.parametrize(("damage", "told"), [(tagged, "bytes, written with"), (with_another_title, "SHA-256")])
def test_a_file_that_somebody_else_wrote_to_is_a_warning(
    book: QualityBook,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes],
    told: str,
) -> None:
    path = book.layout.outputs / MP3
    write_atomically(path, damage(path.read_bytes()))
    code, [found] = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 0
    assert (found["kind"], found["severity"], found["file"], found["chapter"]) == (
        Kind.ALTERED, "warning", MP3, "the-lamps",
    )  # fmt: skip
    assert told in found["message"]


def test_nothing_to_hear_is_one_finding_and_not_one_for_each_pause(
    book: QualityBook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write_wav(book.wav() * 0)
    recorded(book, WAV)
    code, findings = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 6
    assert [each["kind"] for each in findings] == [Kind.OTHER_SOUND, Kind.LEVEL]
    assert "nothing is heard" in findings[1]["message"]


def test_a_chapter_that_is_quieter_than_the_book_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = render_book(tmp_path / "book", chapters=("The Lamps", "The Walls", "The Boats"))
    book.write_wav((book.wav() * 0.5).astype(np.int16))
    recorded(book, WAV)
    code, [found] = verified(book, tmp_path / "junit.xml", capsys)
    assert code == 0
    assert (found["kind"], found["severity"], found["file"], found["chapter"]) == (
        Kind.CHAPTER_LEVEL, "warning", WAV, "the-lamps",
    )  # fmt: skip
    assert found["value"] - found["limit"] == pytest.approx(-6.0, abs=0.6)
