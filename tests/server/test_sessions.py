from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection

from tests.server.conftest import Caller, frames_until

Start = Callable[..., Caller]
CONFIG = {"voice_id": 1071, "language": "en", "word_timestamps": True}


def _say(socket: ClientConnection, **frame: Any) -> None:
    socket.send(orjson.dumps(frame), text=True)


def _kinds(frames: list[dict[str, Any]]) -> list[str]:
    known = ("generation_started", "audio", "word_timestamps", "chunk_complete", "final", "session_closed")
    return [next(kind for kind in known if kind in frame) for frame in frames]


def test_a_session_speaks_complete_sentences_and_the_rest_on_flush(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/stream")
    _say(socket, text="It is late. Go ", **CONFIG)
    first = frames_until(socket, "chunk_complete")
    assert _kinds(first) == ["generation_started", "audio", "word_timestamps", "chunk_complete"]
    assert first[0]["text"].strip() == "It is late."
    _say(socket, text="home.", flush=True)
    rest = frames_until(socket, "session_closed")
    assert _kinds(rest)[-3:] == ["chunk_complete", "final", "session_closed"]
    words = [w for f in first + rest if "word_timestamps" in f for w in f["word_timestamps"]]
    text = "It is late. Go home."
    assert [text[w["char_start"] : w["char_end"]] for w in words] == ["It", "is", "late", "Go", "home"]
    usage = rest[-1]["usage"]
    assert Decimal(str(usage["cost_cents"])) == Decimal(caller.books()[-1]["cents"])
    assert usage["characters"] == len(text)


def test_a_socket_carries_one_session_after_the_other(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/stream")
    for _ in range(2):
        _say(socket, text="Go home", **CONFIG)
        _say(socket, close=True)
        assert frames_until(socket, "session_closed")[-1]["total_text_chunks"] == 1
    _say(socket, close=True)
    assert frames_until(socket, "session_closed")[-1] == {
        "session_closed": True,
        "total_audio_seconds": 0.0,
        "total_text_chunks": 0,
        "total_audio_chunks": 0,
    }
    assert [line["outcome"] for line in caller.books()] == ["billed", "billed"]


def test_cancelling_stops_at_once_costs_nothing_and_opens_the_next_turn(caller: Caller) -> None:
    caller.faults({"fault": "stall", "after_frames": 1, "delay_ms": 60_000, "at": [1]})
    socket = caller.socket("/ws/tts/stream")
    _say(socket, text="It is late. And it is dark out there, too.", flush=True, **CONFIG)
    frames_until(socket, "audio")
    _say(socket, cancel=True)
    assert "interrupted" in frames_until(socket, "interrupted")[-1]
    _say(socket, text="Next.", flush=True)
    assert "session_closed" in frames_until(socket, "session_closed")[-1]
    assert [line["outcome"] for line in caller.books()] == ["abandoned", "billed"]


def test_settings_are_changed_between_turns_and_only_those_that_may_be(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/stream")
    _say(socket, text="Go home.", flush=True, **CONFIG)
    slow = frames_until(socket, "session_closed")[-1]["total_audio_seconds"]
    _say(socket, update_settings={"speed": 1.2, "cfg_scale": 9.0})
    told = frames_until(socket, "settings_updated", "error")[-1]["settings"]
    assert (told["speed"], told["cfg_scale"], told["normalize"]) == (1.2, 2.5, True)
    _say(socket, text="Go home.", flush=True)
    assert frames_until(socket, "session_closed")[-1]["total_audio_seconds"] < slow
    _say(socket, update_settings={"voice_id": 1705})
    assert frames_until(socket, "settings_updated", "error")[-1]["error_code"] == "VALIDATION_ERROR"


def test_a_session_left_alone_speaks_what_it_holds_with_a_warning(start: Start) -> None:
    socket = start(idle_flush_seconds=0.2).socket("/ws/tts/stream")
    _say(socket, text="Go home", **CONFIG)
    frames = frames_until(socket, "session_closed")
    assert "warning" in frames[0]
    assert "audio" in _kinds(frames[1:])


def test_an_error_in_a_session_is_told_and_the_next_turn_works(caller: Caller) -> None:
    caller.faults({"fault": "empty_audio", "at": [1]})
    socket = caller.socket("/ws/tts/stream")
    _say(socket, text="Go home.", flush=True, **CONFIG)
    assert frames_until(socket, "error")[-1]["error_code"] == "EMPTY_AUDIO"
    _say(socket, text="Go home.", flush=True)
    assert "audio" in _kinds(frames_until(socket, "session_closed"))


def test_close_socket_ends_the_connection_after_the_last_session(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/stream")
    _say(socket, text="Go home", **CONFIG)
    _say(socket, close_socket=True)
    assert "session_closed" in frames_until(socket, "session_closed")[-1]
    with pytest.raises(ConnectionClosedOK):
        socket.recv(5)


def _open(socket: ClientConnection, name: str, **fields: Any) -> None:
    settings = {"voice_id": 1071, "cfg_scale": 2.0, "max_new_tokens": 2048}
    _say(socket, text=" ", context_id=name, voice_settings=settings, **fields)
    assert frames_until(socket, "context_created", "error")[-1] == {"context_created": True, "context_id": name}


def test_contexts_speak_on_one_socket_and_are_paid_for_each(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/multi")
    _open(socket, "a", word_timestamps=True, language="en")
    _open(socket, "b")
    _say(socket, text="The story begins.", context_id="a", flush=True)
    spoken = frames_until(socket, "final")
    assert {frame["context_id"] for frame in spoken} == {"a"}
    (words,) = [frame["word_timestamps"] for frame in spoken if "word_timestamps" in frame]
    assert words[0]["char_start"] == 0
    _say(socket, text="Hello", context_id="b")
    _say(socket, close_context=True, context_id="b")
    closed = frames_until(socket, "context_closed")
    assert "audio" in closed[1]
    assert closed[-1]["usage"]["cost_cents"] > 0
    assert "characters" not in closed[-1]["usage"]
    _say(socket, close_context=True, context_id="a", immediate=True)
    assert frames_until(socket, "context_closed")[-1]["context_id"] == "a"
    _say(socket, close_socket=True)
    assert "session_closed" in frames_until(socket, "session_closed")[-1]


def test_the_twenty_first_context_is_refused(caller: Caller) -> None:
    socket = caller.socket("/ws/tts/multi")
    for number in range(20):
        _open(socket, f"c{number}")
    _say(socket, text=" ", context_id="c20")
    assert frames_until(socket, "error")[-1]["error_code"] == "TOO_MANY_CONTEXTS"


def test_a_context_left_alone_is_closed_and_touching_keeps_it(start: Start) -> None:
    socket = start(idle_context_seconds=0.4).socket("/ws/tts/multi")
    _open(socket, "a")
    for _ in range(4):
        time.sleep(0.2)
        _say(socket, text="", context_id="a")
    _say(socket, text="Hello.", context_id="a", flush=True)
    assert "final" in frames_until(socket, "final")[-1]
    assert "context_closed" in frames_until(socket, "context_closed")[-1]
