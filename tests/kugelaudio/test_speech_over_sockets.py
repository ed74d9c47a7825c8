"""Generations over real sockets: pooled, bounded in time, resumed over restarts, closed to the key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from speaking import answer, audio, pcm, wire
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from pipeline.kugelaudio import (
    AsyncKugelAudio,
    AuthenticationError,
    IncompleteAudioError,
    KugelAudio,
    KugelAudioConnectionError,
    RateLimitError,
    ServerRestartingError,
    TimeLimits,
    TraceEvent,
    ValidationError,
    configuration,
)
from pipeline.kugelaudio.client import Options

WHOLE = answer([[2, 1], [2, 2]])
QUICK = TimeLimits(connect_s=2.0, first_audio_s=0.3, silence_s=0.3)
Peer = Callable[..., Any]


def options(url: str, **more: Any) -> Options:
    return Options(api_url=url, limits=QUICK, **more)


async def speak(ws: ServerConnection) -> None:
    async for _ in ws:
        for frame in WHOLE.frames:
            await ws.send(wire(frame).decode())


def test_a_generation_comes_back_whole(peer: Peer) -> None:
    async def run() -> None:
        async with peer(speak) as url, AsyncKugelAudio("ka_1", **options(url)) as client:
            response = await client.tts.generate(WHOLE.text, voice_id=1, word_timestamps=True)
            assert response.audio == WHOLE.pcm
            assert [word.word for word in response.word_timestamps] == [word[0] for word in WHOLE.words]
            assert response.usage is not None
            assert response.usage.cost_cents == 0.5
            items = [item async for item in client.tts.stream(WHOLE.text, voice_id=1)]
            assert [type(item).__name__ for item in items].count("AudioChunk") == 4
            assert isinstance(items[-1], dict)

    asyncio.run(run())


def test_the_request_is_sent_as_the_api_wants_it_and_the_key_is_in_no_url(peer: Peer) -> None:
    asked: list[dict[str, Any]] = []
    requests: list[Request] = []

    async def script(ws: ServerConnection) -> None:
        assert ws.request is not None
        requests.append(ws.request)
        asked.append(orjson.loads(await ws.recv()))
        for frame in WHOLE.frames:
            await ws.send(wire(frame).decode())

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("eu-ka_1", **options(url)) as client:
            await client.tts.generate(WHOLE.text, voice_id=7, cfg_scale=9.0, dictionary_ids=[], project_id=3)

    asyncio.run(run())
    assert asked == [
        {
            "text": WHOLE.text, "model_id": "kugel-3.5", "voice_id": 7, "cfg_scale": 2.5, "max_new_tokens": 2048,
            "sample_rate": 24000, "normalize": True, "word_timestamps": False, "speed": 1.0, "dictionary_ids": [],
            "project_id": 3,
        }
    ]  # fmt: skip
    assert requests[0].path == "/ws/tts?model_id=kugel-3.5"
    assert requests[0].headers["X-API-Key"] == "ka_1"


def test_many_calls_at_once_never_share_a_socket(peer: Peer) -> None:
    connections = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        async for message in ws:
            number = int(orjson.loads(message)["text"].split()[1])
            for frame in [audio(0, pcm(600, number)), {"final": True, "chunks": 1}]:
                await asyncio.sleep(0.002)
                await ws.send(wire(frame).decode())

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url, max_sockets=4)) as client:
            responses = await asyncio.gather(*(client.tts.generate(f"Number {n}", voice_id=1) for n in range(40)))
            assert [response.audio for response in responses] == [pcm(600, n) for n in range(40)]

    asyncio.run(run())
    assert connections == 4


def test_threads_share_one_client(peer: Peer) -> None:
    async def run() -> None:
        async with peer(speak) as url:
            with KugelAudio("k", **options(url)) as client:
                calls = [asyncio.to_thread(client.tts.generate, WHOLE.text, voice_id=1) for _ in range(8)]
                assert {response.audio for response in await asyncio.gather(*calls)} == {WHOLE.pcm}
                streamed = await asyncio.to_thread(lambda: list(client.tts.stream(WHOLE.text, voice_id=1)))
                assert b"".join(item.audio for item in streamed if hasattr(item, "audio")) == WHOLE.pcm
                here = await client.tts.generate_async(WHOLE.text, voice_id=1)
                assert here.audio == WHOLE.pcm
                await client.tts.close_async()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("sent", "doing"), [([], "first audio"), ([audio(0, pcm(600, 1))], "more audio")], ids=["silent", "stalled"]
)
def test_silence_ends_in_a_typed_error(peer: Peer, sent: list[dict[str, Any]], doing: str) -> None:
    async def script(ws: ServerConnection) -> None:
        await ws.recv()
        for frame in sent:
            await ws.send(wire(frame).decode())
        await ws.wait_closed()

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            started = time.monotonic()
            with pytest.raises(KugelAudioConnectionError, match=doing):
                await client.tts.generate("One.", voice_id=1)
            assert time.monotonic() - started < 2

    asyncio.run(run())


def test_a_slow_reader_is_no_silence(peer: Peer) -> None:
    async def run() -> None:
        async with peer(speak) as url, AsyncKugelAudio("k", **options(url)) as client:
            heard = []
            async for item in client.tts.stream(WHOLE.text, voice_id=1):
                heard.append(item)
                if len(heard) == 1:
                    await asyncio.sleep(0.7)
            assert isinstance(heard[-1], dict)

    asyncio.run(run())


@pytest.mark.parametrize("spoken", [0, 2])
def test_a_restart_is_survived_when_nothing_audible_was_lost(
    peer: Peer, spoken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.kugelaudio.mapping.RESTART_RETRY_S", 0.01)
    connections = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            return await speak(ws)
        await ws.recv()
        for frame in WHOLE.frames[:spoken]:
            await ws.send(wire(frame).decode())
        return await ws.close(1012)

    async def run() -> None:
        nonlocal connections
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            assert (await client.tts.generate(WHOLE.text, voice_id=1)).audio == WHOLE.pcm
        connections = 0
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            stream = client.tts.stream(WHOLE.text, voice_id=1)
            if spoken:
                with pytest.raises(ServerRestartingError):
                    [item async for item in stream]
            else:
                assert len([item async for item in stream]) == len(WHOLE.frames)

    asyncio.run(run())


def test_restarts_without_end_are_an_error(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.kugelaudio.mapping.RESTART_RETRY_S", 0.0)
    connections = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await ws.close(1013)

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            with pytest.raises(ServerRestartingError):
                await client.tts.generate("One.", voice_id=1)

    asyncio.run(run())
    assert connections == configuration.MOST_RESTARTS + 1


def test_an_idle_socket_that_died_or_spoke_out_of_turn_is_replaced(peer: Peer) -> None:
    connections = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        await ws.recv()
        for frame in WHOLE.frames:
            await ws.send(wire(frame).decode())
        if mine == 1:
            await ws.close(1000)
        elif mine == 2:
            await ws.send(wire(WHOLE.frames[0]).decode())
            await ws.wait_closed()
        else:
            await speak(ws)

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            for _ in range(4):
                assert (await client.tts.generate(WHOLE.text, voice_id=1)).audio == WHOLE.pcm
                await asyncio.sleep(0.05)

    asyncio.run(run())
    assert connections == 3


def test_leaving_a_stream_cuts_its_socket(peer: Peer) -> None:
    seen: list[TraceEvent] = []

    async def run() -> None:
        async with peer(speak) as url, AsyncKugelAudio("k", trace=seen.append, **options(url)) as client:
            stream = client.tts.stream(WHOLE.text, voice_id=1)
            async for _ in stream:
                break
            await stream.aclose()
            assert not client.tts.is_connected()
            assert (await client.tts.generate(WHOLE.text, voice_id=1)).audio == WHOLE.pcm

    asyncio.run(run())
    kinds = [event.kind for event in seen if event.operation == "stream"]
    assert kinds == ["started", "connected", "sent", "first_audio", "abandoned"]


def test_an_error_frame_keeps_the_socket(peer: Peer) -> None:
    connections = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await ws.recv()
        await ws.send('{"error":"Rate limit exceeded","error_code":"RATE_LIMITED","code":429,"request_id":"r9"}')
        await speak(ws)

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            with pytest.raises(RateLimitError) as caught:
                await client.tts.generate(WHOLE.text, voice_id=1)
            assert caught.value.request_id == "r9"
            await client.tts.generate(WHOLE.text, voice_id=1)

    asyncio.run(run())
    assert connections == 1


def test_incomplete_audio_carries_what_came(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        await ws.recv()
        for frame in (WHOLE.frames[0], WHOLE.frames[-1]):
            await ws.send(wire(frame).decode())
        await ws.wait_closed()

    async def run() -> None:
        async with peer(script) as url, AsyncKugelAudio("k", **options(url)) as client:
            with pytest.raises(IncompleteAudioError) as caught:
                await client.tts.generate(WHOLE.text, voice_id=1)
            partial = caught.value.partial
            assert partial is not None
            assert partial.usage is not None
            assert WHOLE.pcm.startswith(partial.audio)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationError), (403, AuthenticationError), (429, RateLimitError)]
)
def test_a_refused_handshake_is_typed_and_tells_no_key(
    peer: Peer, status: int, kind: type, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, "no, ka_secret is not known")

    async def run() -> None:
        for more in ({}, {"key_in_query": True}):
            async with (
                peer(speak, process_request=refuse) as url,
                AsyncKugelAudio("ka_secret", **options(url, **more)) as client,
            ):
                with pytest.raises(kind) as caught:
                    await client.tts.generate("One.", voice_id=1)
                assert "secret" not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)

    with caplog.at_level(1, "pipeline.kugelaudio"):  # where picows writes down the handshake
        asyncio.run(run())
    assert "X-API-Key: ***" in caplog.text
    assert "secret" not in caplog.text.replace("no, ka_secret is not known", "")


def test_a_redirect_does_not_carry_the_key_away(peer: Peer) -> None:
    async def run() -> None:
        async with peer(speak) as elsewhere:

            def redirect(connection: ServerConnection, request: Request) -> Response:
                response = connection.respond(307, "")
                response.headers["Location"] = elsewhere.replace("http", "ws")
                return response

            async with peer(speak, process_request=redirect) as url, AsyncKugelAudio("k", **options(url)) as client:
                with pytest.raises(Exception, match="307"):
                    await client.tts.generate("One.", voice_id=1)

    asyncio.run(run())


def test_nobody_there_is_a_connection_error() -> None:
    with KugelAudio("k", api_url="http://127.0.0.1:9") as client, pytest.raises(KugelAudioConnectionError):
        client.tts.generate("One.", voice_id=1)


@pytest.mark.parametrize(
    "wrong", [{"text": "  "}, {"text": "a", "voice_id": 1.5}, {"text": "a", "speed": "fast"}, {"text": "\ud800"}]
)
def test_parameters_that_cannot_be_are_refused_before_anything_is_sent(wrong: dict[str, Any]) -> None:
    with KugelAudio("k", api_url="http://127.0.0.1:9") as client, pytest.raises(ValidationError):
        client.tts.generate(**wrong)


def test_a_misspelt_parameter_is_refused_as_python_does() -> None:
    with KugelAudio("k", api_url="http://127.0.0.1:9") as client, pytest.raises(TypeError, match="sped"):
        client.tts.generate("One.", "kugel-3", 1, sped=1.1)


def test_a_response_has_the_id_that_the_connection_was_given(peer: Peer) -> None:
    def named(connection: ServerConnection, request: Any, response: Any) -> Any:
        response.headers["x-request-id"] = "c9"
        return response

    async def script(ws: ServerConnection) -> None:
        await ws.recv()
        for frame in WHOLE.frames:
            await ws.send(wire(frame).decode())
        await ws.wait_closed()

    async def run() -> None:
        async with peer(script, process_response=named) as url, AsyncKugelAudio("k", **options(url)) as client:
            assert (await client.tts.generate(WHOLE.text, voice_id=1)).request_id == "c9"

    asyncio.run(run())
