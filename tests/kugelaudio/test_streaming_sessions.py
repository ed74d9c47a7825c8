"""Sessions: turns of text and audio on one socket, for one speaker or many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from speaking import RATE, audio, pcm, wire, word
from websockets.asyncio.server import ServerConnection

from pipeline.kugelaudio import (
    AsyncKugelAudio,
    KugelAudio,
    KugelAudioConnectionError,
    KugelAudioError,
    MultiContextSession,
    RateLimitError,
    ServerRestartingError,
    StreamConfig,
    StreamingSession,
    TimeLimits,
)
from pipeline.kugelaudio.client import Options

Peer = Callable[..., Any]
SECOND = RATE // 10


def options(url: str) -> Options:
    return Options(api_url=url, limits=TimeLimits(connect_s=2.0, first_audio_s=0.5, silence_s=0.5))


@pytest.fixture(autouse=True)
def _quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.kugelaudio.mapping.RESTART_RETRY_S", 0.01)


class SessionPeer:
    """Speaks each sentence of a flushed turn as one generated chunk of 100 ms, and keeps what it was sent."""

    def __init__(self, *, closes: bool = True, restarts: int = 0, restart_after_audio: bool = False) -> None:
        self.received: list[dict[str, Any]] = []
        self.connections = 0
        self.closes = closes
        self.restarts = restarts
        self.restart_after_audio = restart_after_audio

    async def __call__(self, ws: ServerConnection) -> None:
        self.connections += 1
        text, chunk = "", 0
        async for message in ws:
            frame = orjson.loads(message)
            self.received.append(frame)
            text += frame.get("text", "")
            if frame.get("cancel"):
                await self.say(ws, audio(chunk, pcm(SECOND, 99)), {"interrupted": True})
                text = ""
            elif "update_settings" in frame:
                await self.say(ws, {"settings_updated": True, "settings": frame["update_settings"]})
            elif frame.get("flush") or frame.get("close"):
                if self.restarts:
                    self.restarts -= 1
                    if self.restart_after_audio:
                        await self.say(ws, audio(0, pcm(SECOND, 0)))
                    await ws.close(1012)
                    return
                chunk = await self.speak(ws, text, chunk, closed=bool(frame.get("close")) or self.closes)
                text = ""

    async def speak(self, ws: ServerConnection, text: str, chunk: int, *, closed: bool) -> int:
        sentences = [part.strip() for part in text.split(".") if part.strip()]
        for sentence in sentences:
            await self.say(ws, {"generation_started": True, "chunk_id": chunk, "text": sentence})
            await self.say(ws, audio(chunk, pcm(SECOND, chunk)))
            await self.say(ws, {"word_timestamps": [word(sentence, 0, 90, 0)], "chunk_id": chunk})
            await self.say(ws, {"chunk_complete": True, "chunk_id": chunk})
            chunk += 1
        if sentences:
            await self.say(ws, {"final": True, "total_audio_seconds": 0.1 * len(sentences)})
        if closed:
            usage = {"audio_seconds": 0.1 * len(sentences), "cost_cents": None, "characters": len(text)}
            await self.say(ws, {"session_closed": True, "total_audio_seconds": 0.1 * len(sentences), "usage": usage})
        return chunk

    @staticmethod
    async def say(ws: ServerConnection, *frames: dict[str, Any]) -> None:
        for frame in frames:
            await ws.send(wire(frame).decode())


@asynccontextmanager
async def speaker(server: Any) -> AsyncIterator[StreamingSession]:
    async with (
        server as url,
        AsyncKugelAudio("k", **options(url)) as client,
        client.tts.streaming_session(voice_id=5) as session,
    ):
        yield session


@asynccontextmanager
async def speakers(server: Any) -> AsyncIterator[MultiContextSession]:
    async with (
        server as url,
        AsyncKugelAudio("k", **options(url)) as client,
        client.tts.multi_context_session(1) as session,
    ):
        yield session


async def all_of(chunks: Any) -> list[bytes]:
    return [chunk.audio async for chunk in chunks]


def test_turns_come_back_whole_with_usage_and_times_of_the_turn(peer: Peer) -> None:
    server, words = SessionPeer(), []

    async def run() -> None:
        async with peer(server) as url, AsyncKugelAudio("k", **options(url)) as client:
            made = client.tts.streaming_session(
                voice_id=5, language="en", word_timestamps=True, auto_mode=True, on_word_timestamps=words.extend
            )
            async with made as session:
                assert await all_of(session.send("One. ")) == []
                assert await all_of(session.send("Two.")) == []
                assert await all_of(session.flush()) == [pcm(SECOND, 0), pcm(SECOND, 1)]
                times = [(stamp.word, stamp.start_ms, stamp.end_ms) for stamp in session.last_word_timestamps]
                assert times == [("One", 0, 90), ("Two", 100, 190)]
                assert session.last_usage is not None
                assert (session.last_usage.audio_seconds, session.last_usage.cost_available) == (0.2, False)
                assert await all_of(session.flush()) == []
                session.update_config(voice_id=6)
                assert await all_of(session.send("Three.", flush=True)) == [pcm(SECOND, 2)]
                assert session.last_word_timestamps[0].start_ms == 0

    asyncio.run(run())
    assert [stamp.word for stamp in words] == ["One", "Two", "Three"]
    assert server.received[0]["voice_id"] == 5
    assert server.received[0]["auto_mode"] is True
    assert "voice_id" not in server.received[1]
    assert server.received[3]["voice_id"] == 6


def test_a_turn_may_be_ended_without_a_flush(peer: Peer) -> None:
    server = SessionPeer(closes=False)

    async def run() -> None:
        async with speaker(peer(server)) as session:
            await all_of(session.send("One."))
            assert await all_of(session.drain()) == [pcm(SECOND, 0)]
            await all_of(session.send("Two."))
            assert (await session.end())["session_closed"] is True
            assert session.last_usage is not None
            assert session.last_usage.characters == 4

    asyncio.run(run())
    assert server.connections == 1


def test_a_cancelled_turn_leaks_nothing_into_the_next(peer: Peer) -> None:
    async def run() -> None:
        async with speaker(peer(SessionPeer())) as session:
            await all_of(session.send("One."))
            await session.cancel_current()
            assert await all_of(session.send("Two.", flush=True)) == [pcm(SECOND, 0)]

    asyncio.run(run())


def test_settings_change_between_turns(peer: Peer) -> None:
    server = SessionPeer()

    async def run() -> None:
        async with speaker(peer(server)) as session:
            assert await session.update_settings(speed=1.1) == {"speed": 1.1}
            await all_of(session.send("One.", flush=True))
            with pytest.raises(ValueError, match="at least one"):
                await session.update_settings()
            with pytest.raises(TypeError, match="voice_id"):
                await session.update_settings(voice_id=9)

    asyncio.run(run())
    assert server.received[1]["speed"] == 1.1


def test_a_silent_turn_is_replayed_after_a_restart(peer: Peer) -> None:
    server = SessionPeer(restarts=1)

    async def run() -> None:
        async with speaker(peer(server)) as session:
            await all_of(session.send("One. "))
            assert await all_of(session.send("Two.", flush=True)) == [pcm(SECOND, 0), pcm(SECOND, 1)]

    asyncio.run(run())
    assert server.connections == 2
    assert [frame.get("voice_id") for frame in server.received] == [5, None, 5, None]


@pytest.mark.parametrize("more", [{"restarts": 1, "restart_after_audio": True}, {"restarts": 2}])
def test_a_restart_that_cannot_be_hidden_is_an_error(peer: Peer, more: dict[str, Any]) -> None:
    async def run() -> None:
        async with speaker(peer(SessionPeer(**more))) as session:
            with pytest.raises(ServerRestartingError):
                await all_of(session.send("One.", flush=True))
            assert await all_of(session.send("Two.", flush=True)) == [pcm(SECOND, 0)]

    asyncio.run(run())


def test_a_server_that_falls_silent_is_an_error(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        await ws.recv()
        await ws.send(wire(audio(0, pcm(SECOND, 0))).decode())
        await ws.wait_closed()

    async def run() -> None:
        async with speaker(peer(script)) as session:
            with pytest.raises(KugelAudioConnectionError):
                await all_of(session.send("One.", flush=True))

    asyncio.run(run())


def test_an_error_frame_ends_the_turn_only(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        await ws.recv()
        await ws.send('{"error":"slow down","error_code":"RATE_LIMITED","code":429}')
        await SessionPeer()(ws)

    async def run() -> None:
        async with speaker(peer(script)) as session:
            with pytest.raises(RateLimitError):
                await all_of(session.send("One.", flush=True))
            assert await all_of(session.send("Two.", flush=True)) == [pcm(SECOND, 0)]

    asyncio.run(run())


def test_a_session_from_ordinary_code(peer: Peer) -> None:
    def speak(url: str) -> None:
        with KugelAudio("k", **options(url)) as client, client.tts.streaming_session_sync(voice_id=5) as session:
            session.send("One. ")
            assert [chunk.audio for chunk in session.flush()] == [pcm(SECOND, 0)]
            session.update_config(StreamConfig(voice_id=8))
            assert session.update_settings(normalize=False) == {"normalize": False}
            session.send("Two.")
            session.cancel_current()
            session.send("Three.")
            assert [chunk.audio for chunk in session.drain()] == [pcm(SECOND, 1)]
            assert session.last_usage is not None

    async def run() -> None:
        async with peer(SessionPeer()) as url:
            await asyncio.to_thread(speak, url)

    asyncio.run(run())


class MultiPeer:
    """Speaks in contexts; answers of different contexts interleave."""

    def __init__(self, restarts: int = 0) -> None:
        self.received: list[dict[str, Any]] = []
        self.restarts = restarts

    async def __call__(self, ws: ServerConnection) -> None:
        known: dict[str, str] = {}
        tasks: list[asyncio.Task[None]] = []
        async for message in ws:
            frame = orjson.loads(message)
            self.received.append(frame)
            context = frame.get("context_id")
            if frame.get("close_socket"):
                await SessionPeer.say(ws, {"session_closed": True, "total_audio_seconds": 1.0})
            elif frame.get("close_context"):
                usage = {"audio_seconds": 0.2, "cost_cents": 1.5, "currency": "eur"}
                await SessionPeer.say(ws, {"context_closed": True, "context_id": context, "usage": usage})
                known.pop(context)
            elif context not in known:
                known[context] = ""
                await SessionPeer.say(ws, {"context_created": True, "context_id": context})
            else:
                known[context] += frame.get("text", "")
                if frame.get("flush"):
                    if self.restarts:
                        self.restarts -= 1
                        await ws.close(1012)
                        return
                    tasks.append(asyncio.create_task(self.speak(ws, context, known[context])))
                    known[context] = ""
        await asyncio.gather(*tasks)

    @staticmethod
    async def speak(ws: ServerConnection, context: str, text: str) -> None:
        tag = {"context_id": context}
        if "fail" in text:
            await SessionPeer.say(ws, {"error": "no", "error_code": "INTERNAL_ERROR", "code": 500, **tag})
            return
        for n in range(2):
            await SessionPeer.say(ws, {"generation_started": True, "chunk_id": n, **tag})
            await asyncio.sleep(0.005)
            await SessionPeer.say(ws, {**audio(n, pcm(SECOND, len(context) + n)), **tag})
            await SessionPeer.say(ws, {"word_timestamps": [word(text, 0, 90, 0)], "chunk_id": n, **tag})
        await SessionPeer.say(ws, {"final": True, **tag})


def test_contexts_speak_at_once_without_losing_audio_to_each_other(peer: Peer) -> None:
    server = MultiPeer()

    async def run() -> None:
        async with peer(server) as url, AsyncKugelAudio("k", **options(url)) as client:
            made = client.tts.multi_context_session(default_voice_id=1, word_timestamps=True)
            async with made as session:
                await session.create_context("b", voice_id=2)
                both = await asyncio.gather(
                    all_of(session.send("a", "One.", flush=True)), all_of(session.send("b", "Two.", flush=True))
                )
                assert both == [[pcm(SECOND, 1), pcm(SECOND, 2)]] * 2
                assert [stamp.start_ms for stamp in session.get_word_timestamps("a")] == [0, 100]
                assert session.active_contexts == {"a", "b"}
                await session.keep_alive("a")
                assert await all_of(session.close_context("a")) == []
                assert session.usage_for("b") is None
                usage = session.usage_for("a")
                assert usage is not None
                assert usage.cost_cents == 1.5
                assert (await session.close())["session_closed"] is True

    asyncio.run(run())
    created = [frame for frame in server.received if frame.get("text") == " "]
    assert created[0]["voice_settings"] == {"voice_id": 2, "cfg_scale": 2.0, "max_new_tokens": 2048}
    assert created[0]["word_timestamps"] is True
    assert created[1]["voice_settings"]["voice_id"] == 1
    assert "sample_rate" not in created[1]


def test_an_error_of_one_context_leaves_the_others_alone(peer: Peer) -> None:
    async def run() -> None:
        async with speakers(peer(MultiPeer())) as session:
            results = await asyncio.gather(
                all_of(session.send("a", "fail", flush=True)),
                all_of(session.send("b", "Two.", flush=True)),
                return_exceptions=True,
            )
            assert isinstance(results[0], KugelAudioError)
            assert results[1] == [pcm(SECOND, 1), pcm(SECOND, 2)]

    asyncio.run(run())


def test_contexts_and_unheard_turns_are_restored_after_a_restart(peer: Peer) -> None:
    server = MultiPeer(restarts=1)

    async def run() -> None:
        async with speakers(peer(server)) as session:
            await session.create_context("a", voice_id=2)
            await session.create_context("b", voice_id=3)
            assert await all_of(session.send("a", "One.", flush=True)) == [pcm(SECOND, 1), pcm(SECOND, 2)]
            assert session.active_contexts == {"a", "b"}

    asyncio.run(run())


def test_a_lost_socket_is_an_error_for_whoever_waits(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        frame = orjson.loads(await ws.recv())
        await ws.send(wire({"context_created": True, "context_id": frame["context_id"]}).decode())
        await ws.recv()
        await ws.close(4500)

    async def run() -> None:
        async with speakers(peer(script)) as session:
            with pytest.raises(KugelAudioConnectionError):
                await all_of(session.send("a", "One.", flush=True))
            assert not session.is_alive

    asyncio.run(run())
