"""Which engine, which voice, what it refuses: decided without loading a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.instant import InstantEngine
from pipeline.engines.protocol import Engine, Order
from pipeline.engines.registry import open_engine
from pipeline.errors import UsageError
from pipeline.kugelaudio import ValidationError
from pipeline.project.engines import EngineName
from pipeline.project.models import ChapterEntry, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(
        folder=tmp_path, manifest=tmp_path / "project.yaml", title="T", chapters=(ChapterEntry(source="a.md"),)
    )


def test_the_embedded_engine_is_opened_by_its_name(project: Project) -> None:
    engine: Engine = open_engine(EngineName.HIBARI, project, jobs=3)
    assert (engine.name, engine.paid, engine.concurrency) == ("hibari", False, 3)
    assert open_engine(EngineName.HIBARI, project, jobs=None).concurrency >= 1


def test_the_paid_engine_without_a_key_is_refused_with_the_next_step(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUGELAUDIO_API_KEY", raising=False)
    with pytest.raises(UsageError, match="needs an API key") as refused:
        open_engine(EngineName.KUGELAUDIO, project, jobs=None)
    assert "KUGELAUDIO_API_KEY" in str(refused.value.hint)


def test_no_jobs_at_all_are_refused(project: Project) -> None:
    with pytest.raises(UsageError, match="0 jobs"):
        open_engine(EngineName.HIBARI, project, jobs=0)


def test_a_run_with_nothing_to_make_loads_no_model() -> None:
    script = """
import sys
from pipeline.engines.hibari import HibariEngine
engine = HibariEngine()
engine.identity(), engine.resolve_voice({"pitch": 0.9}, 1.0), engine.unspeakable("Hi π, Привет", "en")
print([name for name in ("onnxruntime", "scipy", "hibari", "sentencex") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_identity_names_what_decides_the_bytes() -> None:
    identity = HibariEngine().identity()
    assert identity["provider"] == "embedded"
    assert identity["model"] == "hibari-heart"
    assert identity["version"].startswith("0.2.1+")
    assert len(identity["model_sha256"]) == 64
    assert "onnxruntime-" in identity["backend"]


def test_a_voice_is_filled_in() -> None:
    assert HibariEngine().resolve_voice({}, 1) == {"voice": "heart", "pitch": 1.0, "speed": 1.0}
    assert HibariEngine().resolve_voice({"voice": "heart", "pitch": 0.8}, 1.2)["pitch"] == 0.8


@pytest.mark.parametrize(
    ("binding", "speed", "message"),
    [
        ({"voice": "bella"}, 1.0, "one voice 'heart', not 'bella'"),
        ({"pitch": 1.31}, 1.0, "pitch is 1.31; it must be a number from 0.72 to 1.3"),
        ({"pitch": "high"}, 1.0, "pitch is 'high'"),
        ({"pitch": True}, 1.0, "pitch is True"),
        ({"tone": 2}, 1.0, "no voice setting 'tone'"),
        ({}, 2.5, "speed is 2.5"),
        ({}, float("nan"), "speed is nan"),
    ],
)
def test_a_voice_that_is_not_there_is_refused(binding: dict[str, object], speed: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HibariEngine().resolve_voice(binding, speed)


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us"])
def test_english_is_spoken(language: str) -> None:
    text = "Naïve façade, Łódź, “quotes” — π ≈ 3.14, 😀 µm x² ﬁsh ™"
    assert HibariEngine().unspeakable(text, language) == []


def test_another_language_is_refused_as_a_whole() -> None:
    [refused] = HibariEngine().unspeakable("Guten Tag", "de-AT")
    assert (refused.start, refused.end) == (0, 9)
    assert "English only" in refused.message
    assert "espeak" in refused.message


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("He read Война и мир again.", ["Война и мир"]),
        ("Plato's λόγος, but α alone.", ["λόγος"]),
        ("日本 and مرحبا بك or שלום.", ["日本", "مرحبا بك", "שלום"]),
        ("नमस्ते", ["नमस्ते"]),
    ],
)
def test_letters_of_other_scripts_are_refused_where_they_stand(text: str, runs: list[str]) -> None:
    refused = HibariEngine().unspeakable(text, "en")
    assert [text[one.start : one.end].rstrip("\u0947") for one in refused] == [run.rstrip("\u0947") for run in runs]
    assert all("Latin letters" in one.message for one in refused)


async def _speak(engine: Engine, text: str) -> None:
    async with engine:
        await engine.speak(Order(text, "en", engine.resolve_voice({}, 1.0)))


def test_a_text_over_the_limit_is_refused_for_good() -> None:
    import asyncio

    with pytest.raises(ValidationError, match="5001 characters"):
        asyncio.run(_speak(HibariEngine(), "a" * 5001))


def test_the_instant_engine_answers_the_same_every_time() -> None:
    import asyncio

    async def twice() -> None:
        async with InstantEngine() as engine:
            voice = engine.resolve_voice({"voice": "x"}, 1.0)
            order = Order("One two, three.", "de", voice)
            first, second = await asyncio.gather(engine.speak(order), engine.speak(order))
            assert first.pcm.tobytes() == second.pcm.tobytes()
            assert len(first.words) == 3
            assert len(first.pcm) == 24_000 + 2_400
            assert first.pcm[first.words.start_sample[1] + 10 : first.words.end_sample[1]].any()
            assert not first.pcm[first.words.end_sample[1] : first.words.start_sample[2]].any()
            assert [asked.text for asked in engine.orders] == [order.text] * 2
            assert len((await engine.speak(Order("", "de", voice))).pcm) == 2_400

    asyncio.run(twice())
