from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipeline.errors import UsageError
from pipeline.server.faults import Faults, Occasion, read_script
from tests.server.conftest import TEXT, Caller, frames_until

LONG = " ".join([TEXT] * 6)


def _outcome(caller: Caller) -> tuple[str, Decimal]:
    line = caller.books()[-1]
    return line["outcome"], Decimal(line["cents"])


def _close_code(caller: Caller, **fields: Any) -> tuple[int | None, int]:
    """The close code that ends a request (None: the line was cut), and the frames of audio before it."""
    socket = caller.socket()
    heard = 0
    try:
        socket.send(orjson.dumps({"text": LONG, "voice_id": 1071, **fields}), text=True)
        while True:
            heard += "audio" in orjson.loads(socket.recv(5))
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else None), heard


def test_dice_are_seeded_and_strikes_counted() -> None:
    def run(seed: int) -> list[bool]:
        script = read_script({"seed": seed, "faults": [{"fault": "internal", "probability": 0.3}]}, "test")
        faults = Faults(script)
        struck = [faults.draw(Occasion("ws", "k")).refusal is not None for _ in range(200)]
        assert faults.counts() == [{"fault": "internal", "seen": 200, "struck": sum(struck)}]
        return struck

    assert run(1) == run(1) != run(2)
    assert 30 < sum(run(1)) < 90


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({"at": [2, 5]}, [2, 5]),
        ({"every": 3}, [3, 6]),
        ({"after": 4}, [5, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 1}, [2]),
        ({"key": "other"}, []),
        ({"text": "lamp"}, [1, 2, 3, 4, 5, 6]),
        ({"routes": ["rest"]}, []),
    ],
)
def test_rules_choose_their_requests(rule: dict[str, Any], struck: list[int]) -> None:
    faults = Faults(read_script({"faults": [{"fault": "internal", **rule}]}, "test"))
    drawn = [faults.draw(Occasion("ws", "ka_local", TEXT)).refusal is not None for _ in range(6)]
    assert [number for number, hit in enumerate(drawn, 1) if hit] == struck


def test_a_script_with_a_mistake_names_the_place() -> None:
    with pytest.raises(UsageError, match=r"faults\.yaml: faults\.0\.fault: Input should be 'latency'"):
        read_script({"faults": [{"fault": "flood"}]}, "faults.yaml")
    with pytest.raises(UsageError, match="no route 'radio'"):
        read_script({"faults": [{"fault": "cut", "routes": ["radio"]}]}, "faults.yaml")


@pytest.mark.parametrize(
    ("fault", "socket_code", "http_status", "error_code"),
    [
        ("rate_limited", 429, 429, "RATE_LIMITED"),
        ("insufficient_credits", 402, 402, "INSUFFICIENT_CREDITS"),
        ("unauthorized", 401, 401, "UNAUTHORIZED"),
        ("not_found", 404, 404, "NOT_FOUND"),
        ("validation", 400, 400, "VALIDATION_ERROR"),
        ("too_long", 429, 413, None),
        ("internal", 500, 500, "INTERNAL_ERROR"),
        ("empty_audio", 500, 500, "EMPTY_AUDIO"),
        ("unavailable", 503, 503, "MODEL_UNAVAILABLE"),
    ],
)
def test_refusals_reach_both_transports_and_cost_nothing(
    caller: Caller, fault: str, socket_code: int, http_status: int, error_code: str | None
) -> None:
    caller.faults({"fault": fault, "retry_after": 7})
    (frame,) = caller.ask(caller.socket())
    assert frame["code"] == socket_code
    assert error_code in {None, frame["error_code"]}
    answer = caller.http.post("/v1/tts/generate", json={"text": TEXT, "voice_id": 1071})
    assert answer.status_code == http_status
    assert answer.json()["code"] == http_status
    assert answer.headers["x-request-id"] == caller.books()[-1]["request_id"]
    assert answer.headers.get("Retry-After") == ("7" if fault == "rate_limited" else None)
    assert [line["outcome"] for line in caller.books()] == ["refused", "refused"]
    assert caller.http.get("/admin/faults").json()["counts"] == [{"fault": fault, "seen": 2, "struck": 2}]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("rate_limited", 4029),
        ("insufficient_credits", 4003),
        ("unauthorized", 4001),
        ("unavailable", 4500),
        ("internal", 4000),
    ],
)
def test_refusals_can_come_as_close_codes(caller: Caller, fault: str, code: int) -> None:
    caller.faults({"fault": fault, "manner": "close"})
    assert _close_code(caller) == (code, 0)


@pytest.mark.parametrize(("fault", "status"), [("unauthorized", 403), ("rate_limited", 429), ("unavailable", 503)])
def test_refusals_can_come_at_the_handshake(caller: Caller, fault: str, status: int) -> None:
    caller.faults({"fault": fault, "manner": "handshake", "retry_after": 3})
    with pytest.raises(InvalidStatus) as refused:
        caller.socket()
    assert refused.value.response.status_code == status
    assert refused.value.response.headers["Retry-After"] == "3"


def test_a_revoked_key_stays_revoked(caller: Caller) -> None:
    caller.faults({"fault": "revoked", "at": [2]})
    assert "final" in caller.ask(caller.socket())[-1]
    assert caller.ask(caller.socket())[-1]["error_code"] == "UNAUTHORIZED"
    assert caller.http.get("/v1/voices").status_code == 401


@pytest.mark.parametrize("code", [1012, 1013])
@pytest.mark.parametrize("after", [0, 3])
def test_a_restart_closes_before_or_during_the_audio(caller: Caller, code: int, after: int) -> None:
    caller.faults({"fault": "restart", "close_code": code, "after_frames": after})
    assert _close_code(caller) == (code, after)
    assert _outcome(caller) == ("abandoned", 0)


def test_a_draining_replica_closes_right_after_the_handshake(caller: Caller) -> None:
    caller.faults({"fault": "restart", "close_code": 1013, "manner": "handshake"})
    assert _close_code(caller) == (1013, 0)


def test_a_cut_line_says_nothing_and_costs_nothing(caller: Caller) -> None:
    caller.faults({"fault": "cut", "after_frames": 2})
    assert _close_code(caller) == (None, 2)
    assert _outcome(caller) == ("abandoned", 0)


def test_an_error_in_the_middle_of_the_audio_costs_nothing(caller: Caller) -> None:
    caller.faults({"fault": "internal", "after_frames": 2})
    frames = caller.ask(caller.socket(), text=LONG)
    assert ["audio" in frame for frame in frames] == [True, True, False]
    assert frames[-1]["code"] == 500
    assert _outcome(caller) == ("failed", 0)


def test_a_lost_answer_is_billed(caller: Caller) -> None:
    caller.faults({"fault": "lost_answer"})
    assert _close_code(caller) == (None, 27)
    outcome, cents = _outcome(caller)
    assert outcome == "lost"
    assert cents > 0


def test_a_missing_final_is_billed_and_the_line_stays(caller: Caller) -> None:
    caller.faults({"fault": "missing_final"})
    socket = caller.socket()
    socket.send(orjson.dumps({"text": TEXT, "voice_id": 1071}), text=True)
    with pytest.raises(TimeoutError):
        frames_until(socket, "final", timeout=0.3)
    assert _outcome(caller)[0] == "lost"


def test_frames_can_be_broken_lost_or_strange(caller: Caller) -> None:
    for fault, broken, frames in (("truncated_frame", 1, 27), ("malformed_frame", 1, 28), ("lost_frame", 0, 26)):
        caller.faults({"fault": fault, "after_frames": 1})
        socket = caller.socket()
        socket.send(orjson.dumps({"text": LONG, "voice_id": 1071}), text=True)
        raw = [socket.recv(5)]
        while '"final"' not in str(raw[-1]):
            raw.append(socket.recv(5))
        assert sum(not str(frame).endswith("}") for frame in raw) == broken
        assert len(raw) - 1 == frames


def test_a_stall_delays_and_latency_comes_before_everything(caller: Caller) -> None:
    caller.faults({"fault": "stall", "after_frames": 1, "delay_ms": 200}, {"fault": "latency", "delay_ms": 150})
    began = time.monotonic()
    assert "final" in caller.ask(caller.socket())[-1]
    assert time.monotonic() - began > 0.34


def test_answers_can_lack_words_cost_or_half_of_the_audio(caller: Caller) -> None:
    whole = caller.ask(caller.socket(), text=LONG, word_timestamps=True)
    samples = sum(frame.get("samples", 0) for frame in whole)
    caller.faults({"fault": "missing_timestamps"}, {"fault": "null_cost"}, {"fault": "short_audio", "keep": 0.5})
    frames = caller.ask(caller.socket(), text=LONG, word_timestamps=True)
    assert not any("word_timestamps" in frame for frame in frames)
    assert abs(sum(frame.get("samples", 0) for frame in frames) - samples / 2) <= 1
    usage = frames[-1]["usage"]
    assert (usage["cost_cents"], usage["currency"], usage["cost_unavailable"]) == (None, None, True)
    assert _outcome(caller) == ("billed", Decimal(str(whole[-1]["usage"]["cost_cents"])))


def test_late_words_come_after_the_next_chunks_first_frame(caller: Caller) -> None:
    caller.faults({"fault": "late_timestamps"})
    frames = caller.ask(caller.socket(), text=LONG, word_timestamps=True)
    kinds = ["a" if "audio" in frame else "w" if "word_timestamps" in frame else "f" for frame in frames]
    assert "".join(kinds) == "a" * 19 + "w" + "a" * 8 + "wf"


def test_http_answers_are_cut_before_their_end(caller: Caller) -> None:
    for fault, outcome in (("cut", "abandoned"), ("lost_answer", "lost"), ("restart", "abandoned")):
        caller.faults({"fault": fault, "after_frames": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            caller.http.post("/v1/tts/generate", json={"text": LONG, "voice_id": 1071})
        assert _outcome(caller)[0] == outcome


def test_faults_are_cleared_by_the_admin_route(caller: Caller) -> None:
    caller.faults({"fault": "internal"})
    caller.http.delete("/admin/faults")
    assert "final" in caller.ask(caller.socket())[-1]
    assert caller.http.put("/admin/faults", json={"faults": [{"fault": "flood"}]}).status_code == 400
