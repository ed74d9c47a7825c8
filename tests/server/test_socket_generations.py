from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipeline.script.words import written_words
from pipeline.server.money import Billing
from tests.server.conftest import TEXT, Caller

Start = Callable[..., Caller]


def _audio(frames: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(frame["audio"]) for frame in frames if "audio" in frame)


def test_a_request_brings_audio_then_words_then_the_final_frame(caller: Caller) -> None:
    frames = caller.ask(caller.socket(), word_timestamps=True)
    kinds = [next(k for k in ("audio", "word_timestamps", "final") if k in frame) for frame in frames]
    assert kinds == ["audio"] * 5 + ["word_timestamps", "final"]
    assert [frame["idx"] for frame in frames if "audio" in frame] == [0, 1, 2, 3, 4]
    assert all(frame["enc"] == "pcm_s16le" and frame["sr"] == 24_000 for frame in frames[:5])
    assert len(_audio(frames)) == 2 * sum(frame["samples"] for frame in frames[:5])
    words = frames[5]["word_timestamps"]
    assert [(w["char_start"], w["char_end"]) for w in words] == written_words(TEXT)
    assert words[0]["word"] == "The"
    final = frames[-1]
    assert final["chunks"] == 5
    usage = final["usage"]
    assert usage["characters"] == len(TEXT)
    assert usage["currency"] == "eur"
    assert Decimal(str(usage["cost_cents"])) == (Decimal(str(usage["audio_seconds"])) * 7 / 60).quantize(
        Decimal("1e-6")
    )


def test_long_texts_come_in_several_chunks_with_times_of_their_own(caller: Caller) -> None:
    text = " ".join([TEXT] * 12)
    frames = caller.ask(caller.socket(), text=text, word_timestamps=True)
    told = [frame["word_timestamps"] for frame in frames if "word_timestamps" in frame]
    assert len(told) == 3
    assert all(words[0]["start_ms"] < 200 for words in told)
    assert [text[w["char_start"] : w["char_end"]] for words in told for w in words] == [
        text[a:b] for a, b in written_words(text)
    ]


@pytest.mark.parametrize(("name", "rate", "size"), [("ulaw_8000", 8_000, 1), ("pcm_22050", 22_050, 2)])
def test_formats_change_what_is_delivered_and_not_what_is_billed(
    caller: Caller, name: str, rate: int, size: int
) -> None:
    native = caller.ask(caller.socket())
    frames = caller.ask(caller.socket(), output_format=name)
    assert {frame["sr"] for frame in frames if "audio" in frame} == {rate}
    assert len(_audio(frames)) == size * sum(frame["samples"] for frame in frames if "audio" in frame)
    assert frames[-1]["usage"] == native[-1]["usage"]
    assert frames[-1]["total_samples"] == native[-1]["total_samples"]


def test_max_new_tokens_end_the_audio_without_an_error(caller: Caller) -> None:
    frames = caller.ask(caller.socket(), max_new_tokens=15, word_timestamps=True)
    assert sum(frame["samples"] for frame in frames if "audio" in frame) == 48_000
    assert frames[-1]["usage"]["audio_seconds"] == 2.0
    words = next(frame["word_timestamps"] for frame in frames if "word_timestamps" in frame)
    assert len(words) < len(written_words(TEXT))


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"voice_id": None}, 400, "MISSING_VOICE_ID"),
        ({"voice_id": 5}, 404, "NOT_FOUND"),
        ({"model_id": "kugel-9"}, 404, "NOT_FOUND"),
        ({"speed": 1.3}, 400, "VALIDATION_ERROR"),
        ({"text": ""}, 400, "VALIDATION_ERROR"),
        ({"txt": "x"}, 400, "VALIDATION_ERROR"),
        ({"text": "…"}, 500, "EMPTY_AUDIO"),
        ({"dictionary_ids": [1]}, 400, "VALIDATION_ERROR"),
        ({"dictionary_ids": [1], "project_id": 1}, 404, "NOT_FOUND"),
        ({"text": "x " * 3000}, 400, "VALIDATION_ERROR"),
    ],
)
def test_wrong_requests_get_an_error_frame_and_the_socket_lives_on(
    caller: Caller, fields: dict[str, Any], status: int, code: str
) -> None:
    socket = caller.socket()
    (frame,) = caller.ask(socket, **fields)
    assert (frame["code"], frame["error_code"]) == (status, code)
    assert frame["request_id"]
    assert "final" in caller.ask(socket)[-1]


def test_a_frame_that_is_no_json_gets_an_error_frame(caller: Caller) -> None:
    socket = caller.socket()
    socket.send("{nonsense")
    assert '"VALIDATION_ERROR"' in str(socket.recv(5))


def test_a_wrong_key_is_refused_at_the_handshake(caller: Caller) -> None:
    with pytest.raises(InvalidStatus) as refused:
        caller.socket(key="ka_wrong")
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers["x-request-id"]


def test_a_key_revoked_on_an_open_socket_ends_it_with_4001(caller: Caller) -> None:
    socket = caller.socket()
    caller.ask(socket)
    caller.http.put("/admin/keys/ka_local", json={"state": "revoked"})
    assert caller.ask(socket)[-1]["error_code"] == "UNAUTHORIZED"
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001
    assert caller.http.get("/v1/models").status_code == 401


def test_tier_one_takes_one_generation_and_sixty_requests_and_two_thousand_characters(start: Start) -> None:
    caller = start(tier=1, faults=[{"fault": "latency", "delay_ms": 400, "at": [1]}])
    busy, other = caller.socket(), caller.socket()
    busy.send('{"text": "Wait.", "voice_id": 1071}')
    while not caller.http.get("/admin/accounts").json()["organisations"][0]["generations"]:
        pass
    (refused,) = caller.ask(other)
    assert (refused["code"], refused["error_code"]) == (429, "RATE_LIMITED")
    assert "retry_after" not in refused
    assert '"audio"' in str(busy.recv(5))
    (long,) = caller.ask(other, text="x " * 1001)
    assert long["code"] == 429
    assert "character limit of 2000" in long["error"]
    answers = [caller.ask(other)[-1] for _ in range(60)]
    assert sum("final" in answer for answer in answers) == 58
    assert answers[-1]["error_code"] == "RATE_LIMITED"


def test_connections_over_the_tier_are_refused_at_the_handshake(start: Start) -> None:
    caller = start(tier=1)
    sockets = [caller.socket() for _ in range(10)]
    with pytest.raises(InvalidStatus) as refused:
        caller.socket()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    sockets[0].close()
    assert "final" in caller.ask(caller.socket())[-1]


@pytest.mark.parametrize("billing", ["exact", "started"])
def test_a_wallet_empties_to_the_cent_and_never_below(start: Start, billing: str) -> None:
    caller = start(tier=0, wallet_cents=Decimal("1.5"), billing=Billing(billing))
    paid, answer = Decimal(0), {}
    while "error" not in answer:
        socket = caller.socket()
        answer = caller.ask(socket)[-1]
        if "final" in answer:
            paid += Decimal(str(answer["usage"]["cost_cents"]))
    assert (answer["code"], answer["error_code"]) == (402, "INSUFFICIENT_CREDITS")
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4003
    left = Decimal(caller.http.get("/admin/accounts").json()["organisations"][0]["wallet_cents"])
    assert paid + left == Decimal("1.5")
    lines = caller.books()
    assert sum(Decimal(line["cents"]) for line in lines) == paid
    assert [line["outcome"] for line in lines[:-1]] == ["billed"] * (len(lines) - 1)
    assert {line["text_sha256"] for line in lines} == {hashlib.sha256(TEXT.encode()).hexdigest()}
    assert lines[-1]["outcome"] == "failed"
