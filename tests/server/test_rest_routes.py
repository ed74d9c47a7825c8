from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.errors import UsageError
from pipeline.server.running import LOOPBACK, BackgroundServer, listening
from pipeline.server.service import ServerOptions
from tests.server.conftest import TEXT, Caller

Start = Callable[..., Caller]


def _dictionary(caller: Caller, words: list[str], **fields: Any) -> int:
    created = caller.http.post("/v1/dictionaries", json={"name": "D", **fields})
    assert created.status_code == 201
    number: int = created.json()["id"]
    entries = [{"word": word, "replacement": word * 2} for word in words]
    caller.http.put(f"/v1/dictionaries/{number}/entries", json={"entries": entries}).raise_for_status()
    return number


def test_health_needs_no_key_and_names_the_server(caller: Caller) -> None:
    told = httpx.get(f"{caller.server.url}/health").json()
    assert told == {"status": "healthy", "server_id": caller.server.service.server_id}


def test_a_key_is_needed_in_either_header(caller: Caller) -> None:
    get = caller.http.get
    assert get("/v1/models", headers={"X-API-Key": ""}).json()["error_code"] == "UNAUTHORIZED"
    assert get("/v1/models", headers={"X-API-Key": "", "Authorization": "Bearer ka_local"}).status_code == 200
    refused = get("/v1/models", headers={"X-API-Key": "ka_other"})
    assert (refused.status_code, refused.json()["code"]) == (401, 401)
    assert refused.headers["x-request-id"]


def test_models_have_the_published_ids(caller: Caller) -> None:
    models = caller.http.get("/v1/models").json()["models"]
    ids = ["kugel-3.5", "kugel-3", "kugel-2.5", "kugel-2-turbo", "kugel-2", "kugel-1", "kugel-1-turbo"]
    assert [model["id"] for model in models] == ids


def test_the_wallet_is_told_to_licensed_deployments(start: Start) -> None:
    caller = start(wallet_cents=Decimal("12.5"))
    path, headers = "/v1/billing/credit-state?org_id=1", {"X-Kugel-License-Key": "l"}
    assert caller.http.get(path, headers=headers).json() == {"has_access": True, "remaining_cents": 12.5}
    assert caller.http.get(path).status_code == 422


def test_speech_is_streamed_as_pcm_with_its_headers(start: Start) -> None:
    answer = start(tier=2).http.post("/v1/tts/generate", json={"text": TEXT, "voice_id": 1071, "sample_rate": 16000})
    assert answer.status_code == 200
    assert answer.headers["X-Sample-Rate"] == "16000"
    assert answer.headers["X-Audio-Format"] == "pcm_s16le"
    assert answer.headers["X-KugelAudio-AI-Generated"] == "true"
    assert answer.headers["X-RateLimit-Limit"] == "300"
    assert answer.headers["X-RateLimit-Remaining"] == "299"
    assert len(answer.content) == int(len(TEXT) / 15 * 24_000) * 2 // 3 * 2


@pytest.mark.parametrize(
    "body",
    [
        {"text": TEXT, "word_timestamps": True},
        {"text": ""},
        {"text": "x" * 10_001},
        {"text": "x", "speed": 2},
        {},
        [],
        "x",
    ],
)
def test_bodies_that_break_the_schema_are_refused_with_detail(caller: Caller, body: object) -> None:
    answer = caller.http.post("/v1/tts/generate", json=body)
    assert answer.status_code == 422
    (problem, *_) = answer.json()["detail"]
    assert problem["loc"][0] == "body"
    assert problem["msg"]


def test_too_many_requests_are_told_when_to_come_back(start: Start) -> None:
    caller = start(tier=1)
    answers = [caller.http.post("/v1/tts/generate", json={"text": "Go.", "voice_id": 1071}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    long = caller.http.post("/v1/tts/generate", json={"text": "x " * 1001, "voice_id": 1071})
    assert long.status_code == 413


def test_dictionaries_are_made_changed_and_deleted(caller: Caller) -> None:
    number = _dictionary(caller, ["lamp"], language="en")
    path = f"/v1/dictionaries/{number}"
    assert caller.http.get(path).json()["is_active"] is True
    assert caller.http.patch(path, json={"is_active": False, "language": None}).json()["language"] is None
    assert [d["id"] for d in caller.http.get("/v1/dictionaries").json()["dictionaries"]] == [number]
    assert caller.http.get("/v1/dictionaries?project_id=2").json() == {"dictionaries": []}
    assert caller.http.get(f"{path}?project_id=2").status_code == 404
    assert caller.http.delete(path).json() == {"deleted": True}
    assert caller.http.get(path).json()["error_code"] == "NOT_FOUND"


def test_entries_are_searched_and_paged(caller: Caller) -> None:
    number = _dictionary(caller, ["Lamp", "lamplight", "oil", "clamp"])
    path = f"/v1/dictionaries/{number}/entries"
    page = caller.http.get(path, params={"search": "LAMP", "limit": 2, "offset": 1}).json()
    assert ([e["word"] for e in page["entries"]], page["total"]) == (["Lamp", "lamplight"], 3)
    assert caller.http.get(path, params={"limit": 501}).status_code == 422
    assert caller.http.get(path, params={"offset": 10**21}).json()["entries"] == []
    entry = page["entries"][0]
    changed = caller.http.patch(f"{path}/{entry['id']}", json={"ipa": "læmp"}).json()
    assert (changed["ipa"], changed["word"]) == ("læmp", "Lamp")
    assert caller.http.post(path, json={"word": "oil", "replacement": "o"}).json()["code"] == 400
    assert caller.http.delete(f"{path}/{entry['id']}").json() == {"deleted": True}
    assert caller.http.delete(f"{path}/{entry['id']}").status_code == 404


def test_replacing_all_entries_keeps_ids_of_words_that_stay_and_is_all_or_nothing(caller: Caller) -> None:
    number = _dictionary(caller, ["lamp", "oil"])
    path = f"/v1/dictionaries/{number}/entries"
    before = {e["word"]: e["id"] for e in caller.http.get(path).json()["entries"]}
    entries = [{"word": "lamp", "replacement": "x"}, {"word": "wick", "replacement": "y"}]
    assert caller.http.put(path, json={"entries": entries}).json() == {"upserted": 2, "deleted": 1, "total": 2}
    after = {e["word"]: (e["id"], e["replacement"]) for e in caller.http.get(path).json()["entries"]}
    assert after["lamp"] == (before["lamp"], "x")
    refused = caller.http.put(path, json={"entries": [{"word": "new", "replacement": "z"}, {"word": "w"}]})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "entries", 1, "replacement"]
    assert caller.http.get(path).json()["total"] == 2


def test_voices_are_listed_by_pages_language_and_owner(caller: Caller) -> None:
    everything = caller.http.get("/v1/voices?include_public=true&limit=4").json()
    assert (len(everything["voices"]), everything["total"]) == (4, 6)
    assert everything["voices"][0]["id"] == 1071
    assert caller.http.get("/v1/voices?include_public=true&language=en").json()["total"] == 6
    assert caller.http.get("/v1/voices?include_public=true&language=de").json()["total"] == 0
    assert caller.http.get("/v1/voices").json()["total"] == 0
    assert caller.http.get("/v1/voices/iris").json()["voice_id"] == 1071
    assert caller.http.get("/v1/voices?limit=0").status_code == 422


def _voice(caller: Caller, **fields: Any) -> Any:
    metadata = {"name": "Mine", "sex": "male", "speaker_consent": True, **fields}
    parts = [("metadata", (None, json.dumps(metadata), "application/json")), ("files", ("a.wav", b"RIFF", "audio/wav"))]
    return caller.http.post("/v1/voices", files=parts)


def test_a_voice_is_made_from_recordings_published_and_sampled(caller: Caller) -> None:
    voice = _voice(caller).json()
    path = f"/v1/voices/{voice['id']}"
    (reference,) = caller.http.get(f"{path}/references").json()
    assert reference["name"] == "a.wav"
    added = caller.http.post(
        f"{path}/references", files={"file": b"RIFF"}, data={"speaker_consent": "true", "reference_text": "Hi."}
    )
    assert (added.status_code, added.json()["reference_text"]) == (201, "Hi.")
    published = caller.http.post(f"{path}/publish").json()
    assert (published["is_public"], published["pending_verification"]) == (True, True)
    sample = caller.http.post(f"{path}/generate-sample").json()
    assert caller.http.get(sample["sample_url"]).content[:4] == b"RIFF"
    assert "final" in caller.ask(caller.socket(), voice_id=voice["id"])[-1]
    assert caller.http.delete(f"{path}/references/{reference['id']}").status_code == 204
    assert caller.http.delete(path).status_code == 204
    assert caller.http.get(path).status_code == 404


def test_a_voice_needs_the_speakers_consent(caller: Caller) -> None:
    refused = _voice(caller, speaker_consent=False)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "SPEAKER_CONSENT_REQUIRED")
    number = _voice(caller).json()["id"]
    refused = caller.http.post(f"/v1/voices/{number}/references", files={"file": b"RIFF"})
    assert refused.json()["error_code"] == "SPEAKER_CONSENT_REQUIRED"
    assert caller.http.post(f"/v1/voices/{number}/references", data={"speaker_consent": "true"}).status_code == 422


def test_what_belongs_to_another_organisation_is_not_found(caller: Caller) -> None:
    caller.http.put("/admin/keys/ka_other", json={"organisation": "other"})
    voice, number = _voice(caller).json()["id"], _dictionary(caller, ["lamp"])
    caller.http.headers["X-API-Key"] = "ka_other"
    assert caller.http.get(f"/v1/voices/{voice}").status_code == 404
    assert caller.http.get(f"/v1/dictionaries/{number}").status_code == 404
    assert caller.http.patch("/v1/voices/1071", json={"name": "Ours"}).status_code == 404


def test_state_in_a_folder_survives_a_restart(start: Start, tmp_path: Path) -> None:
    options = ServerOptions(state=tmp_path / "state", silent=True, wallet_cents=Decimal(10))
    with ExitStack() as stack:
        first = Caller(stack.enter_context(BackgroundServer(options)), stack)
        number, voice = _dictionary(first, ["lamp"]), _voice(first).json()["id"]
        cost = first.ask(first.socket())[-1]["usage"]["cost_cents"]
        server_id = first.http.get("/health").json()["server_id"]
    with ExitStack() as stack:
        second = Caller(stack.enter_context(BackgroundServer(options)), stack)
        assert second.http.get("/health").json()["server_id"] == server_id
        assert second.http.get(f"/v1/dictionaries/{number}/entries").json()["total"] == 1
        assert second.http.get(f"/v1/voices/{voice}").json()["name"] == "Mine"
        wallet = second.http.get("/admin/accounts").json()["organisations"][0]["wallet_cents"]
        assert Decimal(wallet) == 10 - Decimal(str(cost))
        assert len(second.books()) == 1


def test_a_port_that_is_taken_is_said(caller: Caller) -> None:
    with pytest.raises(UsageError, match="cannot listen"):
        listening(LOOPBACK, int(caller.server.url.rpartition(":")[2]))
