"""The content key: what makes one take the answer to one segment (DESIGN, "Content key").

Everything that can be heard in a take is in the key; what assembly adds (pauses, loudness, tags, order, paths)
is not. A golden test forbids silent change: a changed key buys every take again.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pipeline.project.dictionaries import DictionaryEntry

KEY_SCHEMA = 1

KeyInputs: TypeAlias = Mapping[str, object]

_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def key_inputs(
    *,
    engine: str,
    identity: Mapping[str, str],
    voice: Mapping[str, str | int | float],
    text: str,
    language: str,
    entries: Sequence[DictionaryEntry],
    number: int,
) -> KeyInputs:
    """What the key is made of, with defaults resolved; ``number`` is the number of the take, from 0."""
    params = {name: value for name, value in identity.items() if name not in ("provider", "model")}
    return {
        "schema": KEY_SCHEMA,
        "engine": engine,
        "provider": identity["provider"],
        "model": identity["model"],
        "params": params,
        "voice": dict(voice),
        "text": unicodedata.normalize("NFC", text),
        "language": language,
        "dictionary": [
            [entry.word, entry.replacement, entry.ipa, entry.case_sensitive, entry.language] for entry in entries
        ],
        "take": number,
    }


def content_key(inputs: KeyInputs) -> str:
    """SHA-256, in hexadecimal, of the inputs as canonical JSON (sorted keys, no white space, UTF-8)."""
    return hashlib.sha256(_CANONICAL.encode(inputs).encode()).hexdigest()
