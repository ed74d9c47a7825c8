"""Files come out inside their profile's numbers, and the manifest says which profile."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.assembly.encoding import ChapterFile
from pipeline.assembly.listening import file_levels, pauses_of
from pipeline.assembly.loudness import integrated_lufs, measure, noise_floor_db, rms_db
from pipeline.assembly.mastering import Mastering, chapter_gain_db, corrected, master_chapter
from pipeline.assembly.parts import delivered_chapters, retail_sample
from pipeline.assembly.sound import Sound, book_sound, outside
from pipeline.assembly.tags import Tags
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.engines.instant import InstantEngine
from pipeline.engines.protocol import WordTimes
from pipeline.errors import InputError
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.formats import OutputFormat
from pipeline.project.loading import load_project
from pipeline.project.models import Project
from pipeline.project.outputs import Output
from pipeline.project.profiles import ACX, EBU_R128, PODCAST, Profile, profile_name
from pipeline.render.plan import Plan, make_plan
from pipeline.render.running import render_missing
from pipeline.reports.publishing import Published, publish
from pipeline.reports.run_record import FileRecord, RunRecord, write_run_record
from pipeline.script.scripting import write_script
from pipeline.store.layout import Layout

Chapter = tuple[ChapterTimeline, np.ndarray]
Meter = Callable[[np.ndarray, int], tuple[float, float]]
SAMPLES = 1024 * 24 * 12
HEAD, TAIL = 18_000, 60_000


@pytest.fixture
def chapter(voice: Callable[..., np.ndarray]) -> tuple[ChapterTimeline, np.ndarray]:
    pcm = np.zeros(SAMPLES, np.float32)
    spoken = voice((SAMPLES - HEAD - TAIL) / 24_000, level=0.1)
    pcm[HEAD : HEAD + len(spoken)] = spoken
    one, start, end = (np.array([value], np.int32) for value in (1, HEAD, HEAD + len(spoken)))
    words = WordTimes(one * 0, one, start, end)
    return ChapterTimeline("a", "A", "x", SAMPLES, (), words), (pcm * 32767).astype(np.int16)


@pytest.mark.parametrize(
    ("profile", "kbps"), [(ACX, 192), (EBU_R128, 64), (PODCAST, 64)], ids=["acx", "ebu-r128", "podcast"]
)
def test_every_file_is_inside_its_profile_by_another_meter(
    tmp_path: Path, profile: Profile, kbps: int, chapter: Chapter, other_meter: Meter
) -> None:
    timeline, pcm = chapter
    outputs = [Output(format=OutputFormat.MP3, bitrate_kbps=kbps), Output(format=OutputFormat.M4B)]
    files = [ChapterFile(tmp_path / f"a.{each.format}", each, Tags("a", "b")) for each in outputs]
    sounds = master_chapter(timeline, lambda: iter(np.split(pcm, 24)), files, profile)
    for file in files:
        sound = sounds[file.path]
        assert sound.outside == ()
        with av.open(str(file.path)) as container:
            rate = container.streams.audio[0].rate
            decoded = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
        loudness, peak = other_meter(decoded, rate)
        rms = 10 * math.log10(float(np.mean(decoded.astype(np.float64) ** 2)))
        assert sound.loudness_lufs == pytest.approx(loudness, abs=0.3)
        assert sound.rms_db == pytest.approx(rms, abs=0.05)
        assert sound.true_peak_dbtp == pytest.approx(peak, abs=0.3)
        assert peak <= profile.true_peak_dbtp
        level, wanted = (loudness, profile.loudness_lufs) if profile.rms_db is None else (rms, profile.rms_db)
        assert wanted is not None
        assert abs(level - wanted) <= 0.4


def test_the_same_chapter_gives_the_same_bytes(tmp_path: Path, chapter: Chapter) -> None:
    timeline, pcm = chapter
    for name in ("one", "two"):
        file = ChapterFile(tmp_path / name, Output(format=OutputFormat.MP3, bitrate_kbps=192), Tags("a", "b"))
        master_chapter(timeline, lambda: iter(np.split(pcm, 24)), [file], ACX)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_an_encoder_adds_is_made_up_for_in_a_second_attempt() -> None:
    made = Mastering(gain_db=4.0, ceiling_db=-3.8, room_tone_db=None)
    good = Sound(10, -20.0, -20.5, -3.4, -70.0, 4.0)
    assert corrected(made, good, ACX) == made
    loud = Sound(10, -20.0, -17.5, -2.8, -70.0, 4.0)
    assert corrected(made, loud, ACX) == Mastering(1.0, pytest.approx(-4.1), None)  # type: ignore[arg-type]


def test_what_is_outside_a_profile_is_named() -> None:
    sound = Sound(7300.0, -15.0, -17.9, -2.9, -59.0, 4.0)
    assert len(list(outside(sound, ACX))) == 4
    assert list(outside(Sound(10, None, None, None, None, 0.0), ACX)) == ["RMS (dB): nothing is heard"]
    assert list(outside(sound, EBU_R128)) == ["loudness (LUFS) -15.0 is not within 0.5 of -23"]


def test_silence_is_not_raised(chapter: Chapter) -> None:
    _, pcm = chapter
    assert chapter_gain_db(measure([pcm * 0], 24_000), ACX) == 0.0


def test_a_book_is_as_loud_as_its_chapters_and_as_bad_as_the_worst() -> None:
    one, two = Sound(100, -20.0, -21.0, -3.5, -70.0, 1.0), Sound(300, -20.0, -21.0, -3.2, -65.0, 2.0)
    book = book_sound([one, two], ACX)
    assert (book.seconds, book.loudness_lufs, book.rms_db) == (400, -20.0, -21.0)
    assert (book.true_peak_dbtp, book.noise_floor_db, book.outside) == (-3.2, -65.0, ())


def test_pauses_lie_between_words_that_are_apart() -> None:
    starts, ends = np.array([24_000, 30_000, 72_000], np.int32), np.array([29_000, 48_000, 90_000], np.int32)
    words = WordTimes(starts * 0, starts * 0 + 1, starts, ends)
    timeline = ChapterTimeline("a", "A", "x", 120_000, (), words)
    assert pauses_of(timeline) == [(0.1, 0.8), (2.1, 2.8), (pytest.approx(3.85), 4.8)]


def test_a_word_that_is_told_late_is_no_noise() -> None:
    starts, ends = np.array([24_000, 72_000], np.int32), np.array([48_000, 96_000], np.int32)
    timeline = ChapterTimeline("a", "A", "x", 96_000, (), WordTimes(starts * 0, starts * 0 + 1, starts, ends))
    pcm = np.zeros(96_000, np.int16)
    for start, end in zip(starts - 3_600, ends, strict=True):
        pcm[start:end] = 8_000
    floor = noise_floor_db(measure([pcm], 24_000), pauses_of(timeline))
    assert floor is not None
    assert floor < -60


MANIFEST = "title: Ada\nauthor: M. Lace\nchapters: [{source: book.md}]\n"
BOOK = "# One\n\n" + "\n\n".join("She counted the lamps and wrote it down. " * 12 for _ in range(40)) + "\n"


class Voice(InstantEngine):
    """The instant engine under the name that the manifest binds."""

    name = "hibari"


def loaded(folder: Path, more: str, book: str = BOOK) -> Project:
    (folder / "book.md").write_text(book, encoding="utf-8")
    (folder / "project.yaml").write_text(MANIFEST + more, encoding="utf-8")
    return load_project(folder)


def made(project: Project) -> Plan:
    layout = Layout.of(project)
    script = write_script(read_manuscript(project), project, limit=5000)
    plan = make_plan(script, project, Voice(), layout.takes)
    slugs = frozenset(chapter.script.slug for chapter in plan.chapters)
    return render_missing(plan, Voice(), layout, run="r", selected=slugs, receiver=lambda _: None).plan


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("profile: axc\n", "4:10: profile: got 'axc'; expected one of acx"),
        ("profile: {loudnes_lufs: -18}\n", "4:10: profile: got keys with values; expected one of acx"),
        ("profile: {loudness_lufs: -80}\n", "4:26: profile.loudness_lufs: got '-80'; expected a number from -40 to -6"),
        ("profile: acx\noutputs: [{format: mp3, bitrate_kbps: 64}]\n", "5:39: outputs[0].bitrate_kbps: got '64'"),
        ("profile: acx\npauses: {chapter_head_ms: 200}\n", "5:27: pauses.chapter_head_ms: got '200'; expected 500"),
        ("credits: {opening: 'By {autor}'}\n", "4:20: credits.opening: got 'By {autor}'; expected only {title}"),
        ("credits: {opening: 'By {narrator}'}\n", "4:20: credits.opening: got 'By {narrator}'; expected a value for"),
    ],
)
def test_a_profile_that_cannot_be_is_refused_at_its_line(tmp_path: Path, more: str, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        loaded(tmp_path, more)
    assert str(refused.value.problems[0]).startswith(f"project.yaml:{problem}")


def test_a_profile_decides_the_bit_rate_that_the_manifest_leaves_open(tmp_path: Path) -> None:
    rates = {output.format: output.bitrate_kbps for output in loaded(tmp_path, "profile: acx\n").outputs}
    assert rates[OutputFormat.MP3] == 192
    louder = loaded(tmp_path, "profile: acx\noutputs: [{format: mp3, bitrate_kbps: 256}]\n")
    assert louder.outputs[0].bitrate_kbps == 256


def test_profiles_have_names_and_none_is_the_default(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "").profile.active
    assert profile_name(loaded(tmp_path, "profile: podcast\n").profile) == "podcast"
    assert profile_name(loaded(tmp_path, "profile: {loudness_lufs: -16}\n").profile) == "custom"


def test_credits_are_chapters_around_the_book(tmp_path: Path) -> None:
    project = loaded(tmp_path, "credits: {opening: '{title}, by {author}.', closing: The end.}\n", "# One\n\nHello.\n")
    chapters = read_manuscript(project).chapters
    assert [chapter.slug for chapter in chapters] == ["opening-credits", "one", "closing-credits"]
    assert [chapters[0].blocks[0].text, chapters[-1].blocks[0].text] == ["Ada, by M. Lace.", "The end."]


def test_a_chapter_too_long_for_a_file_is_made_in_parts_that_hold_all_of_it(tmp_path: Path) -> None:
    project = loaded(tmp_path, "profile: {loudness_lufs: -18, file_minutes: 5}\n")
    (whole,) = made(project).chapters
    parts = delivered_chapters(project, [whole])
    assert len(parts) > 2
    assert [part.script.slug for part in parts][:2] == ["one-part-1", "one-part-2"]
    assert parts[0].script.title == "One, part 1"
    assert sum(len(part.segments) for part in parts) == len(whole.segments)
    assert "\n\n".join(part.script.text for part in parts) == whole.script.text
    for part in parts:
        assert sum(planned.take.seconds for planned in part.segments if planned.take) <= 300
        for planned in part.segments:
            segment = planned.segment
            assert part.script.text[segment.char_start : segment.char_end] == segment.text


def test_the_retail_sample_starts_at_the_body_and_ends_with_a_paragraph(tmp_path: Path) -> None:
    project = loaded(tmp_path, "profile: acx\ncredits: {opening: '{title}'}\n")
    sample = retail_sample(project, made(project).chapters)
    assert sample is not None
    assert sample.script.text.startswith("She counted")
    assert sample.script.text.endswith("down.")
    assert 200 < sum(planned.take.seconds for planned in sample.segments if planned.take) < 300


def published(project: Project, plan: Plan) -> Published:
    layout = Layout.of(project)
    done = publish(
        project, plan, layout, layout.outputs, selected=None, force=False, partial=False, threads=2,
        receiver=lambda _: None,
    )  # fmt: skip
    record = RunRecord(
        run="r", narrate="0", started="", ended="", status="done", exit_code=0, engine="", provider="", model="",
        inputs="", chapters=1, chapters_whole=1, segments=1, takes_made=0, takes_reused=0, segments_failed=0,
        audio_seconds=0, wall_seconds=0, files=done.files, stale=done.stale,
    )  # fmt: skip
    write_run_record(layout.outputs, record)
    return done


def test_a_changed_profile_encodes_again_and_makes_no_take(tmp_path: Path) -> None:
    book = "# One\n\n" + "She counted the lamps and wrote it down. " * 8
    project = loaded(tmp_path, "outputs: [{format: m4b}, {format: mp3}]\n", book)
    plan = made(project)
    plain = {file.path: file for file in published(project, plan).files}
    assert all(file.sound is None for file in plain.values())
    project = loaded(tmp_path, "outputs: [{format: m4b}, {format: mp3}]\nprofile: podcast\n", book)
    assert not make_plan(
        write_script(read_manuscript(project), project, limit=5000), project, Voice(), Layout.of(project).takes
    ).to_make()
    done = published(project, plan)
    sounds: dict[str, FileRecord] = {file.path: file for file in done.files}
    for path in ("mp3/1-one.mp3", "ada.m4b"):
        sound = sounds[path].sound
        assert sound is not None
        assert sound.outside == ()
        assert sounds[path].sha256 != plain[path].sha256
    assert published(project, plan).written == 0
    document = json.loads((Layout.of(project).outputs / "run.json").read_bytes())
    measured = next(file["sound"] for file in document["files"] if file["path"] == "mp3/1-one.mp3")
    levels = file_levels(Layout.of(project).outputs / "mp3/1-one.mp3")
    assert measured["loudness_lufs"] == pytest.approx(integrated_lufs(levels.weighted), abs=0.01)
    assert measured["rms_db"] == pytest.approx(rms_db(levels), abs=0.01)
