"""Models, voices and dictionaries over real HTTP, blocking and awaited alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from pipeline.kugelaudio import (
    AsyncKugelAudio,
    GeneratedSample,
    KugelAudio,
    KugelAudioConnectionError,
    KugelAudioError,
    NotFoundError,
    TimeLimits,
    TraceEvent,
    ValidationError,
    VoiceCategory,
    VoiceDetail,
)

VOICE = {"id": 7, "voice_id": 7, "name": "Ann", "category": "narrative"}
DICTIONARY = {"id": 3, "project_id": 1, "name": "names", "is_active": True, "created_at": "t", "updated_at": "t"}
ENTRY = {"id": 9, "dictionary_id": 3, "word": "Fitz", "replacement": "fits", "case_sensitive": False}
ALL_ENTRIES = [{**ENTRY, "id": n, "word": f"w{n}"} for n in range(7)]


def page(key: str, items: list[Any], query: dict[str, list[str]]) -> dict[str, Any]:
    limit, offset = int(query["limit"][0]), int(query["offset"][0])
    return {key: items[offset : offset + limit], "total": len(items), "limit": limit, "offset": offset}


class Peer:
    """Answers by route and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, tuple[int, Any]] = {
            "GET /v1/models": (200, {"models": [{"id": "kugel-3", "model_id": "kugel-3", "name": "K3", "new": 1}]}),
            "GET /v1/voices/7": (200, VOICE),
            "POST /v1/voices": (201, VOICE),
            "PATCH /v1/voices/7": (200, VOICE),
            "DELETE /v1/voices/7": (204, None),
            "GET /v1/voices/7/references": (200, [{"id": 1, "voice_id": 7}]),
            "POST /v1/voices/7/references": (201, {"id": 2, "voice_id": 7, "name": "a.wav"}),
            "DELETE /v1/voices/7/references/2": (204, None),
            "POST /v1/voices/7/publish": (200, {**VOICE, "is_public": True, "pending_verification": True}),
            "POST /v1/voices/7/generate-sample": (200, {"sample_s3_path": "s3://x", "sample_url": "u"}),
            "POST /v1/voices/8/generate-sample": (200, {**VOICE, "sample_url": "u"}),
            "GET /v1/voices/404": (404, {"error": "no such voice", "error_code": "NOT_FOUND", "code": 404}),
            "GET /v1/voices/500": (200, {"id": "seven", "name": "A"}),
            "GET /v1/dictionaries": (200, {"dictionaries": [DICTIONARY]}),
            "POST /v1/dictionaries": (201, DICTIONARY),
            "GET /v1/dictionaries/3": (200, DICTIONARY),
            "PATCH /v1/dictionaries/3": (200, {**DICTIONARY, "is_active": False}),
            "DELETE /v1/dictionaries/3": (200, {"deleted": True}),
            "POST /v1/dictionaries/3/entries": (201, ENTRY),
            "PUT /v1/dictionaries/3/entries": (200, {"upserted": 1, "deleted": 2, "total": 1}),
            "PATCH /v1/dictionaries/3/entries/9": (200, {**ENTRY, "ipa": "fɪts"}),
            "DELETE /v1/dictionaries/3/entries/9": (200, {"deleted": True}),
        }

    def answer(self, method: str, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        if f"{method} {parts.path}" == "GET /v1/dictionaries/3/entries":
            return 200, page("entries", ALL_ENTRIES, parse_qs(parts.query))
        if f"{method} {parts.path}" == "GET /v1/voices":
            return 200, page("voices", [{**VOICE, "id": n} for n in range(5)], parse_qs(parts.query))
        return self.answers[f"{method} {parts.path}"]


@pytest.fixture
def served() -> Iterator[tuple[str, Peer]]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            peer.asked.append((self.command, self.path, dict(self.headers), sent))
            status, body = peer.answer(self.command, self.path)
            raw = b"" if body is None else orjson.dumps(body)
            self.send_response(status)
            self.send_header("x-request-id", "req-1")
            self.send_header("X-RateLimit-Remaining", "59")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", peer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(served: tuple[str, Peer]) -> Iterator[KugelAudio]:
    with KugelAudio("ka_1", api_url=served[0]) as client:
        yield client


def test_models_and_voices_are_read(client: KugelAudio, served: tuple[str, Peer]) -> None:
    assert client.models.list()[0].max_input_length == 5000
    listed = client.voices.list(language="en", limit=2)
    assert (len(listed.voices), listed.total) == (2, 5)
    assert client.voices.get(7).category is VoiceCategory.NARRATIVE
    assert client.voices.update(7, name="Bea", is_public=False).name == "Ann"
    assert client.voices.publish(7).pending_verification
    client.voices.delete(7)
    asked = served[1].asked
    assert asked[1][1] == "/v1/voices?limit=2&offset=0&language=en&include_public=true"
    assert orjson.loads(asked[3][3]) == {"name": "Bea", "is_public": False}
    assert all(headers["Authorization"] == "Bearer ka_1" and headers["X-API-Key"] == "ka_1" for *_, headers, _ in asked)


def test_a_voice_is_made_from_recordings(client: KugelAudio, served: tuple[str, Peer], tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFFsound")
    client.voices.create("Ann", "female", speaker_consent=True, reference_files=[tmp_path / "a.wav"])
    reference = client.voices.add_reference(7, tmp_path / "a.wav", speaker_consent=True, reference_text="Grüße")
    assert reference.name == "a.wav"
    assert [each.id for each in client.voices.list_references(7)] == [1]
    client.voices.delete_reference(7, 2)
    create, add = served[1].asked[0], served[1].asked[1]
    assert b'name="metadata"' in create[3]
    assert b'"speaker_consent":true' in create[3]
    assert b'name="files"; filename="a.wav"' in create[3]
    assert b"RIFFsound" in create[3]
    assert "Grüße".encode() in add[3]
    with pytest.raises(ValidationError, match="missing"):
        client.voices.add_reference(7, tmp_path / "missing.wav", speaker_consent=True)


def test_a_sample_may_come_as_a_path_or_as_the_voice(client: KugelAudio) -> None:
    assert isinstance(client.voices.generate_sample(7), GeneratedSample)
    assert isinstance(client.voices.generate_sample(8), VoiceDetail)


def test_dictionaries_and_entries_are_kept(client: KugelAudio, served: tuple[str, Peer]) -> None:
    assert client.dictionaries.list(project_id=1)[0].id == 3
    assert client.dictionaries.create(name="names", language="en").name == "names"
    assert client.dictionaries.get(3).is_active
    assert not client.dictionaries.update(3, is_active=False).is_active
    entries = client.dictionaries.entries
    assert entries.add(3, word="Fitz", replacement="fits").id == 9
    assert entries.update(3, 9, ipa="fɪts").ipa == "fɪts"
    assert entries.replace_all(3, [{"word": "Fitz", "replacement": "fits"}]).deleted == 2
    entries.delete(3, 9)
    client.dictionaries.delete(3)
    asked = served[1].asked
    assert asked[0][1] == "/v1/dictionaries?project_id=1"
    assert orjson.loads(asked[6][3]) == {"entries": [{"word": "Fitz", "replacement": "fits"}]}


def test_iterators_walk_every_page(client: KugelAudio, served: tuple[str, Peer]) -> None:
    assert [voice.id for voice in client.voices.iterate(page_size=2)] == list(range(5))
    assert [entry.id for entry in client.dictionaries.entries.iterate(3, page_size=3)] == list(range(7))
    assert len(served[1].asked) == 6


def test_the_awaited_form_is_the_same(served: tuple[str, Peer]) -> None:
    async def run() -> None:
        async with AsyncKugelAudio("ka_1", api_url=served[0]) as client:
            assert (await client.models.list())[0].id == "kugel-3"
            assert (await client.voices.get(7)).name == "Ann"
            assert [voice.id async for voice in client.voices.iterate(page_size=2)] == list(range(5))
            assert [entry.id async for entry in client.dictionaries.entries.iterate(3, page_size=4)] == list(range(7))
            assert (await client.dictionaries.entries.replace_all(3, [])).total == 1
            with pytest.raises(NotFoundError):
                await client.voices.get(404)

    asyncio.run(run())


def test_errors_are_typed_and_traced(served: tuple[str, Peer]) -> None:
    seen: list[TraceEvent] = []
    with KugelAudio("ka_1", api_url=served[0], trace=seen.append) as client:
        with pytest.raises(NotFoundError, match="no such voice") as caught:
            client.voices.get(404)
        assert caught.value.request_id == "req-1"
        with pytest.raises(KugelAudioError, match="id: ") as odd:
            client.voices.get(500)
        assert odd.value.error_code == "UNEXPECTED_ANSWER"
    assert [event.kind for event in seen] == ["started", "answered", "failed"] * 2
    assert seen[1].detail["x-ratelimit-remaining"] == "59"
    assert "ka_1" not in repr(seen)


def test_network_failures_are_connection_errors_without_the_key() -> None:
    with KugelAudio("ka_secret", api_url="http://127.0.0.1:9", limits=TimeLimits(connect_s=1.0)) as client:
        with pytest.raises(KugelAudioConnectionError) as caught:
            client.models.list()
        assert "secret" not in repr(caught.value)
