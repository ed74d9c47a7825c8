"""Every way the service says no becomes the right error, in one place."""

from __future__ import annotations

import logging

import httpx
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.kugelaudio import errors, mapping
from pipeline.kugelaudio.errors import KugelAudioError
from pipeline.kugelaudio.redaction import ApiKey, RedactingLogger

ROWS = [
    (400, "VALIDATION_ERROR", errors.ValidationError),
    (400, "MISSING_VOICE_ID", errors.ValidationError),
    (401, "UNAUTHORIZED", errors.AuthenticationError),
    (402, "INSUFFICIENT_CREDITS", errors.InsufficientCreditsError),
    (404, "NOT_FOUND", errors.NotFoundError),
    (413, None, errors.TextTooLongError),
    (422, None, errors.ValidationError),
    (429, "RATE_LIMITED", errors.RateLimitError),
    (429, "TOO_MANY_CONTEXTS", errors.RateLimitError),
    (500, "INTERNAL_ERROR", KugelAudioError),
    (500, "EMPTY_AUDIO", KugelAudioError),
    (503, "MODEL_UNAVAILABLE", errors.ConnectionError),
]
CLOSES = [
    (1000, errors.ConnectionError),
    (1006, errors.ConnectionError),
    (1012, errors.ServerRestartingError),
    (1013, errors.ServerRestartingError),
    (4000, errors.ConnectionError),
    (4001, errors.AuthenticationError),
    (4003, errors.InsufficientCreditsError),
    (4029, errors.RateLimitError),
    (4500, errors.ConnectionError),
]


def from_body(status: int, body: object, **headers: str) -> KugelAudioError:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return mapping.from_http(
        status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), raw
    )


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_a_row_means_the_same_as_body_and_as_frame(status: int, code: str | None, kind: type) -> None:
    envelope = {"error": "shown to people", "code": status, **({"error_code": code} if code else {})}
    body = from_body(status, envelope, x_request_id="r1", retry_after="7")
    frame = mapping.from_frame({**envelope, "request_id": "r1", "retry_after": 7})
    for error in (body, frame):
        assert type(error) is kind
        assert (error.message, error.status_code, error.request_id) == ("shown to people", status, "r1")
        assert error.error_code == code or code is None
        assert error.retry_after == (None if kind is errors.TextTooLongError else 7.0)


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_status_alone_and_code_alone_are_enough(status: int, code: str | None, kind: type) -> None:
    assert isinstance(from_body(status, {"error": "x"}), kind)
    if code:
        by_code = mapping.from_frame({"error": "x", "error_code": code})
        assert type(by_code) is kind
        assert by_code.status_code == status


def test_the_rows_tested_are_the_rows_mapped() -> None:
    assert {code for _, code, _ in ROWS if code} == set(mapping.BY_ERROR_CODE)
    assert {status for status, _, _ in ROWS} - {500} == set(mapping.BY_STATUS)
    assert {code for code, _ in CLOSES} - {1000, 1006} == set(mapping.BY_CLOSE_CODE)
    reached = {kind for _, _, kind in ROWS} | {kind for _, kind in CLOSES}
    defined = {
        thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, KugelAudioError)
    }
    assert defined - reached == {errors.IncompleteAudioError}


@pytest.mark.parametrize(("code", "kind"), CLOSES)
def test_a_close_code_that_owes_an_answer_is_an_error(code: int, kind: type) -> None:
    error = mapping.from_close(code, "because")
    assert type(error) is kind
    assert "because" in error.message
    assert (error.retry_after == 1.0) is (kind is errors.ServerRestartingError)


@pytest.mark.parametrize(
    "text",
    [
        "Text exceeds the character limit of your tier (2000)",
        "Request too large: 15801 characters, at most 15800",
        "Input text too long",
    ],
)
def test_a_429_about_length_is_no_rate_limit(text: str) -> None:
    error = from_body(429, {"error": text, "error_code": "RATE_LIMITED"}, retry_after="3")
    assert type(error) is errors.TextTooLongError
    assert error.retry_after is None
    assert isinstance(error, errors.ValidationError)


@pytest.mark.parametrize("text", ["Rate limit exceeded", "Too many characters per minute", "60 requests/min", ""])
def test_a_429_about_pace_is_one(text: str) -> None:
    assert type(from_body(429, {"error": text, "error_code": "RATE_LIMITED"})) is errors.RateLimitError


def test_a_handshake_403_is_about_the_key_and_elsewhere_it_is_not() -> None:
    assert type(mapping.from_handshake(403, httpx.Headers(), b"")) is errors.AuthenticationError
    assert type(mapping.from_handshake(429, httpx.Headers({"retry-after": "2"}), b"")) is errors.RateLimitError
    assert type(from_body(403, {"error": "no"})) is KugelAudioError


def test_detail_and_plain_text_are_read() -> None:
    assert from_body(404, {"detail": "no such voice"}).message == "no such voice"
    complaint = {"loc": ["body", "speed"], "msg": "Input should be at most 1.2", "type": "x"}
    assert from_body(422, {"detail": [complaint]}).message == "speed: Input should be at most 1.2"
    assert from_body(502, b"Bad Gateway\n").message == "Bad Gateway"
    assert from_body(500, b"").message == "The server answered 500"


def test_retry_after_is_read_as_seconds_and_as_date() -> None:
    assert mapping.retry_after_s("2.5") == 2.5
    assert mapping.retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", now_s=50.0) == 10.0
    assert mapping.retry_after_s("soon") is None
    assert mapping.retry_after_s("-1") is None
    assert from_body(429, {"error": "x", "retry_after": 4}, retry_after="9").retry_after == 4.0


@given(
    status=st.integers(400, 599),
    body=st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["error", "error_code", "detail", "retry_after", "code", "msg", "loc"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ).map(orjson.dumps),
    ),
)
@example(422, b'{"detail":[{"loc":null}]}')
def test_no_body_breaks_the_mapping(status: int, body: bytes) -> None:
    error = from_body(status, body)
    assert isinstance(error, KugelAudioError)
    assert error.message
    assert error.status_code == status


def test_the_key_prints_as_stars(caplog: pytest.LogCaptureFixture) -> None:
    key = ApiKey("ka_secret")
    logger = RedactingLogger(logging.getLogger("test.wire"), key)
    with caplog.at_level(logging.DEBUG, "test.wire"):
        logger.debug("> %s: %s", "X-API-Key", "ka_secret")
        logger.debug("= connection is OPEN")
    shown = [repr(key), key.redact("wss://h/ws?api_key=other&x=1 ka_secret"), caplog.text]
    shown.append(str(key.clean(KugelAudioError("key ka_secret is not known"))))
    assert "secret" not in "".join(shown)
    assert "other" not in "".join(shown)
    assert "connection is OPEN" in caplog.text
