"""Real speech through the server: what the embedded engine says, and nothing else."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import orjson
import pytest

from pipeline.engines.hibari import HibariEngine
from pipeline.engines.protocol import Order, Speech
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from tests.server.conftest import Caller, frames_until

SHORT = "The lamp is lit."
LONG = " ".join(["The keeper climbed the stairs and lit the lamp again.", "Nobody saw it from the sea."] * 5)


@pytest.fixture(scope="module")
def speaking() -> Iterator[Caller]:
    with ExitStack() as stack:
        yield Caller(stack.enter_context(BackgroundServer(ServerOptions(tier=0, jobs=1))), stack)


@pytest.fixture(autouse=True)
def _no_dictionaries(speaking: Caller) -> Iterator[None]:
    yield
    for one in speaking.http.get("/v1/dictionaries").json()["dictionaries"]:
        speaking.http.delete(f"/v1/dictionaries/{one['id']}")


def _pcm(frames: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(frame["audio"]) for frame in frames if "audio" in frame)


def _spoken(text: str, *entries: DictionaryEntry, pitch: float = 1.0, speed: float = 1.0) -> Speech:
    async def speak() -> Speech:
        async with HibariEngine(1) as engine:
            return await engine.speak(Order(text, "en", engine.resolve_voice({"pitch": pitch}, speed), entries))

    return asyncio.run(speak())


def test_the_audio_and_word_times_are_those_of_the_embedded_engine(speaking: Caller) -> None:
    frames = speaking.ask(speaking.socket(), text=LONG, word_timestamps=True)
    direct = _spoken(LONG)
    assert _pcm(frames) == direct.pcm.tobytes()
    times, offset_ms, delivered = [], 0.0, 0
    for frame in frames:
        delivered += frame.get("samples", 0)
        times += [(word["start_ms"] + offset_ms, word["char_start"]) for word in frame.get("word_timestamps", ())]
        if "word_timestamps" in frame:
            offset_ms = delivered / 24
    assert sum("word_timestamps" in frame for frame in frames) == 2
    assert [start for _, start in times] == direct.words.char_start.tolist()
    assert np.abs(np.asarray([ms for ms, _ in times]) - direct.words.start_sample / 24).max() <= 1


def test_voices_and_speed_change_the_sound(speaking: Caller) -> None:
    socket = speaking.socket()
    deep = _pcm(speaking.ask(socket, text=SHORT, voice_id=1705, speed=0.9))
    assert deep == _spoken(SHORT, pitch=0.78, speed=0.9).pcm.tobytes()


def test_rest_says_the_same(speaking: Caller) -> None:
    answer = speaking.http.post("/v1/tts/generate", json={"text": SHORT, "voice_id": 1071})
    assert answer.content == _pcm(speaking.ask(speaking.socket(), text=SHORT))


def test_dictionaries_are_heard_by_the_rules_of_language_activity_and_choice(speaking: Caller) -> None:
    def made(language: str | None, replacement: str, *, active: bool = True) -> int:
        number: int = speaking.http.post("/v1/dictionaries", json={"name": "D", "language": language}).json()["id"]
        entries = [{"word": "lamp", "replacement": replacement}]
        speaking.http.put(f"/v1/dictionaries/{number}/entries", json={"entries": entries})
        speaking.http.patch(f"/v1/dictionaries/{number}", json={"is_active": active})
        return number

    english = made("en", "lantern")
    german = made("de", "very old lighthouse lantern")
    resting = made(None, "big bright lighthouse", active=False)
    said = {text: _spoken(f"The {text} is lit.") for text in ("lamp", "lantern")}
    replaced = {
        word: _spoken(SHORT, DictionaryEntry("lamp", word)).pcm.tobytes()
        for word in ("lantern", "very old lighthouse lantern", "big bright lighthouse")
    }
    plain = said["lamp"].pcm.tobytes()
    socket = speaking.socket()

    def heard(**fields: Any) -> bytes:
        return _pcm(speaking.ask(socket, text=SHORT, **fields))

    assert heard() == plain
    assert heard(project_id=1) == replaced["lantern"]
    assert heard(project_id=1, dictionary_ids=[]) == plain
    assert heard(project_id=2) == plain
    assert heard(project_id=1, dictionary_ids=[german]) == replaced["very old lighthouse lantern"]
    assert heard(project_id=1, dictionary_ids=[resting]) == replaced["big bright lighthouse"]
    assert heard(project_id=1, dictionary_ids=[english]) == replaced["lantern"]
    assert heard(project_id=1, language="en-GB") == replaced["lantern"]


def test_concurrent_requests_get_each_their_own_audio(speaking: Caller) -> None:
    texts = [f"This is number {number}." for number in ("one", "two", "three", "four")]
    alone = [_pcm(speaking.ask(speaking.socket(), text=text)) for text in texts]
    sockets = [speaking.socket() for _ in texts]
    for socket, text in zip(sockets, texts, strict=True):
        socket.send(orjson.dumps({"text": text, "voice_id": 1071, "language": "en"}), text=True)
    assert [_pcm(frames_until(socket, "final")) for socket in sockets] == alone
