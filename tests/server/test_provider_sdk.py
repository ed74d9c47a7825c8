"""The provider's own SDK (package ``kugelaudio``) drives the local server through its whole surface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kugelaudio import (
    AuthenticationError,
    InsufficientCreditsError,
    KugelAudio,
    KugelAudioConnectionError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

from pipeline.script.words import written_words
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions
from tests.server.conftest import Caller

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:ConnectionClosed.(code|reason) is deprecated:DeprecationWarning"),
]

TEXT = "The lamp was lit again that night. Nobody had climbed the stairs."


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(tier=4, jobs=1)) as running:
        yield running


def _client(server: BackgroundServer, key: str = "ka_local") -> KugelAudio:
    return KugelAudio(api_key=key, api_url=server.url, telemetry=False)


@pytest.fixture
def client(server: BackgroundServer) -> Iterator[KugelAudio]:
    with _client(server) as one:
        yield one


def test_models(client: KugelAudio) -> None:
    models = {model.id: model for model in client.models.list()}
    assert models["kugel-3"].max_input_length == 5000
    assert models["kugel-3.5"].sample_rate == 24_000


def test_generate_brings_audio_words_and_usage(client: KugelAudio, server: BackgroundServer) -> None:
    answer = client.tts.generate(
        text=TEXT, voice_id=1071, model_id="kugel-2-turbo", language="en", word_timestamps=True
    )
    assert len(answer.audio) == 2 * answer.samples
    assert [(w.char_start, w.char_end) for w in answer.word_timestamps] == written_words(TEXT)
    assert answer.word_timestamps[-1].end_ms <= answer.duration_ms
    assert answer.usage is not None
    assert answer.usage.audio_seconds == pytest.approx(answer.duration_seconds)
    billed = server.service.books.lines()[-1]
    assert Decimal(str(answer.usage.cost_cents)) == Decimal(str(billed["cents"]))
    assert answer.usage.cost_cents == pytest.approx(answer.duration_seconds * 3.5 / 60, abs=1e-6)


@pytest.mark.parametrize("name", ["pcm_8000", "pcm_16000", "pcm_22050", "ulaw_8000", "alaw_8000"])
def test_every_format(client: KugelAudio, name: str) -> None:
    answer = client.tts.generate(text="Good night.", voice_id=1705, language="en", output_format=name)
    law, rate = name.split("_")
    assert answer.sample_rate == int(rate)
    assert len(answer.audio) == answer.samples * (2 if law == "pcm" else 1)


def test_streams_of_long_texts_bring_words_for_each_chunk(client: KugelAudio) -> None:
    items = list(client.tts.stream(text=" ".join([TEXT] * 5), voice_id=1071, language="en", word_timestamps=True))
    assert sum(isinstance(item, list) for item in items) == 2
    assert isinstance(items[-1], dict)
    assert items[-1]["final"] is True


def test_one_client_reuses_its_socket(server: BackgroundServer) -> None:
    async def twice() -> list[int]:
        client, counts = _client(server), []
        for _ in range(2):
            async for _item in client.tts.stream_async(text="Good night.", voice_id=1071, language="en"):
                pass
            counts.append(server.service.accounts.caller("ka_local").organisation.limits.connections)
        await client.aclose()
        return counts

    assert asyncio.run(twice()) == [1, 1]


def test_streaming_sessions(client: KugelAudio) -> None:
    async def talk() -> None:
        async with client.tts.streaming_session(voice_id=1071, language="en", word_timestamps=True) as session:
            chunks = [chunk async for chunk in session.send("It is late. Go ")]
            chunks += [chunk async for chunk in session.send("home.", flush=True)]
            assert session.last_usage is not None
            assert session.last_usage.audio_seconds == pytest.approx(sum(chunk.duration_seconds for chunk in chunks))
            assert session.last_usage.cost_available
            assert session.last_final is not None
            assert session.last_final["total_text_chunks"] == 2
            assert [stamp.word for stamp in session.last_word_timestamps] == ["Go", "home"]
            assert (await session.update_settings(speed=1.1))["speed"] == 1.1
            async for _ in session.send(" ".join([TEXT] * 4), flush=True):
                break
            await session.cancel_current()
            session.update_config(voice_id=1705)
            await anext(aiter(session.send("Next turn")), None)
            assert [chunk async for chunk in session.drain()]
            assert (await session.end_session())["total_text_chunks"] == 1

    asyncio.run(talk())


def test_synchronous_sessions(client: KugelAudio) -> None:
    with client.tts.streaming_session_sync(voice_id=1705, language="en") as session:
        assert session.send("One sentence here.", flush=True)
        assert session.last_usage is not None
        assert session.last_usage.characters == len("One sentence here.")


def test_several_contexts(client: KugelAudio) -> None:
    async def talk() -> None:
        async with client.tts.multi_context_session(
            default_voice_id=1071, language="en", word_timestamps=True
        ) as multi:
            await multi.create_context("narrator")
            await multi.create_context("keeper", voice_id=1705)
            first = [chunk async for chunk in multi.send("narrator", "The story begins.", flush=True)]
            assert [chunk async for chunk in multi.send("keeper", "Hello!", flush=True)]
            assert [stamp.word for stamp in multi.get_word_timestamps("narrator")] == ["The", "story", "begins"]
            await multi.keep_alive("keeper")
            assert (await multi.update_settings(temperature=0.1))["temperature"] == 0.1
            assert not [chunk async for chunk in multi.close_context("narrator")]
            usage = multi.usage_for("narrator")
            assert usage is not None
            assert usage.audio_seconds == pytest.approx(sum(chunk.duration_seconds for chunk in first))
            assert "session_closed" in await multi.close()
            assert multi.usage_for("keeper") is not None

    asyncio.run(talk())


def test_voices(client: KugelAudio, tmp_path: Path) -> None:
    page = client.voices.list(language="en", limit=2)
    assert (len(page.voices), page.total >= 6) == (2, True)
    assert client.voices.get(1071).name == page.voices[0].name
    recording = tmp_path / "me.wav"
    client.tts.generate(text="This is me.", voice_id=1707, language="en").save(str(recording))
    voice = client.voices.create("Mine", "male", speaker_consent=True, reference_files=[recording])
    reference = client.voices.add_reference(voice.id, recording, speaker_consent=True, reference_text="This is me.")
    assert [one.name for one in client.voices.list_references(voice.id)] == ["me.wav", "me.wav"]
    assert reference.reference_text == "This is me."
    client.voices.delete_reference(voice.id, reference.id)
    assert client.voices.update(voice.id, name="Other", quality="high").quality == "high"
    assert client.voices.publish(voice.id).pending_verification
    assert client.voices.generate_sample(voice.id).sample_url
    assert client.tts.generate(text="Good night.", voice_id=voice.id, language="en").samples
    client.voices.delete(voice.id)
    with pytest.raises(NotFoundError):
        client.voices.get(voice.id)


def test_dictionaries(client: KugelAudio) -> None:
    one = client.dictionaries.create(name="Names", description="of places", language="en")
    entry = client.dictionaries.entries.add(one.id, word="lamp", replacement="lighthouse lantern")
    assert client.dictionaries.entries.update(one.id, entry.id, ipa="læmp").ipa == "læmp"
    result = client.dictionaries.entries.replace_all(one.id, [{"word": "lamp", "replacement": "lighthouse lantern"}])
    assert (result.upserted, result.deleted, result.total) == (1, 0, 1)
    assert client.dictionaries.entries.list(one.id, search="LA").total == 1

    def length(**fields: Any) -> int:
        return client.tts.generate(text="The lamp is lit.", voice_id=1071, language="en", **fields).samples

    assert length(project_id=1) > length() == length(project_id=1, dictionary_ids=[])
    client.dictionaries.entries.delete(one.id, client.dictionaries.entries.list(one.id).entries[0].id)
    assert client.dictionaries.update(one.id, is_active=False).is_active is False
    assert one.id in {listed.id for listed in client.dictionaries.list()}
    client.dictionaries.delete(one.id)
    with pytest.raises(NotFoundError):
        client.dictionaries.get(one.id)


@pytest.mark.parametrize(
    ("fault", "kind", "error_code"),
    [
        ({"fault": "rate_limited"}, RateLimitError, "RATE_LIMITED"),
        ({"fault": "too_long"}, RateLimitError, "RATE_LIMITED"),
        ({"fault": "insufficient_credits"}, InsufficientCreditsError, "INSUFFICIENT_CREDITS"),
        ({"fault": "unauthorized"}, AuthenticationError, "UNAUTHORIZED"),
        ({"fault": "not_found"}, NotFoundError, "NOT_FOUND"),
        ({"fault": "validation"}, ValidationError, "VALIDATION_ERROR"),
        ({"fault": "internal"}, KugelAudioError, "INTERNAL_ERROR"),
        ({"fault": "empty_audio"}, KugelAudioError, "EMPTY_AUDIO"),
        ({"fault": "unavailable"}, KugelAudioConnectionError, "MODEL_UNAVAILABLE"),
        ({"fault": "rate_limited", "manner": "close"}, RateLimitError, "RATE_LIMITED"),
        ({"fault": "unavailable", "manner": "close"}, KugelAudioConnectionError, None),
        ({"fault": "unauthorized", "manner": "handshake"}, AuthenticationError, "UNAUTHORIZED"),
        ({"fault": "rate_limited", "manner": "handshake"}, RateLimitError, "RATE_LIMITED"),
        ({"fault": "restart", "close_code": 1012, "after_frames": 1}, KugelAudioConnectionError, None),
        ({"fault": "cut", "after_frames": 1}, KugelAudioConnectionError, None),
    ],
)
def test_every_fault_is_the_error_that_it_stands_for(
    start: Callable[..., Caller], fault: dict[str, Any], kind: type[KugelAudioError], error_code: str | None
) -> None:
    caller = start(tier=0, faults=[fault])
    with _client(caller.server) as client, pytest.raises(kind) as raised:
        client.tts.generate(text=TEXT, voice_id=1071, language="en")
    assert type(raised.value).__mro__[0] is kind or fault["fault"] == "restart"
    assert raised.value.error_code == error_code


def test_a_session_outlives_a_restart_before_its_audio(start: Callable[..., Caller]) -> None:
    caller = start(tier=0, faults=[{"fault": "restart", "close_code": 1012, "times": 1}])

    async def talk() -> int:
        async with _client(caller.server).tts.streaming_session(voice_id=1071, language="en") as session:
            return sum([chunk.samples async for chunk in session.send("Go home.", flush=True)])

    assert asyncio.run(talk()) > 0
    assert [line["outcome"] for line in caller.books()] == ["abandoned", "billed"]
