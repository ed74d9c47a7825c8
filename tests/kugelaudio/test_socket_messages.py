"""A socket's messages: whole, in order, bounded in memory, and every way in which they can end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode

from pipeline.kugelaudio import KugelAudioConnectionError, KugelAudioError, TimeLimits
from pipeline.kugelaudio.configuration import Configuration, configure
from pipeline.kugelaudio.speech.socket import Socket, open_socket, proxy_for

Peer = Callable[..., Any]
SOON = 5.0


def settings(url: str, **more: Any) -> Configuration:
    return configure("ka_1", api_url=url, limits=TimeLimits(connect_s=2.0), **more)


def with_socket(peer: Peer, script: Callable[[ServerConnection], Awaitable[None]], do: Any, **more: Any) -> None:
    async def run() -> None:
        async with peer(script) as url:
            socket = await open_socket(settings(url, **more), "/ws/tts", {})
            try:
                await do(socket)
            finally:
                await socket.close()

    asyncio.run(run())


def test_fragments_become_one_message_with_a_ping_between_them(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        async def pieces() -> Any:
            yield "one "
            await ws.ping()
            yield "message"

        await ws.send(pieces())
        await ws.send("another")
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        assert [await socket.receive(SOON, "") for _ in range(2)] == [b"one message", b"another"]

    with_socket(peer, script, do)


@pytest.mark.parametrize("opcodes", [(Opcode.CONT,), (Opcode.TEXT, Opcode.TEXT)])
def test_fragments_that_do_not_fit_together_end_the_socket(peer: Peer, opcodes: tuple[Opcode, ...]) -> None:
    async def script(ws: ServerConnection) -> None:
        for opcode in opcodes:
            ws.transport.write(Frame(opcode, b"piece", fin=False).serialize(mask=False))
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        with pytest.raises(KugelAudioConnectionError):
            await socket.receive(SOON, "")
        assert not socket.open

    with_socket(peer, script, do)


def test_a_message_of_many_megabytes_comes_whole(peer: Peer) -> None:
    long = bytes(range(256)) * (1 << 16)

    async def script(ws: ServerConnection) -> None:
        await ws.send(long, text=False)
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        assert await socket.receive(SOON, "") == long

    with_socket(peer, script, do)


def test_who_does_not_read_makes_the_sender_wait(peer: Peer) -> None:
    sent = 0

    async def script(ws: ServerConnection) -> None:
        nonlocal sent
        for number in range(1_000):
            await ws.send(b"%04d" % number + bytes(64_000))
            sent += 1
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        while True:
            before = sent
            await asyncio.sleep(0.3)
            if sent == before:
                break
        assert 0 < sent < 800
        for number in range(1_000):
            assert (await socket.receive(SOON, ""))[:4] == b"%04d" % number
        assert sent == 1_000

    with_socket(peer, script, do)


def test_what_came_before_a_close_is_read_before_the_close_is_told(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        await ws.send("last words")
        await ws.close(4029, "enough")

    async def do(socket: Socket) -> None:
        await asyncio.sleep(0.2)
        assert not socket.open
        assert await socket.receive(SOON, "") == b"last words"
        for _ in range(2):
            with pytest.raises(KugelAudioError, match="close code 4029, enough"):
                await socket.receive(SOON, "")
        with pytest.raises(KugelAudioError, match="close code 4029, enough"):
            await socket.send("more", SOON)
        assert not await socket.answers(SOON)

    with_socket(peer, script, do)


@pytest.mark.parametrize("code", [1000, 1012, 4003, 4999])
def test_a_close_is_answered_and_its_code_told(peer: Peer, code: int) -> None:
    told: list[int | None] = []

    async def script(ws: ServerConnection) -> None:
        await ws.close(code, "so")
        told.append(None if ws.protocol.close_rcvd is None else int(ws.protocol.close_rcvd.code))

    async def do(socket: Socket) -> None:
        with pytest.raises(KugelAudioError, match=f"close code {code}, so"):
            await socket.receive(SOON, "")
        await asyncio.sleep(0.1)
        assert told == [1000]

    with_socket(peer, script, do)


def test_time_in_which_this_process_stood_still_is_no_silence(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        await asyncio.sleep(0.05)
        await ws.send("here all the time")
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        receiving = asyncio.create_task(socket.receive(0.2, "listening"))
        await asyncio.sleep(0)
        time.sleep(0.6)  # noqa: ASYNC251 - the whole process is held up, peer and all
        assert await receiving == b"here all the time"
        with pytest.raises(KugelAudioConnectionError, match=r"0\.2 s while listening"):
            await socket.receive(0.2, "listening")

    with_socket(peer, script, do)


def test_an_idle_socket_is_kept_alive_and_answers_when_asked(peer: Peer) -> None:
    pings: list[bytes] = []

    async def script(ws: ServerConnection) -> None:
        recorded = ws.protocol.recv_frame

        def note(frame: Frame) -> None:
            if frame.opcode is Opcode.PING:
                pings.append(frame.data)
            recorded(frame)

        ws.protocol.recv_frame = note  # type: ignore[method-assign]
        await ws.wait_closed()

    async def do(socket: Socket) -> None:
        assert await socket.answers(SOON)
        asked = len(pings)
        await asyncio.sleep(0.4)
        assert len(pings) >= asked + 3

    with_socket(peer, script, do, ping_interval_s=0.05)


def test_a_peer_that_answers_no_ping_is_found_out(peer: Peer) -> None:
    async def script(ws: ServerConnection) -> None:
        ws.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)
        ws.transport.abort()

    async def do(socket: Socket) -> None:
        await asyncio.sleep(0.1)
        assert not await socket.answers(0.1)

    with_socket(peer, script, do)


def answering(head: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await writer.drain()
        writer.close()

    return serve


@pytest.mark.parametrize(
    ("head", "status", "message"),
    [
        (b"", 503, "closed before"),
        (b"garbage\r\n\r\n", 503, "Could not reach"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, "200"),
        (b"HTTP/1.1 521 Web server is down\r\n\r\n", 521, "521"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", 503, "reach"),
    ],
)
def test_what_is_no_handshake_is_an_error_of_ours(head: bytes, status: int, message: str) -> None:
    async def run() -> None:
        async with await asyncio.start_server(answering(head), "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(KugelAudioError, match=message) as caught:
                await open_socket(settings(url), "/ws/tts", {})
            assert caught.value.status_code == status

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("wss://api.kugelaudio.com/ws/tts", {}, None),
        ("wss://api.kugelaudio.com/ws/tts", {"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ("wss://api.kugelaudio.com/ws/tts", {"http_proxy": "http://proxy:3128"}, None),
        ("ws://intern:8000/ws/tts", {"http_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ("wss://api.kugelaudio.com/ws/tts", {"all_proxy": "socks5://proxy:1080"}, "socks5://proxy:1080"),
        ("wss://api.kugelaudio.com/ws/tts", {"socks_proxy": "http://proxy:1080"}, "socks5://proxy:1080"),
        ("wss://a.example/", {"https_proxy": "http://proxy:1", "no_proxy": ".example"}, None),
        ("ws://127.0.0.1:8765/ws/tts", {"http_proxy": "http://proxy:3128"}, None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: dict[str, str], proxy: str | None
) -> None:
    for name in ("http", "https", "all", "no", "ws", "wss", "socks"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_tunnel_through_a_proxy_reaches_the_service(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def run() -> None:
        async def script(ws: ServerConnection) -> None:
            await ws.send("through")
            await ws.wait_closed()

        async with peer(script) as url:
            port = int(url.rsplit(":", 1)[1])

            async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))

            async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as server:
                proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
                monkeypatch.setenv("ws_proxy", proxy)
                monkeypatch.setenv("no_proxy", "")
                socket = await open_socket(settings("http://service.example"), "/ws/tts", {})
                assert await socket.receive(SOON, "") == b"through"
                await socket.close()

    asyncio.run(run())
    assert asked[0].startswith(b"CONNECT service.example:80 ")
    assert b"ka_1" not in asked[0]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()
