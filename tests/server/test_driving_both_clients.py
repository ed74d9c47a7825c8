"""Our client and the provider's own SDK get the same from the same server, but for the listed rows."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import tempfile
import typing
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kugelaudio as sdk
import kugelaudio.client
import pytest
from kugelaudio.streaming import MultiContextSession as SdkContexts
from kugelaudio.streaming import StreamingSession as SdkSession

import pipeline.kugelaudio as ours
from pipeline.kugelaudio.configuration import configure
from pipeline.kugelaudio.rest import resources
from pipeline.kugelaudio.speech.parameters import SessionOptions, Settings, SpeechOptions
from pipeline.kugelaudio.tts import TTS, AsyncTTS
from tests.server.conftest import Caller
from tests.server.sdk_differences import contradictions, plain, written

pytestmark = [
    pytest.mark.filterwarnings("ignore:ConnectionClosed.(code|reason) is deprecated:DeprecationWarning"),
    # the SDK leaves its event loop open where a call fails
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """What the SDK left open is collected here, where it is no failure, and not in whichever test comes next."""
    yield
    gc.collect()


Client = Any
Start = Callable[..., Caller]
TEXT = "The lamp was lit again that night. Nobody had climbed the stairs."
LONG = " ".join([TEXT] * 5)
SPOKEN: dict[str, Any] = {"voice_id": 1071, "language": "en", "word_timestamps": True}
_OWN_TO_A_RUN = re.compile(r"'(gen_ms|generation_ms|rtf|created_at|updated_at)': ('[^']*'|[\d.e-]+)|127\.0\.0\.1:\d+")


def _clients(one: Caller, other: Caller, stack: ExitStack) -> tuple[Client, Client]:
    theirs = sdk.KugelAudio(api_key="ka_local", api_url=one.server.url, telemetry=False)
    return stack.enter_context(theirs), stack.enter_context(ours.KugelAudio("ka_local", api_url=other.server.url))


@pytest.fixture
def pair(start: Start) -> Iterator[tuple[Client, Client]]:
    """The SDK and our client, each with a fresh server of its own: what one does to a server is not in the other's."""
    with ExitStack() as stack:
        yield _clients(start(tier=4), start(tier=4), stack)


def _told(act: Callable[[], Any]) -> str:
    """What an act brings, or which error ends it, without what differs between two runs."""
    try:
        return _OWN_TO_A_RUN.sub("…", written(act()))
    except (ours.KugelAudioError, sdk.KugelAudioError) as error:
        named = "without request_id" if error.request_id is None else "with request_id"
        wait = None if error.retry_after is None else float(error.retry_after)
        return f"raises {(type(error).__name__, error.status_code, error.error_code, named, wait)}"
    except (ValueError, TypeError, OSError) as error:
        return f"raises {type(error).__name__}"


def _recording(folder: str) -> Path:
    path = Path(folder, "me.wav")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        file.writeframes(b"\0\1" * 2400)
    return path


def _rest_calls(client: Client, folder: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every call of the REST resources, in an order in which each has something to find."""
    voices, dictionaries, entries = client.voices, client.dictionaries, client.dictionaries.entries
    file = _recording(folder)
    yield "models", client.models.list
    yield "voices", voices.list
    yield "voices page", lambda: voices.list(language="en", include_public=True, limit=2, offset=1)
    yield "voices of my own", lambda: voices.list(include_public=False)
    yield "voices too many", lambda: voices.list(limit=101)
    yield "voice", lambda: voices.get(1071)
    yield "voice unknown", lambda: voices.get(4711)
    yield "create", lambda: voices.create("Mine", "male", speaker_consent=True, reference_files=[file])
    yield "create without consent", lambda: voices.create("Mine", "male", speaker_consent=False)
    own = voices.list(include_public=False).voices[0].id
    yield "update", lambda: voices.update(own, name="Other", age="old", supported_languages=["en", "de"])
    yield "add reference", lambda: voices.add_reference(own, file, speaker_consent=True, reference_text="Ähm")
    yield "references", lambda: voices.list_references(own)
    yield "delete reference", lambda: voices.delete_reference(own, 1)
    yield "delete reference again", lambda: voices.delete_reference(own, 1)
    yield "generate sample", lambda: voices.generate_sample(own)
    yield "publish", lambda: voices.publish(own)
    yield "delete", lambda: voices.delete(own)
    yield "delete again", lambda: voices.delete(own)
    yield "dictionary", lambda: dictionaries.create(name="Names", description="of places", language="en", project_id=3)
    one = dictionaries.list(project_id=3)[0].id
    yield "dictionaries", lambda: dictionaries.list(project_id=3)
    yield "get dictionary", lambda: dictionaries.get(one, project_id=3)
    yield "update dictionary", lambda: dictionaries.update(one, is_active=False, name="Others", project_id=3)
    yield "add entry", lambda: entries.add(one, word="lamp", replacement="lantern", ipa="læmp", project_id=3)
    yield "add empty entry", lambda: entries.add(one, word="", replacement="lantern", project_id=3)
    yield "entries", lambda: entries.list(one, search="LA", limit=5, offset=0, project_id=3)
    found = entries.list(one, project_id=3).entries[0].id
    yield "update entry", lambda: entries.update(one, found, case_sensitive=True, project_id=3)
    yield "replace all", lambda: entries.replace_all(one, [{"word": "a", "replacement": "b"}], project_id=3)
    yield "delete entry", lambda: entries.delete(one, 2, project_id=3)
    yield "delete entry again", lambda: entries.delete(one, 2, project_id=3)
    yield "delete dictionary", lambda: dictionaries.delete(one, project_id=3)
    yield "get deleted dictionary", lambda: dictionaries.get(one, project_id=3)


def _speech_calls(client: Client) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything of ``client.tts`` that is one call."""
    tts = client.tts
    yield "generate", lambda: tts.generate(TEXT, **SPOKEN)
    yield "generate by position", lambda: tts.generate(TEXT, "kugel-3", 1071, language="en")
    yield "generate long", lambda: tts.generate(LONG, **SPOKEN).word_timestamps
    yield "generate long audio", lambda: tts.generate(LONG, **{**SPOKEN, "word_timestamps": False})
    yield "slow", lambda: tts.generate(TEXT, voice_id=1071, language="en", speed=0.8, sample_rate=16000)
    yield "stream", lambda: list(tts.stream(TEXT, **SPOKEN))
    yield "stream long", lambda: [item for item in tts.stream(LONG, **SPOKEN) if isinstance(item, list)]
    yield "without a voice", lambda: tts.generate(TEXT, language="en")
    yield "of an unknown voice", lambda: tts.generate(TEXT, voice_id=4711, language="en")
    yield "of an unknown model", lambda: tts.generate(TEXT, "kugel-0", 1071, language="en")
    yield "misspelt", lambda: tts.generate(TEXT, voice_id=1071, language="en", sped=1.0)
    yield "too fast", lambda: tts.generate(TEXT, voice_id=1071, language="en", speed=1.5)
    for name in ("pcm_8000", "ulaw_8000", "alaw_8000"):
        answer = tts.generate("Good night.", voice_id=1071, language="en", output_format=name)
        yield f"audio of {name}", lambda a=answer: (a.audio, a.samples, a.sample_rate, a.duration_seconds)
        yield f"floats of {name}", lambda a=answer: a.to_float32()[:99]
        yield f"wav of {name}", lambda a=answer: a.to_wav_bytes()[:44]


async def _pieces(chunks: Any) -> list[Any]:
    return [chunk async for chunk in chunks]


async def _in_a_session(client: Client) -> dict[str, Any]:
    told: dict[str, Any] = {}
    async with client.tts.streaming_session(**SPOKEN) as session:
        told["session words of a sentence"] = None
        spoken = await _pieces(session.send("Good night.", flush=True))
        told["session audio"] = [(chunk.audio, chunk.samples, chunk.index) for chunk in spoken]
        told["session words of a sentence"] = plain(session.last_word_timestamps)
        told["session usage"] = plain(session.last_usage)
        told["session final"] = session.last_final
        pieces = await _pieces(session.send("It is late. Go "))
        pieces += await _pieces(session.send("home. Now."))
        pieces += await _pieces(session.flush())
        told["session pieces"] = b"".join(chunk.audio for chunk in pieces)
        told["session words"] = plain(session.last_word_timestamps)
        told["session settings"] = await session.update_settings(speed=1.1, cfg_scale=9.0)
        await _pieces(session.send("An unfinished turn"))
        told["session end"] = await session.end_session()
        session.update_config(voice_id=1705)
        await _pieces(session.send("Cancelled.", flush=False))
        await session.cancel_current()
        told["session after cancel"] = plain(await _pieces(session.send("Next turn", flush=True)))
        await _pieces(session.send("The last words"))
        told["session drained"] = plain(await _pieces(session.drain()))
        told["session nothing to update"] = await _ending(session.update_settings())
    return told


async def _in_contexts(client: Client) -> dict[str, Any]:
    told: dict[str, Any] = {}
    async with client.tts.multi_context_session(default_voice_id=1071, language="en", word_timestamps=True) as session:
        await session.create_context("narrator")
        await session.create_context("keeper", voice_id=1705)
        first = await _pieces(session.send("narrator", "Good night.", flush=True))
        told["contexts audio"] = [(chunk.audio, chunk.samples) for chunk in first]
        told["contexts words of a sentence"] = plain(session.get_word_timestamps("narrator"))
        pieces = await _pieces(session.send("keeper", "It is late. Go home.", flush=True))
        told["contexts pieces"] = b"".join(chunk.audio for chunk in pieces)
        told["contexts words"] = plain(session.get_word_timestamps("keeper"))
        told["contexts settings"] = await session.update_settings(temperature=0.1)
        await session.keep_alive("keeper")
        told["contexts closing"] = plain(await _pieces(session.close_context("narrator")))
        told["contexts usage"] = plain(session.usage_for("narrator"))
        told["contexts usage before"] = plain(session.usage_for("keeper"))
        told["contexts open"] = sorted(session.active_contexts)
        told["contexts end"] = await session.close()
    return told


async def _ending(awaitable: Any) -> str:
    try:
        return repr(await awaitable)
    except (ValueError, TypeError) as error:
        return type(error).__name__


def _sync_session(client: Client) -> Any:
    with client.tts.streaming_session_sync(voice_id=1705, language="en") as session:
        return session.send("One sentence here.", flush=True), session.last_usage


def _driven(client: Client, folder: str) -> dict[str, str]:
    told = {f"driven/{name}": _told(act) for name, act in _rest_calls(client, folder)}
    told |= {f"driven/{name}": _told(act) for name, act in _speech_calls(client)}
    told["driven/sync session"] = _told(lambda: _sync_session(client))
    for talk in (_in_a_session, _in_contexts):
        said = asyncio.run(talk(client))
        told |= {f"driven/{name}": _told(lambda v=value: v) for name, value in said.items()}
    return told


@pytest.mark.slow
def test_the_whole_surface_brings_the_same(pair: tuple[Client, Client]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        theirs, mine = (_driven(client, folder) for client in pair)
    assert theirs.keys() == mine.keys()
    assert contradictions({name: (theirs[name], mine[name]) for name in theirs}, "driven/") == []


FAULTS: dict[str, dict[str, Any]] = {
    **{
        f"{fault}/{manner}": {"fault": fault, "manner": manner}
        for fault in (
            *("rate_limited", "too_long", "insufficient_credits", "unauthorized", "not_found"),
            *("validation", "internal", "empty_audio", "unavailable"),
        )
        for manner in ("frame", "close")
    },
    **{
        f"{fault}/handshake": {"fault": fault, "manner": "handshake", "retry_after": 3}
        for fault in ("unauthorized", "rate_limited", "unavailable", "internal")
    },
    "internal/during": {"fault": "internal", "after_frames": 1},
    "restart/1012 during": {"fault": "restart", "close_code": 1012, "after_frames": 1},
    "restart/1013 during": {"fault": "restart", "close_code": 1013, "after_frames": 1},
    "cut/before": {"fault": "cut"},
    "cut/during": {"fault": "cut", "after_frames": 1},
    "missing_timestamps": {"fault": "missing_timestamps"},
    "short_audio": {"fault": "short_audio"},
    "lost_frame": {"fault": "lost_frame", "after_frames": 1},
    "truncated_frame": {"fault": "truncated_frame", "after_frames": 1},
    "malformed_frame": {"fault": "malformed_frame", "after_frames": 1},
    "null_cost": {"fault": "null_cost"},
    # the following cost a second's wait each, as the server asks
    "restart/1012 before": {"fault": "restart", "close_code": 1012, "times": 1},
    "restart/1013 before": {"fault": "restart", "close_code": 1013, "times": 1},
    "restart/twice": {"fault": "restart", "close_code": 1012, "times": 2},
    # and this one ends the key
    "revoked": {"fault": "revoked"},
}


def _in_one_call(client: Client) -> Any:
    return client.tts.generate(TEXT, **SPOKEN).usage


def _in_one_turn(client: Client) -> Any:
    with client.tts.streaming_session_sync(**SPOKEN) as session:
        return session.send(TEXT, flush=True), session.last_usage


def _in_one_context(client: Client) -> Any:
    async def talk() -> Any:
        async with client.tts.multi_context_session(1071, language="en", word_timestamps=True) as session:
            spoken = [chunk.samples for chunk in await _pieces(session.send("a", TEXT, flush=True))]
            await _pieces(session.close_context("a"))
            return spoken, session.usage_for("a")

    return asyncio.run(talk())


ROUTES = {"ws": _in_one_call, "stream": _in_one_turn, "multi": _in_one_context}


def _struck(start: Start, route: str, faults: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    cells = {}
    callers = start(tier=0), start(tier=0)
    for name, rule in faults.items():
        with ExitStack() as stack:
            for caller in callers:
                caller.faults(rule)
            theirs, mine = (_told(lambda c=client: ROUTES[route](c)) for client in _clients(*callers, stack))
            cells[f"fault/{route}/{name}"] = theirs, mine
    return cells


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES)
def test_every_fault_is_the_same_error_on_every_socket(start: Start, route: str) -> None:
    assert contradictions(_struck(start, route, FAULTS), f"fault/{route}/") == []


def test_where_nobody_is_there_both_say_so() -> None:
    cells = {}
    with ExitStack() as stack:
        theirs = stack.enter_context(sdk.KugelAudio(api_key="k", api_url="http://127.0.0.1:9", telemetry=False))
        mine = stack.enter_context(ours.KugelAudio("k", api_url="http://127.0.0.1:9"))
        for name, act in {"models": lambda c: c.models.list(), **ROUTES}.items():
            cells[f"nobody/{name}"] = _told(lambda a=act: a(theirs)), _told(lambda a=act: a(mine))
    assert contradictions(cells, "nobody/") == []


def _parameters(function: Any, more: type | None = None) -> dict[str, object]:
    """The parameters that may be given by name, with their defaults; ``more`` names those behind ``**``."""
    found = inspect.signature(function).parameters.values()
    named = {p.name: p.default for p in found if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}}
    named.pop("self", None)
    return {name: default for name, default in named.items() if not name.startswith("_")} | dict.fromkeys(
        typing.get_type_hints(more) if more else (), ...
    )


def _surface() -> dict[str, tuple[dict[str, object], dict[str, object]]]:
    """For each callable its parameters in the SDK and in ours."""
    pairs: dict[str, tuple[Any, Any, type | None]] = {
        "client": (sdk.KugelAudio.__init__, configure, None),
        "tts.generate": (sdk.client.TTSResource.generate, TTS.generate, SpeechOptions),
        "tts.stream": (sdk.client.TTSResource.stream, TTS.stream, SpeechOptions),
        "tts.streaming_session": (
            sdk.client.TTSResource.streaming_session,
            TTS.streaming_session_sync,
            SessionOptions,
        ),
        "tts.multi_context_session": (
            sdk.client.TTSResource.multi_context_session,
            AsyncTTS.multi_context_session,
            SessionOptions,
        ),
        "session.update_settings": (SdkSession.update_settings, ours.StreamingSession.update_settings, Settings),
        "contexts.update_settings": (SdkContexts.update_settings, ours.MultiContextSession.update_settings, Settings),
    }
    for kind, mine, theirs in (
        ("voices", resources.Voices, sdk.client.VoicesResource),
        ("dictionaries", resources.Dictionaries, sdk.client.DictionariesResource),
        ("entries", resources.DictionaryEntries, sdk.client.DictionaryEntriesResource),
        ("session", ours.StreamingSession, SdkSession),
        ("contexts", ours.MultiContextSession, SdkContexts),
    ):
        for name in vars(theirs):
            if not name.startswith("_") and callable(vars(theirs)[name]) and f"{kind}.{name}" not in pairs:
                pairs[f"{kind}.{name}"] = vars(theirs)[name], getattr(mine, name), None
    return {name: (_parameters(one), _parameters(other, more)) for name, (one, other, more) in pairs.items()}


def test_every_parameter_of_the_sdk_may_be_given_and_has_its_default() -> None:
    cells = {}
    for name, (theirs, mine) in _surface().items():
        for parameter, default in theirs.items():
            told = mine.get(parameter, "not there")
            cells[f"parameter/{name}({parameter})"] = default, default if told is ... else told
    assert contradictions(cells, "parameter/") == []


def test_the_sdk_exports_nothing_about_speech_that_ours_does_not() -> None:
    elsewhere = {"Audio", "AudioStream", "EnhanceResource", "EnhanceSession", "EnhancedAudio", "TranscriptionResponse"}
    elsewhere |= {"StreamingTranscriptionEvent", "WordAlternatives", "load_audio", "load_audio_stream"}
    assert set(sdk.__all__) - elsewhere - set(ours.__all__) == {"GenerateRequest"}
