"""What does not fit into the line's buffers waits on the server, and arrives whole and in order."""

from __future__ import annotations

import time

import orjson

from tests.server.conftest import Caller, frames_until

_LONG = "The lamp was lit again that night, and nobody climbed the stairs. " * 60
_WITHOUT_READING_SECONDS = 0.3


def test_long_audio_arrives_whole_at_who_reads_late(caller: Caller) -> None:
    socket = caller.socket()
    socket.send(orjson.dumps({"text": _LONG, "voice_id": 1071, "language": "en"}), text=True)
    time.sleep(_WITHOUT_READING_SECONDS)
    *audio, final = frames_until(socket, "final", "error")
    assert [frame["idx"] for frame in audio] == list(range(final["chunks"]))
    assert sum(frame["samples"] for frame in audio) == final["total_samples"] == len(_LONG) * 1600
    assert all(len(frame["audio"]) == 4 * -(-2 * frame["samples"] // 3) for frame in audio)


def test_contexts_that_speak_at_once_to_who_reads_late_break_no_frame(caller: Caller) -> None:
    names = {"one", "two", "three"}
    socket = caller.socket("/ws/tts/multi")
    for name in sorted(names):
        opened = {"context_id": name, "text": _LONG[:2000], "voice_settings": {"voice_id": 1071, "language": "en"}}
        socket.send(orjson.dumps({**opened, "flush": True}), text=True)
    time.sleep(_WITHOUT_READING_SECONDS)
    samples, ended = dict.fromkeys(names, 0), set[str]()
    while ended != names:
        frame = orjson.loads(socket.recv(60))
        samples[frame["context_id"]] += frame.get("samples", 0)
        ended |= {frame["context_id"]} if frame.get("final") else set()
    assert len(set(samples.values())) == 1
    assert all(abs(count - 2000 * 1600) < 24_000 for count in samples.values())
