"""Sessions and contexts as state machines: whatever frames come, the right answer or a typed error."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import RATE, answer, audio, pcm, wire

from pipeline.kugelaudio import AudioChunk, IncompleteAudioError, KugelAudioError, StreamConfig
from pipeline.kugelaudio.speech.multi_conversation import AudioOver, ContextClosed, ContextEvent, MultiConversation
from pipeline.kugelaudio.speech.session_conversation import SessionConversation, TurnOver

SIZES = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=4)
Frames = list[dict[str, Any]]


def account(seconds: float) -> dict[str, Any]:
    return {"usage": {"audio_seconds": seconds, "cost_cents": 0.5, "currency": "eur", "model_id": "m"}}


def turn(chunks: list[list[int]], **more: Any) -> tuple[str, Frames, bytes]:
    """A turn's text, the frames of its audio, and the audio."""
    whole = answer(chunks)
    return whole.text, [{**frame, **more} for frame in whole.frames[:-1]], whole.pcm


def in_a_session(text: str, frames: list[bytes]) -> bytes | None:
    """The audio of a turn that came to its end, None of one that is still waited for."""
    session, heard = SessionConversation(StreamConfig(voice_id=1)), b""
    session.text(text, flush=True)
    for frame in frames:
        for event in session.receive(frame):
            if isinstance(event, TurnOver):
                return heard
            heard += event.audio if isinstance(event, AudioChunk) else b""
    return None


def in_a_context(text: str, frames: list[bytes]) -> bytes | None:
    contexts, heard = MultiConversation(StreamConfig(voice_id=1)), b""
    contexts.create("a", None)
    contexts.create("b", None)
    contexts.text("a", text, flush=True)
    for frame in frames:
        context_id, events = contexts.receive(frame)
        for event in events:
            if isinstance(event, KugelAudioError):
                raise event
            if context_id == "a" and isinstance(event, ContextClosed):
                return heard
            heard += event.audio if isinstance(event, AudioChunk) and context_id == "a" else b""
    return None


def session_frames(chunks: list[list[int]]) -> tuple[str, Frames, bytes]:
    text, frames, sound = turn(chunks)
    seconds = len(sound) / 2 / RATE
    return text, [*frames, {"final": True}, {"session_closed": True, **account(seconds)}], sound


def context_frames(chunks: list[list[int]]) -> tuple[str, Frames, bytes]:
    text, frames, sound = turn(chunks, context_id="a")
    seconds = len(sound) / 2 / RATE
    ending = [{"final": True, "context_id": "a"}, {"context_closed": True, "context_id": "a", **account(seconds)}]
    return text, [*frames, *ending], sound


KINDS = pytest.mark.parametrize(
    ("made", "hear"), [(session_frames, in_a_session), (context_frames, in_a_context)], ids=["session", "context"]
)
Made = Callable[[list[list[int]]], tuple[str, Frames, bytes]]
Hear = Callable[[str, list[bytes]], bytes | None]


@KINDS
@settings(max_examples=30, deadline=None)
@given(chunks=SIZES)
def test_a_turn_comes_back_whole(made: Made, hear: Hear, chunks: list[list[int]]) -> None:
    text, frames, sound = made(chunks)
    assert hear(text, [wire(frame) for frame in frames]) == sound


@KINDS
@settings(max_examples=120, deadline=None)
@given(
    chunks=SIZES,
    seed=st.integers(0, 2**32),
    drops=st.integers(0, 1),
    repeats=st.integers(0, 2),
    swaps=st.integers(0, 2),
    cut=st.booleans(),
)
def test_a_mangled_turn_is_right_an_error_or_waited_for(
    made: Made, hear: Hear, chunks: list[list[int]], seed: int, drops: int, repeats: int, swaps: int, cut: bool
) -> None:
    """What is waited for ends in the time limit of the shell, which is a typed error too."""
    chance = random.Random(seed)
    text, whole, sound = made(chunks)
    frames = [wire(frame) for frame in whole]
    for _ in range(drops):
        frames.pop(chance.randrange(len(frames)))
    for _ in range(repeats):
        frames.insert(chance.randrange(len(frames) + 1), chance.choice(frames))
    for _ in range(swaps):
        one, other = chance.randrange(len(frames)), chance.randrange(len(frames))
        frames[one], frames[other] = frames[other], frames[one]
    if cut:
        victim = chance.randrange(len(frames))
        frames[victim] = frames[victim][: chance.randrange(len(frames[victim]))]
    try:
        heard = hear(text, frames)
    except KugelAudioError:
        return
    if heard is not None and heard != sound:
        # the account bounds what is missing at the end: 50 ms, and the speed that <prosody> may have
        assert sound.startswith(heard)
        assert len(heard) >= len(sound) / 1.2 * 0.99 - RATE / 10


@KINDS
def test_a_turn_whose_last_audio_never_came_is_an_error(made: Made, hear: Hear) -> None:
    text, frames, _ = made([[4, 4, 4]])
    last = max(number for number, frame in enumerate(frames) if "audio" in frame)
    with pytest.raises(IncompleteAudioError, match="generated"):
        hear(
            text,
            [wire(frame) for number, frame in enumerate(frames) if number != last and "word_timestamps" not in frame],
        )


@pytest.mark.parametrize("hear", [in_a_session, in_a_context])
@settings(max_examples=80, deadline=None)
@given(
    frame=st.dictionaries(
        st.sampled_from(
            (
                *("audio", "enc", "idx", "sr", "samples", "final", "word_timestamps", "error", "usage", "chunk_id"),
                *("context_id", "context_closed", "context_created", "session_closed", "interrupted"),
                "settings_updated",
            )
        ),
        st.none() | st.booleans() | st.integers(-3, 70000) | st.sampled_from(["a", "AAAA", [{"word": 1}], {}, 1.5]),
    )
)
def test_no_frame_breaks_a_session(hear: Hear, frame: dict[str, Any]) -> None:
    with contextlib.suppress(KugelAudioError):
        hear("One.", [wire(frame)])


def test_an_error_frame_of_a_context_has_its_request_id_and_ends_that_turn_only() -> None:
    contexts = MultiConversation(StreamConfig(voice_id=1))
    for name in ("a", "b"):
        contexts.create(name, None)
        contexts.text(name, "One.", flush=True)
    frame = {"error": "no", "error_code": "INTERNAL_ERROR", "code": 500, "request_id": "r7", "context_id": "a"}
    context_id, (error,) = contexts.receive(wire(frame))
    assert isinstance(error, KugelAudioError)
    assert (context_id, error.request_id, error.status_code) == ("a", "r7", 500)
    assert list(_kinds(contexts, {**audio(0, pcm(240, 1)), "context_id": "b"}, {"final": True, "context_id": "b"})) == [
        AudioChunk,
        AudioOver,
    ]


def _kinds(contexts: MultiConversation, *frames: dict[str, Any]) -> list[type[ContextEvent]]:
    return [type(event) for frame in frames for event in contexts.receive(wire(frame))[1]]
