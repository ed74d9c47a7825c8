"""The content key: what makes one take the answer to one segment (DESIGN, "Content key").

Everything that can be heard in a take is in the key; what assembly adds (pauses, loudness, tags, order, paths)
is not. A golden test forbids silent change: a changed key buys every take again.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

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
        "text": _composed(text),
        "language": language,
        "dictionary": [
            [entry.word, entry.replacement, entry.ipa, entry.case_sensitive, entry.language] for entry in entries
        ],
        "take": number,
    }


def content_key(inputs: KeyInputs) -> str:
    """SHA-256, in hexadecimal, of the inputs as canonical JSON (sorted keys, no white space, UTF-8)."""
    return hashlib.sha256(_CANONICAL.encode(inputs).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """Inputs of which the text alone is open: ten thousand segments of one voice share the rest, written once.

    ``before`` and ``after`` are the canonical JSON around the text.
    """

    inputs: KeyInputs
    before: bytes
    after: bytes

    @classmethod
    def of(cls, inputs: KeyInputs) -> Self:
        """The pattern of these inputs, whatever their text."""
        before = _CANONICAL.encode({name: value for name, value in inputs.items() if name < "text"})
        after = _CANONICAL.encode({name: value for name, value in inputs.items() if name > "text"})
        return cls(inputs, f'{before[:-1]},"text":'.encode(), f",{after[1:]}".encode())

    def keyed(self, text: str) -> tuple[str, KeyInputs]:
        """Key and inputs of ``text``: those of :func:`content_key` and :func:`key_inputs`."""
        composed = _composed(text)
        written = b"".join((self.before, _CANONICAL.encode(composed).encode(), self.after))
        return hashlib.sha256(written).hexdigest(), {**self.inputs, "text": composed}


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
