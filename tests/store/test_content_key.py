"""The content key never changes silently, and changes with everything that can be heard."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.project.dictionaries import DictionaryEntry
from pipeline.store.keys import KeyPattern, content_key, key_inputs

BASE: dict[str, Any] = {
    "engine": "hibari",
    "identity": {"provider": "embedded", "model": "heart", "version": "0.2.1"},
    "voice": {"voice": "heart", "pitch": 1.0, "speed": 1.0},
    "text": "Café, she said.",
    "language": "en",
    "entries": (DictionaryEntry("Penrose", "PEN-rose"),),
    "number": 0,
}


def key(**changes: Any) -> str:
    return content_key(key_inputs(**{**BASE, **changes}))


def test_the_key_of_known_inputs_is_the_one_that_was_released() -> None:
    assert key() == "3fc642982bb57edc16e4ddec5684cccfc85a708cc5f0b51d6aa8acd8db6dd555"


def test_decomposed_text_has_the_key_of_composed_text() -> None:
    assert key(text="Cafe\u0301, she said.") == key()


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "espeak"},
        {"identity": {**BASE["identity"], "provider": "local:1"}},
        {"identity": {**BASE["identity"], "model": "other"}},
        {"identity": {**BASE["identity"], "version": "0.2.2"}},
        {"voice": {**BASE["voice"], "pitch": 1.1}},
        {"voice": {**BASE["voice"], "speed": 1.1}},
        {"text": "Café, he said."},
        {"language": "en-GB"},
        {"entries": ()},
        {"entries": (DictionaryEntry("Penrose", "pen-ROSE"),)},
        {"entries": (DictionaryEntry("Penrose", "PEN-rose", ipa="ˈpɛnroʊz"),)},
        {"number": 1},
    ],
    ids=str,
)
def test_whatever_can_be_heard_changes_the_key(change: dict[str, Any]) -> None:
    assert key(**change) != key()


def test_the_order_of_parameters_does_not_change_the_key() -> None:
    assert key(voice=dict(reversed(BASE["voice"].items()))) == key()


@settings(max_examples=100, deadline=None)
@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 99))
def test_the_key_is_the_hash_of_the_canonical_json_of_its_inputs(text: str, speed: float, number: int) -> None:
    text = text.encode(errors="replace").decode()
    inputs = key_inputs(**{**BASE, "text": text, "voice": {"voice": "heart", "speed": speed}, "number": number})
    canonical = json.dumps(inputs, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    assert content_key(inputs) == hashlib.sha256(canonical.encode()).hexdigest()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(), min_size=2, max_size=4), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_segments_of_one_pattern_have_the_keys_that_they_have_alone(
    texts: list[str], speed: float, with_entries: bool
) -> None:
    shared = {**BASE, "voice": {"voice": "heart", "speed": speed}}
    shared["entries"] = (DictionaryEntry('"Ærø"', "Air\\oe", ipa="ˈɛːʁøˀ"),) if with_entries else ()
    pattern = KeyPattern.of(key_inputs(**{**shared, "text": "anything"}))
    for text in [written.encode(errors="replace").decode() for written in texts]:
        alone = key_inputs(**{**shared, "text": text})
        key, inputs = pattern.keyed(text)
        assert (key, inputs, list(inputs)) == (content_key(alone), alone, list(alone))
