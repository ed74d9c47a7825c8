from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.project.formats import OutputFormat
from pipeline.project.loading import LIMIT_BYTES, load_project
from pipeline.project.models import Manifest
from tests.project.conftest import Problems

KEYS = [field.alias or name for name, field in Manifest.model_fields.items()]

CHAPTERS = "chapters: [{source: 'manuscript/*.md'}]\n"
VALID = f"title: A Book\n{CHAPTERS}"

# Each manifest has this one problem; {V} stands for two valid lines.
CASES = {
    "unknown key": ("{V}titel: x\n", "3:1: titel: unknown key; did you mean 'title'?"),
    "unknown key, nothing near": (
        "{V}budget: {zzz: 1}\n",
        "3:10: budget.zzz: unknown key; expected one of run_cents, project_cents",
    ),
    "internal names are no keys": (
        "{V}folder: x\n",
        f"3:1: folder: unknown key; expected one of {', '.join(KEYS)}",
    ),
    "title missing": (CHAPTERS, "1:1: title: is missing; expected the book's title; its slug names the outputs"),
    "title without value": (
        "title:\n" + CHAPTERS,
        "1:1: title: has no value; expected the book's title; its slug names the outputs",
    ),
    "chapters missing": ("title: x\n", "1:1: chapters: is missing; expected what is narrated, in this order"),
    "chapters empty": ("title: x\nchapters: []\n", "2:11: chapters: got a list; expected at least one entry"),
    "source missing": (
        "title: x\nchapters:\n  - split: file\n",
        "3:5: chapters[0].source: is missing; expected a file, or a glob taken in natural order (2 before 10)",
    ),
    "title a list": (
        "title: [x]\n" + CHAPTERS,
        "1:8: title: got a list; expected text of 1 to 300 characters in one line",
    ),
    "title without letters": (
        "title: '…'\n" + CHAPTERS,
        "1:8: title: got '…'; expected a title with a letter or digit, since its slug names the outputs",
    ),
    "title of two lines": (
        "title: |\n  a\n  b\n" + CHAPTERS,
        "1:8: title: got 'a\\nb\\n'; expected text of 1 to 300 characters in one line",
    ),
    "language underscored": (
        "{V}language: en_US\n",
        "3:11: language: got 'en_US'; expected a language tag (BCP 47) such as en, de or pt-BR; did you mean 'en-US'?",
    ),
    "engine misspelt": (
        "{V}engine: hibary\n",
        "3:9: engine: got 'hibary'; expected one of hibari, espeak, kugelaudio; did you mean 'hibari'?",
    ),
    "number quoted": (
        "{V}segment_target: '700'\n",
        "3:17: segment_target: got '700'; expected a whole number from 50 to 10000; write it without quotes",
    ),
    "number with a fraction": (
        "{V}segment_target: 700.5\n",
        "3:17: segment_target: got '700.5'; expected a whole number from 50 to 10000",
    ),
    "number out of bounds": (
        "{V}segment_target: 49\n",
        "3:17: segment_target: got '49'; expected a whole number from 50 to 10000",
    ),
    "number of a word": (
        "{V}pauses: {scene_ms: long}\n",
        "3:20: pauses.scene_ms: got 'long'; expected a whole number from 0 to 60000",
    ),
    "pause below zero": (
        "{V}pauses:\n  sentence_ms: -1\n",
        "4:16: pauses.sentence_ms: got '-1'; expected a whole number from 0 to 60000",
    ),
    "pause too long": (
        "{V}pauses:\n  sentence_ms: 60001\n",
        "4:16: pauses.sentence_ms: got '60001'; expected a whole number from 0 to 60000",
    ),
    "section of a word": (
        "{V}budget: 12\n",
        "3:9: budget: got '12'; expected keys with values: run_cents, project_cents",
    ),
    "list of a word": (
        "{V}dictionaries: names.yaml\n",
        "3:15: dictionaries: got 'names.yaml'; expected a list (lines that begin with '- ')",
    ),
    "voices a list": ("{V}voices: [narrator]\n", "3:9: voices: got a list; expected names with values"),
    "entry a word": (
        "title: x\nchapters:\n  - manuscript/1.md\n",
        "3:5: chapters[0]: got 'manuscript/1.md'; expected keys with values, such as 'source: manuscript/1.md'",
    ),
    "money as infinity": (
        "{V}budget: {run_cents: .inf}\n",
        "3:21: budget.run_cents: got '.inf'; expected an amount in EUR cents from 0 to 100,000,000, such as 7.5",
    ),
    "money below zero": (
        "{V}rates: {kugel-3: -7}\n",
        "3:18: rates.kugel-3: got '-7'; expected an amount in EUR cents from 0 to 100,000,000, such as 7.5",
    ),
    "money with an exponent": (
        "{V}rates: {kugel-3: 1e3}\n",
        "3:18: rates.kugel-3: got '1e3'; expected an amount in EUR cents from 0 to 100,000,000, such as 7.5",
    ),
    "pitch out of bounds": (
        "{V}voices: {narrator: {hibari: {pitch: 1.31}}}\n",
        "3:37: voices.narrator.hibari.pitch: got '1.31'; expected a number from 0.72 to 1.3",
    ),
    "speed no number": (
        "{V}voices: {narrator: {hibari: {}, speed: .nan}}\n",
        "3:40: voices.narrator.speed: got '.nan'; expected a number from 0.5 to 2.0",
    ),
    "voice name with a space": (
        "{V}voices:\n  narrator: {hibari: {}}\n  old man: {hibari: {}}\n",
        "5:3: voices.old man: got 'old man'; expected a voice's name: letters, digits, - and _, at most 64",
    ),
    "heading zero": (
        "title: x\nchapters: [{source: manuscript/1.md, split: heading:0}]\n",
        (
            "2:45: chapters[0].split: got 'heading:0'; expected auto, file, heading:1 to heading:6, or a regular "
            "expression; did you mean 'heading:2'?"
        ),
    ),
    "split misspelt": (
        "title: x\nchapters: [{source: manuscript/1.md, split: Auto}]\n",
        (
            "2:45: chapters[0].split: got 'Auto'; expected auto, file, heading:1 to heading:6, or a regular "
            "expression; did you mean 'auto'?"
        ),
    ),
    "split no expression": (
        "title: x\nchapters: [{source: manuscript/1.md, split: '(Part'}]\n",
        (
            "2:45: chapters[0].split: got '(Part'; expected auto, file, heading:1 to heading:6, or a regular "
            "expression; as a regular expression it fails: missing ), unterminated subpattern at position 0"
        ),
    ),
    "split matches all": (
        "title: x\nchapters: [{source: manuscript/1.md, split: '.*'}]\n",
        (
            "2:45: chapters[0].split: got '.*'; expected auto, file, heading:1 to heading:6, or a regular "
            "expression; it matches every line"
        ),
    ),
    "bit rate that MP3 lacks": (
        "{V}outputs:\n  - {format: mp3, bitrate_kbps: 65}\n",
        (
            "4:33: outputs[0].bitrate_kbps: got '65'; expected a bit rate that MP3 has: 32, 40, 48, 56, 64, 80, 96, "
            "112, 128, 144, 160, 192, 224, 256, 320"
        ),
    ),
    "bit rate of AAC": (
        "{V}outputs:\n  - {format: m4b, bitrate_kbps: 8}\n",
        "4:33: outputs[0].bitrate_kbps: got '8'; expected for m4b a whole number from 24 to 320",
    ),
    "bit rate of captions": (
        "{V}outputs:\n  - {format: srt, bitrate_kbps: 64}\n",
        "4:33: outputs[0].bitrate_kbps: got '64'; expected no bit rate, since srt has none",
    ),
    "format unknown": (
        "{V}outputs: [{format: mp4}]\n",
        f"3:20: outputs[0].format: got 'mp4'; expected one of {', '.join(OutputFormat)}; did you mean 'mp3'?",
    ),
    "format twice": (
        "{V}outputs: [{format: srt}, {format: mp3}, {format: srt}]\n",
        "3:50: outputs[2].format: got 'srt'; expected each format once",
    ),
    "no outputs": ("{V}outputs: []\n", "3:10: outputs: got a list; expected at least one entry"),
    "date impossible": (
        "{V}metadata: {date: 2026-02-30}\n",
        "3:18: metadata.date: got '2026-02-30'; expected a date: YYYY, YYYY-MM or YYYY-MM-DD",
    ),
    "isbn mistyped": (
        "{V}metadata: {isbn: 978-0-306-40615-8}\n",
        "3:18: metadata.isbn: got '978-0-306-40615-8'; expected an ISBN of 10 or 13 digits; check the digits",
    ),
    "region unknown": (
        "{V}engines: {kugelaudio: {region: uk}}\n",
        "3:32: engines.kugelaudio.region: got 'uk'; expected one of eu, us, global",
    ),
    "tier unknown": (
        "{V}engines: {kugelaudio: {tier: 5}}\n",
        "3:30: engines.kugelaudio.tier: got '5'; expected a whole number from 1 to 4",
    ),
    "schema of the future": ("{V}schema: 2\n", "3:9: schema: got '2'; expected a whole number from 1 to 1"),
    "key twice": ("{V}title: Other\n", "3:1: title: written twice (first in line 1); expected each key once"),
    "include of nothing": (
        "title: x\nchapters: [{source: manuscript/1.md, include: []}]\n",
        "2:47: chapters[0].include: got a list; expected at least one chapter (or no `include` at all)",
    ),
    "include twice": (
        "title: x\nchapters: [{source: manuscript/1.md, include: [a, b, a]}]\n",
        "2:54: chapters[0].include[2]: got 'a'; expected each chapter once",
    ),
    "included and excluded": (
        "title: x\nchapters: [{source: manuscript/1.md, include: [a, b], exclude: [b]}]\n",
        "2:65: chapters[0].exclude[0]: got 'b'; expected a chapter that `include` does not name",
    ),
    "include by title": (
        "title: x\nchapters: [{source: manuscript/1.md, include: [Chapter 1]}]\n",
        (
            "2:48: chapters[0].include[0]: got 'Chapter 1'; expected a chapter's slug, as `narrate check` lists them "
            "(no spaces, no capitals); did you mean 'chapter-1'?"
        ),
    ),
}


@pytest.mark.parametrize(("manifest", "problem"), CASES.values(), ids=CASES.keys())
def test_each_kind_of_problem_has_its_line_and_column(problems_of: Problems, manifest: str, problem: str) -> None:
    assert problems_of(manifest.replace("{V}", VALID)) == [f"project.yaml:{problem}"]


def test_all_problems_come_in_one_go_in_the_order_of_their_lines(problems_of: Problems) -> None:
    problems = problems_of(
        "titel: A Book\n"
        "cover: absent.png\n"
        "voices: {narrator: {espeak: {voice: de}}}\n"
        "chapters:\n"
        "  - {source: absent.md, voice: elsie}\n"
        "dictionaries: [bad.yaml]\n"
        "segment_target: many\n"
        "segment_target: 10\n"
    )
    places = [problem.split(": ")[0] for problem in problems]
    lines = [int(place.split(":")[1]) for place in places]
    assert lines == [1, 1, 2, 3, 5, 5, 6, 7, 8]


def test_places_count_characters_not_bytes(problems_of: Problems) -> None:
    assert problems_of("title: 'Öß夜'\nauthor: 'ééé'\nmetadata: {series: 'éé', isbn: 1}\n" + CHAPTERS) == [
        "project.yaml:3:32: metadata.isbn: got '1'; expected an ISBN of 10 or 13 digits"
    ]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_byte_order_mark_and_foreign_line_ends_do_not_move_the_place(folder: Path, mark: str, end: str) -> None:
    (folder / "project.yaml").write_bytes(f"{VALID}titel: x\n".replace("\n", end).encode(mark))
    with pytest.raises(InputError, match=r"^project\.yaml:3:1: titel: unknown key"):
        load_project(folder)


def test_long_values_are_shortened_in_messages(problems_of: Problems) -> None:
    (problem,) = problems_of(VALID + f"language: {'x' * 500}\n")
    assert f"got '{'x' * 59}…'; expected" in problem


def test_control_characters_of_a_value_do_not_reach_the_terminal(problems_of: Problems) -> None:
    (problem,) = problems_of(VALID + 'language: "\\e[31mred\\n::error::"\n')
    assert "\x1b" not in problem
    assert "\n" not in problem


def test_control_characters_of_a_key_do_not_reach_the_terminal(problems_of: Problems) -> None:
    (problem,) = problems_of(VALID + '"\\e[31m\\nred": x\n')
    assert "\x1b" not in problem
    assert "\n" not in problem


def test_a_manifest_over_the_limit_is_refused(problems_of: Problems) -> None:
    assert problems_of(VALID + "#" * LIMIT_BYTES)[0].startswith("project.yaml: is too large: ")


def test_a_manifest_in_an_older_encoding_is_refused_with_the_place(folder: Path) -> None:
    (folder / "project.yaml").write_bytes("title: x\nauthor: Zoé\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"project\.yaml:2:11: byte 0xE9 is not UTF-8"):
        load_project(folder)


@pytest.mark.parametrize("manifest", ["", "# only a comment\n", "---\n"])
def test_an_empty_manifest_says_what_it_needs(problems_of: Problems, manifest: str) -> None:
    assert problems_of(manifest) == ["project.yaml:1:1: is empty; expected at least title, chapters"]


@pytest.mark.parametrize("manifest", ["- a\n", "title\n"])
def test_a_manifest_that_is_no_mapping_is_said_to_be_none(problems_of: Problems, manifest: str) -> None:
    (problem,) = problems_of(manifest)
    assert problem.startswith("project.yaml:1:1: the file: got ")
    assert "expected keys with values" in problem
