"""The paid engine against the local server: what it asks, what it hands over, and what it refuses before spending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest

from pipeline import kugelaudio
from pipeline.engines.hibari import HibariEngine
from pipeline.engines.kugelaudio import KugelAudioEngine, open_kugelaudio
from pipeline.engines.kugelaudio.failures import as_narrate_error
from pipeline.engines.kugelaudio.limits import max_new_tokens
from pipeline.engines.kugelaudio.preflight import provider_of
from pipeline.engines.kugelaudio.server_dictionaries import pinned_entries
from pipeline.engines.kugelaudio.word_times import word_times
from pipeline.engines.protocol import Order, Speech
from pipeline.engines.providers import is_simulated
from pipeline.errors import AuthenticationStopped, SegmentsFailed, UsageError
from pipeline.kugelaudio import (
    IncompleteAudioError,
    KugelAudio,
    KugelAudioError,
    NotFoundError,
    TextTooLongError,
    ValidationError,
    WordTimestamp,
    errors,
)
from pipeline.kugelaudio.configuration import configure
from pipeline.kugelaudio.tts import AsyncTTS
from pipeline.project.dictionaries import DictionaryEntry
from pipeline.project.models import ChapterEntry, EngineSettings, KugelAudioSettings, Project
from pipeline.project.voices import KugelAudioVoice, Voice
from pipeline.script.words import written_words
from pipeline.server.accounts import LOCAL_KEY
from pipeline.server.faults import read_script
from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

PARAGRAPH = (
    "On 3 November 1815, at 7:30 p.m., the keeper wrote the first line. He paid £9.99 for it — or rather, for the "
    "ink — and nobody (least of all Ada) asked him why; the well-kept ledger says “café” twice."
)
IRIS, MARLENE = 1071, 1706


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(silent=True, tier=4)) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", LOCAL_KEY)
    monkeypatch.delenv("KUGELAUDIO_API_URL", raising=False)


MakeProject = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    def make(*voice_ids: int, entries: Sequence[DictionaryEntry] = (), **settings: Any) -> Project:
        return Project(
            folder=tmp_path,
            manifest=tmp_path / "project.yaml",
            title="T",
            chapters=(ChapterEntry(source="a.md"),),
            engines=EngineSettings(kugelaudio=KugelAudioSettings(**{"tier": 3, **settings})),
            voices={f"v{number}": Voice(kugelaudio=KugelAudioVoice(voice_id=number)) for number in voice_ids},
            entries=tuple(entries),
        )

    return make


def speak(engine: KugelAudioEngine, *orders: Order) -> list[Speech]:
    async def run() -> list[Speech]:
        async with engine:
            return await asyncio.gather(*(engine.speak(order) for order in orders))

    return asyncio.run(run())


def order(engine: KugelAudioEngine, text: str, *entries: DictionaryEntry, language: str = "en") -> Order:
    return Order(text, language, engine.resolve_voice({"voice_id": IRIS}, 1.0), entries)


def books(server: BackgroundServer) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = httpx.get(f"{server.url}/admin/books").json()["requests"]
    return requests


def test_a_paragraph_comes_back_with_every_written_word_in_order(
    server: BackgroundServer, project: MakeProject
) -> None:
    engine = open_kugelaudio(project(IRIS), api_url=server.url)
    [speech] = speak(engine, order(engine, PARAGRAPH))
    words = list(zip(speech.words.char_start.tolist(), speech.words.char_end.tolist(), strict=True))
    assert words == written_words(PARAGRAPH)
    assert np.all(speech.words.end_sample > speech.words.start_sample)
    assert np.all(speech.words.start_sample[1:] >= speech.words.end_sample[:-1])
    assert speech.words.end_sample[-1] <= len(speech.pcm)
    assert speech.words.score is not None
    assert np.all((speech.words.score > 0) & (speech.words.score <= 1))
    assert (speech.pcm.dtype, speech.sample_rate) == (np.int16, 24_000)
    assert len(speech.pcm) / 24_000 == pytest.approx(len(PARAGRAPH) / 15, abs=0.01)


@pytest.mark.slow
def test_real_speech_through_the_server_is_what_the_embedded_engine_says_directly(project: MakeProject) -> None:
    async def directly() -> Speech:
        async with HibariEngine(1) as engine:
            return await engine.speak(Order(PARAGRAPH, "en", engine.resolve_voice({}, 1.0)))

    wanted = asyncio.run(directly())
    with BackgroundServer(ServerOptions(jobs=1)) as speaking:
        engine = open_kugelaudio(project(IRIS), api_url=speaking.url)
        [heard] = speak(engine, order(engine, PARAGRAPH))
    assert len(heard.pcm) == pytest.approx(len(wanted.pcm), rel=0.01)
    assert heard.words.char_start.tolist() == wanted.words.char_start.tolist()
    assert heard.words.char_end.tolist() == wanted.words.char_end.tolist()
    millisecond = 24
    assert np.abs(heard.words.start_sample - wanted.words.start_sample).max() <= millisecond
    assert np.abs(heard.words.end_sample - wanted.words.end_sample).max() <= millisecond


def test_usage_is_what_the_server_billed_to_the_digit(server: BackgroundServer, project: MakeProject) -> None:
    engine = open_kugelaudio(project(IRIS), api_url=server.url)
    [speech] = speak(engine, order(engine, "How much was that, to the digit?"))
    assert speech.usage.cost_cents == Decimal(books(server)[-1]["cents"])
    assert speech.usage.cost_cents > 0
    assert speech.usage.characters == len("How much was that, to the digit?")
    assert speech.usage.audio_seconds == pytest.approx(len(speech.pcm) / 24_000, abs=0.001)


def test_an_undetermined_price_is_unknown_and_never_zero(project: MakeProject) -> None:
    faults = read_script({"faults": [{"fault": "null_cost"}]}, "test")
    with BackgroundServer(ServerOptions(silent=True, faults=faults)) as server:
        engine = open_kugelaudio(project(IRIS), api_url=server.url)
        [speech] = speak(engine, order(engine, "Nobody knows the price."))
    assert speech.usage.cost_cents is None


def test_takes_of_the_local_server_never_pass_for_paid_ones(server: BackgroundServer, project: MakeProject) -> None:
    identity = open_kugelaudio(project(IRIS), api_url=server.url).identity()
    assert identity == {"provider": f"local:{server.service.server_id}", "model": "kugel-3"}
    assert is_simulated(identity["provider"])


@pytest.mark.parametrize("region", ["eu", "us", "global"])
def test_every_host_of_the_provider_is_one_provider_and_is_asked_nothing(region: str) -> None:
    assert provider_of(configure(LOCAL_KEY, region=region)) == "kugelaudio"
    assert not is_simulated("kugelaudio")


@pytest.mark.parametrize(("status", "body"), [(404, b"{}"), (200, b"ok"), (200, b'{"status": "healthy"}')])
def test_a_host_that_tells_no_server_id_is_not_taken_for_play_money(status: int, body: bytes) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(str(self.headers))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    asked: list[str] = []
    with HTTPServer(("127.0.0.1", 0), Health) as peer:
        thread = Thread(target=peer.handle_request)
        thread.start()
        provider = provider_of(configure(LOCAL_KEY, api_url=f"http://127.0.0.1:{peer.server_port}"))
        thread.join()
    assert provider.startswith("host:")
    assert not is_simulated(provider)
    assert LOCAL_KEY not in asked[0]


def test_a_voice_that_the_key_cannot_see_is_refused_by_number_before_anything_is_sent(
    server: BackgroundServer, project: MakeProject
) -> None:
    before = len(books(server))
    engine = open_kugelaudio(project(IRIS, 999_999), api_url=server.url)
    assert engine.resolve_voice({"voice_id": IRIS}, 1.0)["voice_id"] == IRIS
    with pytest.raises(ValueError, match=r"no voice 999999 for this key.*narrate voices"):
        engine.resolve_voice({"voice_id": 999_999}, 1.0)
    assert len(books(server)) == before


def test_a_voice_is_resolved_with_its_defaults_and_its_ranges(server: BackgroundServer, project: MakeProject) -> None:
    engine = open_kugelaudio(project(IRIS), api_url=server.url)
    assert engine.resolve_voice({"voice_id": IRIS}, 1.1) == {"voice_id": IRIS, "cfg_scale": 2.0, "speed": 1.1}
    with_temperature = engine.resolve_voice({"voice_id": IRIS, "temperature": 0.4, "cfg_scale": 1.5}, 1)
    assert with_temperature == {"voice_id": IRIS, "cfg_scale": 1.5, "temperature": 0.4, "speed": 1.0}
    for binding, speed, complaint in (
        ({"voice_id": IRIS}, 1.3, "speed"),
        ({"voice_id": IRIS, "cfg_scale": 1.1}, 1.0, "cfg_scale"),
        ({"voice_id": IRIS, "temperature": 1.5}, 1.0, "temperature"),
        ({"voice_id": "iris"}, 1.0, "voice_id"),
        ({"voice_id": IRIS, "pitch": 1}, 1.0, "no voice setting 'pitch'"),
    ):
        with pytest.raises(ValueError, match=complaint):
            engine.resolve_voice(binding, speed)


def test_an_unknown_model_is_refused_with_those_there_are(server: BackgroundServer, project: MakeProject) -> None:
    with pytest.raises(UsageError, match=r"no model 'kugel-9'; it has .*kugel-3\.5"):
        open_kugelaudio(project(IRIS, model="kugel-9"), api_url=server.url)


def test_the_smallest_limit_holds(server: BackgroundServer, project: MakeProject) -> None:
    limits = [
        (engine.max_input_length, engine.concurrency)
        for tier in (1, 2, 4)
        for engine in [open_kugelaudio(project(IRIS, tier=tier), api_url=server.url)]
    ]
    assert limits == [(2_000, 1), (5_000, 5), (5_000, 20)]
    assert open_kugelaudio(project(IRIS), jobs=8, api_url=server.url).concurrency == 8


def test_a_text_over_the_limit_is_never_sent(server: BackgroundServer, project: MakeProject) -> None:
    engine, before = open_kugelaudio(project(IRIS, tier=1), api_url=server.url), len(books(server))
    with pytest.raises(TextTooLongError, match="2001 characters"):
        speak(engine, order(engine, "a" * 2_001))
    assert len(books(server)) == before


def test_a_language_that_no_bound_voice_speaks_is_refused(server: BackgroundServer, project: MakeProject) -> None:
    engine = open_kugelaudio(project(IRIS, MARLENE), api_url=server.url)
    assert engine.unspeakable("Good evening.", "en-GB") == []
    [refused] = engine.unspeakable("Guten Abend.", "de")
    assert (refused.start, refused.end) == (0, len("Guten Abend."))
    assert "narrate voices --language de" in refused.message


def test_a_refused_key_stops_with_its_own_exit_code_and_is_not_shown(
    server: BackgroundServer, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUGELAUDIO_API_KEY", "ka_secret_and_wrong")
    with pytest.raises(AuthenticationStopped) as stopped:
        open_kugelaudio(project(IRIS), api_url=server.url)
    shown = f"{stopped.value} {stopped.value.hint} {stopped.value.__cause__!r}"
    assert (stopped.value.exit_code, "ka_secret" in shown) == (5, False)


def test_a_provider_that_is_not_there_is_its_failure_and_not_ours(project: MakeProject) -> None:
    with pytest.raises(SegmentsFailed) as failed:
        open_kugelaudio(project(IRIS), api_url="http://127.0.0.1:9")
    assert failed.value.exit_code == 3


def test_audio_that_ends_early_is_an_error_that_carries_what_came(project: MakeProject) -> None:
    faults = read_script({"faults": [{"fault": "missing_timestamps"}]}, "test")
    with BackgroundServer(ServerOptions(silent=True, faults=faults)) as server:
        engine = open_kugelaudio(project(IRIS), api_url=server.url)
        with pytest.raises(IncompleteAudioError) as incomplete:
            speak(engine, order(engine, "The last words of this are not to be heard."))
    assert incomplete.value.partial is not None
    assert incomplete.value.partial.samples > 0


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (kugelaudio.AuthenticationError, 5),
        (kugelaudio.InsufficientCreditsError, 4),
        (kugelaudio.ValidationError, 2),
        (kugelaudio.TextTooLongError, 2),
        (kugelaudio.NotFoundError, 2),
        (kugelaudio.RateLimitError, 3),
        (kugelaudio.KugelAudioConnectionError, 3),
        (kugelaudio.ServerRestartingError, 3),
        (kugelaudio.IncompleteAudioError, 3),
        (kugelaudio.KugelAudioError, 3),
    ],
)
def test_every_error_of_the_api_has_its_exit_code(error: type[KugelAudioError], exit_code: int) -> None:
    told = as_narrate_error(error("It went wrong", request_id="r1"))
    assert (told.exit_code, told.message) == (exit_code, "It went wrong (request_id: r1)")


def test_no_error_of_the_api_is_left_out_of_the_exit_codes() -> None:
    mark = next(each for each in test_every_error_of_the_api_has_its_exit_code.pytestmark if each.name == "parametrize")
    named = {error for name, error in vars(errors).items() if isinstance(error, type)}
    assert {case[0] for case in mark.args[1]} == {each for each in named if issubclass(each, KugelAudioError)}


ADA = DictionaryEntry("Ada", "Aida")
BOB = DictionaryEntry("Bob", "Rob", language="en")
GERMAN_BOB = DictionaryEntry("Bob", "Bopp", language="de")


def test_entries_are_pinned_by_one_dictionary_that_later_runs_find_again(
    server: BackgroundServer, project: MakeProject
) -> None:
    given = project(IRIS, entries=(ADA, BOB, GERMAN_BOB), project_id=21)
    for _ in range(2):
        engine = open_kugelaudio(given, api_url=server.url)
        orders = [order(engine, "Ada wrote.", ADA), order(engine, "Bob read.", BOB), order(engine, "Nobody spoke.")]
        speak(engine, *orders)
    with KugelAudio(api_url=server.url) as client:
        [dictionary] = client.dictionaries.list(project_id=21)
        entries = client.dictionaries.entries.list(dictionary.id, project_id=21).entries
    assert dictionary.name.startswith("narrate-")
    assert not dictionary.is_active, "it would apply to every request of the project that names none"
    assert [(entry.word, entry.replacement) for entry in entries] == [("Ada", "Aida"), ("Bob", "Rob")]


def test_a_segment_without_entries_says_so_since_the_projects_active_dictionaries_would_apply(
    server: BackgroundServer, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    generate = AsyncTTS.generate

    def noting(tts: AsyncTTS, text: str, **parameters: Any) -> Any:
        sent.append({"text": text, **parameters})
        return generate(tts, text, **parameters)

    monkeypatch.setattr(AsyncTTS, "generate", noting)
    engine = open_kugelaudio(project(IRIS, entries=(ADA,), project_id=24), api_url=server.url)
    speak(engine, order(engine, "Cafe\u0301 noir."))
    [request] = sent
    assert request["text"] == "Caf\u00e9 noir."
    assert (request["dictionary_ids"], request["project_id"]) == ([], 24)
    assert (request["language"], request["word_timestamps"]) == ("en", True)
    with KugelAudio(api_url=server.url) as client:
        assert client.dictionaries.list(project_id=24) == [], "none is made that nothing needs"


def test_a_dictionary_that_a_cut_run_left_empty_is_filled(server: BackgroundServer, project: MakeProject) -> None:
    def run(project_id: int) -> str:
        engine = open_kugelaudio(project(IRIS, entries=(ADA,), project_id=project_id), api_url=server.url)
        speak(engine, order(engine, "Ada wrote.", ADA))
        with KugelAudio(api_url=server.url) as client:
            return client.dictionaries.list(project_id=project_id)[0].name

    name = run(22)
    with KugelAudio(api_url=server.url) as client:
        empty = client.dictionaries.create(name=name, project_id=23)
        assert run(23) == name
        assert [one.id for one in client.dictionaries.list(project_id=23)] == [empty.id]
        assert client.dictionaries.entries.list(empty.id, project_id=23).total == 1


def test_entries_without_a_project_to_keep_them_are_refused_before_anything_is_sent(
    server: BackgroundServer, project: MakeProject
) -> None:
    engine, before = open_kugelaudio(project(IRIS, entries=(ADA,)), api_url=server.url), len(books(server))
    with pytest.raises(ValidationError, match="project_id"):
        speak(engine, order(engine, "Ada wrote.", ADA))
    assert len(books(server)) == before


def test_what_is_pinned_is_the_books_entries_for_the_language_else_the_segments_own() -> None:
    book = (ADA, BOB, GERMAN_BOB)
    assert pinned_entries([ADA], "en-GB", book) == [BOB, ADA]
    assert pinned_entries([GERMAN_BOB], "de", book) == [GERMAN_BOB, ADA]
    own = DictionaryEntry("Ada", "Ada", ipa="ˈeɪdə")
    assert pinned_entries([own], "en", book) == [own]


def stamp(text: str, word: str, start_ms: int, end_ms: int, score: float = 0.9, at: int = 0) -> WordTimestamp:
    start = text.index(word, at)
    return WordTimestamp(
        word=word, start_ms=start_ms, end_ms=end_ms, char_start=start, char_end=start + len(word), score=score
    )


def rows(text: str, stamps: list[WordTimestamp]) -> list[tuple[str, int, int, float]]:
    times = word_times(text, stamps, 48_000, 24_000)
    assert times.score is not None
    return [
        (text[a:b], start, end, round(score, 2))
        for a, b, start, end, score in zip(
            times.char_start.tolist(),
            times.char_end.tolist(),
            times.start_sample.tolist(),
            times.end_sample.tolist(),
            times.score.tolist(),
            strict=True,
        )
    ]


def test_parts_of_one_word_become_one_and_the_lowest_score_holds() -> None:
    text = "In 1815, yes."
    stamps = [
        stamp(text, "In", 0, 100),
        stamp(text, "1815", 100, 300, 0.8),
        stamp(text, "1815", 300, 700, 0.5),
        stamp(text, "yes", 800, 1000),
    ]
    assert rows(text, stamps) == [("In", 0, 2400, 0.9), ("1815", 2400, 16_800, 0.5), ("yes", 19_200, 24_000, 0.9)]


def test_one_timestamp_over_two_words_is_shared_by_their_letters() -> None:
    text = "ink—paper, then"
    stamps = [stamp(text, "ink—paper", 0, 800), stamp(text, "then", 900, 1000)]
    assert rows(text, stamps) == [("ink", 0, 7200, 0.9), ("paper", 7200, 19_200, 0.9), ("then", 21_600, 24_000, 0.9)]


def test_punctuation_in_a_timestamp_and_a_word_without_one_are_taken_as_they_are() -> None:
    text = "Well, # no."
    stamps = [stamp(text, "Well,", 0, 500), stamp(text, "no.", 600, 1000)]
    assert rows(text, stamps) == [("Well", 0, 12_000, 0.9), ("#", 12_000, 12_000, 0.0), ("no", 14_400, 24_000, 0.9)]


def test_offsets_are_those_of_the_text_as_given_although_nfc_was_sent() -> None:
    given, sent = "e\u0301te\u0301 a\u0300 la cafe\u0301 noir", "\u00e9t\u00e9 \u00e0 la caf\u00e9 noir"
    words = sent.split()
    stamps = [stamp(sent, word, 100 * i, 100 * i + 100) for i, word in enumerate(words)]
    assert rows(given, stamps) == [(word, 2400 * i, 2400 * i + 2400, 0.9) for i, word in enumerate(given.split())]


def test_a_long_text_is_allowed_more_audio_so_that_it_is_not_cut_off() -> None:
    assert (max_new_tokens(10), max_new_tokens(2_000), max_new_tokens(10_000)) == (2_048, 4_000, 8_192)


def test_a_voice_that_was_deleted_during_the_run_is_the_apis_own_error(
    server: BackgroundServer, project: MakeProject
) -> None:
    engine = open_kugelaudio(project(IRIS), api_url=server.url)
    wanted = Order("Who speaks?", "en", {"voice_id": 424_242, "cfg_scale": 2.0, "speed": 1.0})
    with pytest.raises(NotFoundError):
        speak(engine, wanted)
