"""Whatever frames come: the right answer or a typed error, never a wait without end, never short audio."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import RATE, answer, audio, final, pcm, wire, word

from pipeline.kugelaudio import AudioResponse, IncompleteAudioError, KugelAudioError, RateLimitError, errors
from pipeline.kugelaudio.speech.conversation import Collector, Conversation, Finished, State
from pipeline.kugelaudio.speech.request import SpeechRequest

SIZES = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=1, max_size=4)


def hear(text: str, frames: list[bytes], **asked: Any) -> AudioResponse:
    conversation = Conversation(SpeechRequest(text=text, **{"word_timestamps": True, **asked}))
    collector = Collector()
    for frame in frames:
        for event in conversation.receive(frame):
            if isinstance(event, Finished):
                response = collector.response(event.frame, event.usage)
                assert response is not None
                return response
            collector.add(event)
    return conversation.closed(1000)


def stamps(response: AudioResponse) -> list[tuple[str, int, int, int]]:
    return [(word.word, word.start_ms, word.end_ms, word.char_start) for word in response.word_timestamps]


@settings(max_examples=60, deadline=None)
@given(chunks=SIZES, absolute=st.booleans())
def test_word_times_count_from_the_request_over_many_chunks(chunks: list[list[int]], absolute: bool) -> None:
    whole = answer(chunks, absolute=absolute)
    response = hear(whole.text, [wire(frame) for frame in whole.frames])
    assert response.audio == whole.pcm
    assert stamps(response) == whole.words
    assert response.samples == len(whole.pcm) // 2


@settings(max_examples=40, deadline=None)
@given(chunks=SIZES)
def test_character_offsets_of_a_chunk_become_those_of_the_text(chunks: list[list[int]]) -> None:
    whole = answer(chunks, local_chars=True)
    assert stamps(hear(whole.text, [wire(frame) for frame in whole.frames])) == whole.words


@settings(max_examples=200, deadline=None)
@given(
    chunks=SIZES,
    absolute=st.booleans(),
    seed=st.integers(0, 2**32),
    drops=st.integers(0, 2),
    repeats=st.integers(0, 2),
    swaps=st.integers(0, 3),
    cut=st.booleans(),
)
def test_a_mangled_answer_is_right_or_an_error(
    chunks: list[list[int]], absolute: bool, seed: int, drops: int, repeats: int, swaps: int, cut: bool
) -> None:
    whole, chance = answer(chunks, absolute=absolute), random.Random(seed)
    frames = [wire(frame) for frame in whole.frames]
    for _ in range(drops):
        frames.pop(chance.randrange(len(frames)))
        if not frames:
            return
    for _ in range(repeats):
        frames.insert(chance.randrange(len(frames) + 1), chance.choice(frames))
    for _ in range(swaps):
        one, other = chance.randrange(len(frames)), chance.randrange(len(frames))
        frames[one], frames[other] = frames[other], frames[one]
    if cut:
        victim = chance.randrange(len(frames))
        frames[victim] = frames[victim][: chance.randrange(len(frames[victim]))]
    try:
        response = hear(whole.text, frames)
    except KugelAudioError:
        return
    assert response.audio == whole.pcm
    assert stamps(response) == whole.words


@settings(max_examples=100, deadline=None)
@given(
    frame=st.one_of(
        st.binary(max_size=60),
        st.text(max_size=30),
        st.dictionaries(
            st.sampled_from(
                ["audio", "enc", "idx", "sr", "samples", "final", "word_timestamps", "error", "usage", "chunk_id"]
            ),
            st.none()
            | st.booleans()
            | st.integers(-3, 70000)
            | st.text(max_size=6)
            | st.just([{"word": 1}])
            | st.just("AAAA"),
        ).map(wire),
    )
)
def test_no_frame_breaks_the_conversation(frame: bytes | str) -> None:
    conversation = Conversation(SpeechRequest(text="One."))
    try:
        conversation.receive(frame)
    except KugelAudioError as error:
        assert conversation.state is State.FAILED
        with pytest.raises(type(error)):
            conversation.receive(wire(final(1, 1)))
    else:
        assert not conversation.over


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.integers(1, 4000), min_size=1, max_size=12))
def test_audio_may_be_split_anywhere(pieces: list[int]) -> None:
    sound = [pcm(size, n) for n, size in enumerate(pieces)]
    frames = [wire(audio(n, piece)) for n, piece in enumerate(sound)]
    response = hear("One.", [*frames, wire(final(len(sound), sum(pieces)))], word_timestamps=False)
    assert response.audio == b"".join(sound)


def test_timestamps_that_trail_into_the_next_chunk_still_find_their_place() -> None:
    whole = answer([[4, 4, 2], [4, 4, 3]])
    frames = whole.frames
    late = [*frames[:3], frames[4], frames[3], *frames[5:]]
    assert stamps(hear(whole.text, [wire(frame) for frame in late])) == whole.words


def test_speech_that_is_slower_or_faster_is_no_shorter_than_announced() -> None:
    frames = [wire(audio(0, pcm(20000, 1))), wire(final(1, 24000))]
    assert hear("One.", frames, word_timestamps=False, speed=1.2).samples == 20000
    assert hear('<prosody rate="fast">One.</prosody>', frames, word_timestamps=False).samples == 20000
    with pytest.raises(IncompleteAudioError, match="announced"):
        hear("One.", frames, word_timestamps=False)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([final(0, 0)], "no audio"),
        ([audio(0, pcm(2400, 1)), final(2, 2400)], "1 of 2"),
        ([audio(1, pcm(2400, 1)), final(1, 2400)], "in the middle"),
        ([audio(0, pcm(2400, 1)), final(1, 9600)], "announced"),
    ],
)
def test_audio_that_is_short_is_an_error(frames: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(IncompleteAudioError, match=text):
        hear("One.", [wire(frame) for frame in frames], word_timestamps=False)


def test_last_words_without_a_timestamp_are_an_error() -> None:
    said = [audio(0, pcm(RATE, 1)), {"word_timestamps": [word("One", 0, 300, 0)]}, final(1, RATE)]
    frames = [wire(frame) for frame in said]
    assert hear("One <break/> —", frames).word_timestamps[-1].word == "One"
    with pytest.raises(IncompleteAudioError, match="last words"):
        hear("One two three.", frames)
    with pytest.raises(IncompleteAudioError, match="no word"):
        hear("One.", [frames[0], frames[2]])


@pytest.mark.parametrize(
    "said",
    [
        [word("One", 500, 800, 0), word("two.", 0, 300, 4)],
        [word("two.", 0, 300, 4)],
        [{"word": "One", "start_ms": "soon"}],
    ],
    ids=["back in time", "a word left out", "no times"],
)
def test_words_of_no_use_are_told_at_the_end_with_all_audio_and_its_price(said: list[dict[str, Any]]) -> None:
    conversation = Conversation(SpeechRequest(text="One two.", word_timestamps=True))
    heard = list(conversation.receive(wire(audio(0, pcm(RATE, 1)))))
    assert conversation.receive(wire({"word_timestamps": said})) == []
    heard += conversation.receive(wire(audio(1, pcm(RATE, 2))))
    with pytest.raises(IncompleteAudioError, match="of no use"):
        conversation.receive(wire(final(2, 2 * RATE)))
    assert len(heard) == 2
    assert conversation.usage is not None


def test_chunks_that_begin_and_end_in_silence_are_told_apart() -> None:
    chunks = [bytes(512) + pcm(1000, seed) + bytes(512) for seed in (1, 2)]
    frames = [wire(audio(0, chunk)) for chunk in chunks] + [wire(final(2, 2 * 1512))]
    assert hear("One.", frames, word_timestamps=False).audio == b"".join(chunks)


def test_an_answer_without_final_is_an_error_by_its_close_code() -> None:
    conversation = Conversation(SpeechRequest(text="One."))
    conversation.receive(wire(audio(0, pcm(2400, 1))))
    with pytest.raises(errors.ServerRestartingError):
        conversation.closed(1012)
    assert conversation.heard
    assert not conversation.reusable


def test_an_error_frame_before_audio_leaves_the_socket_usable() -> None:
    conversation = Conversation(SpeechRequest(text="One."))
    with pytest.raises(RateLimitError):
        conversation.receive(wire({"error": "slow down", "error_code": "RATE_LIMITED", "code": 429}))
    assert conversation.reusable


@pytest.mark.parametrize(
    ("code", "status"), [("UNAUTHORIZED", 401), ("INSUFFICIENT_CREDITS", 402), ("MODEL_UNAVAILABLE", 503)]
)
def test_nothing_is_sent_on_a_socket_that_its_error_will_close(code: str, status: int) -> None:
    conversation = Conversation(SpeechRequest(text="One."))
    with pytest.raises(KugelAudioError):
        conversation.receive(wire({"error": "no", "error_code": code, "code": status}))
    assert not conversation.reusable


def test_escaped_or_reordered_audio_frames_are_read_like_plain_ones() -> None:
    frame = audio(0, b"\xff\xff" * 600)
    odd = [
        b'{"audio":"' + frame["audio"].replace("/", "\\/").encode() + b'","idx":0,"sr":24000,"samples":600}',
        b'{"idx":0,"sr":24000,"samples":600,"audio":"' + frame["audio"].encode() + b'"}',
        wire(frame).decode(),
    ]
    for text in odd:
        assert hear("One.", [text, wire(final(1, 600))], word_timestamps=False).audio == b"\xff\xff" * 600


def test_g711_is_counted_by_the_byte() -> None:
    frame = {**audio(0, b"\x00\x7f\xff\x80"), "enc": "ulaw", "sr": 8000, "samples": 4}
    response = hear("One.", [wire(frame), wire(final(1, 12))], word_timestamps=False, output_format="ulaw_8000")
    assert (response.samples, response.encoding, response.duration_ms) == (4, "ulaw", 0.5)
