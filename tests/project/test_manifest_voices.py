from __future__ import annotations

import pytest

from tests.project.conftest import Load, Problems

VALID = "title: A Book\nchapters: [{source: 'manuscript/*.md'}]\n"
VOICES = "voices:\n  narrator: {hibari: {}}\n  elsie: {hibari: {}, espeak: {voice: en}}\n"

CASES = {
    "default": (
        "{V}casting: {default: narator}\n",
        "6:20: casting.default: got 'narator'; expected one of the voices narrator, elsie; did you mean 'narrator'?",
    ),
    "dialogue": (
        "{V}casting: {dialogue: Elsie}\n",
        "6:21: casting.dialogue: got 'Elsie'; expected one of the voices narrator, elsie; did you mean 'elsie'?",
    ),
    "class": (
        "{V}casting:\n  classes: {letter: bob}\n",
        "7:21: casting.classes.letter: got 'bob'; expected one of the voices narrator, elsie",
    ),
    "chapter": (
        "title: x\n" + VOICES + "chapters:\n  - {source: manuscript/1.md, voice: bob}\n",
        "6:38: chapters[0].voice: got 'bob'; expected one of the voices narrator, elsie",
    ),
    "no voices": (
        VALID + "casting: {dialogue: elsie}\n",
        "3:21: casting.dialogue: got 'elsie'; expected one of the voices narrator",
    ),
    "no narrator": (
        VALID + "voices: {bob: {hibari: {}}}\n",
        ("3:1: voices: no voice is called 'narrator', the default; expected casting: {default: …} to name one of bob"),
    ),
    "voice without binding": (
        VALID + "voices:\n  narrator: {hibari: {}}\n  bob:\n    hibari:\n    speed: 1\n",
        "5:3: voices.bob: has no binding for engine hibari (bound: none); expected one such as hibari: {voice: heart}",
    ),
}


@pytest.mark.parametrize(("manifest", "problem"), CASES.values(), ids=CASES.keys())
def test_a_voice_that_cannot_speak_is_named_at_its_place(problems_of: Problems, manifest: str, problem: str) -> None:
    assert problems_of(manifest.replace("{V}", VALID + VOICES)) == [f"project.yaml:{problem}"]


def test_voices_need_a_binding_for_the_engine_of_the_run_only(load: Load, problems_of: Problems) -> None:
    load(VALID + VOICES)
    assert problems_of(VALID + VOICES, engine="espeak") == [
        (
            "project.yaml:4:3: voices.narrator: has no binding for engine espeak (bound: hibari); "
            "expected one such as espeak: {voice: en-us}"
        )
    ]
    assert len(problems_of(VALID + VOICES + "engine: kugelaudio\n")) == 2


def test_the_engine_of_the_run_wins_over_the_manifests(load: Load) -> None:
    load(VALID + "engine: kugelaudio\n" + VOICES, engine="hibari")


def test_a_book_without_voices_has_a_narrator_for_the_embedded_engine_only(problems_of: Problems) -> None:
    assert problems_of(VALID, engine="espeak") == [
        (
            "project.yaml:1:1: voices: is missing; engine espeak needs a binding, such as "
            "narrator: {espeak: {voice: en-us}}"
        )
    ]


def test_the_paid_engine_bounds_the_speed(load: Load, problems_of: Problems) -> None:
    manifest = VALID + "voices: {narrator: {hibari: {}, kugelaudio: {voice_id: 1}, speed: 1.5}}\n"
    load(manifest)
    assert problems_of(manifest, engine="kugelaudio") == [
        "project.yaml:3:67: voices.narrator.speed: got '1.5'; expected 0.8 to 1.2 for engine kugelaudio"
    ]


def test_another_voice_may_be_the_default(load: Load) -> None:
    assert load(VALID + "voices: {bob: {hibari: {}}}\ncasting: {default: bob}\n").casting.default == "bob"
