"""Where requests go and with which key."""

from __future__ import annotations

import pytest

from pipeline.kugelaudio import AuthenticationError, KugelAudio, ValidationError
from pipeline.kugelaudio.configuration import EU_URL, GLOBAL_URL, configure


def test_the_key_comes_from_argument_before_environment() -> None:
    environment = {"KUGELAUDIO_API_KEY": "ka_env"}
    assert configure("ka_arg", environment=environment).key.reveal() == "ka_arg"
    assert configure(environment=environment).key.reveal() == "ka_env"
    with pytest.raises(AuthenticationError, match="KUGELAUDIO_API_KEY"):
        configure(environment={})


@pytest.mark.parametrize(
    ("key", "options", "url"),
    [
        ("ka_1", {}, GLOBAL_URL),
        ("eu-ka_1", {}, EU_URL),
        ("us-ka_1", {}, GLOBAL_URL),
        ("us-ka_1", {"region": "eu"}, EU_URL),
        ("eu-ka_1", {"api_url": "http://127.0.0.1:9/"}, "http://127.0.0.1:9"),
    ],
)
def test_url_goes_before_region_before_prefix(key: str, options: dict[str, str], url: str) -> None:
    configured = configure(key, environment={}, **options)
    assert (configured.api_url, configured.key.reveal()) == (url, "ka_1")


def test_the_environment_may_name_another_host() -> None:
    assert configure("k", environment={"KUGELAUDIO_API_URL": "http://localhost:1"}).api_url == "http://localhost:1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "mars"},
        {"api_url": "ftp://h"},
        {"api_url": "h"},
        {"api_url": "http://u:p@h"},
        {"api_url": "http://h?a=1"},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        configure("k", environment={}, **wrong)


def test_a_key_with_a_line_break_is_refused_without_repeating_it() -> None:
    with pytest.raises(AuthenticationError) as caught:
        configure("ka_se\ncret", environment={})
    assert "cret" not in str(caught.value)


def test_nothing_printed_shows_the_key() -> None:
    client = KugelAudio("ka_secret", api_url="http://127.0.0.1:9")
    configured = configure("ka_secret", environment={})
    assert "secret" not in repr(client) + repr(configured) + str(vars(configured.key.__class__))


def test_socket_urls_carry_no_key() -> None:
    configured = configure("ka_secret", api_url="https://h/base", environment={})
    assert configured.socket_url("/ws/tts", {"model_id": "m"}) == "wss://h/base/ws/tts?model_id=m"
