"""Why a take must be made: compared with the stored takes that nothing uses any more."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.store.keys import KeyInputs
from pipeline.store.takes import TakeState, TakeStore

_SIMILAR = 0.6
"""Share of equal characters (difflib's ratio) from which two texts count as one text edited."""
_COMPARED_AT_MOST = 2_000
"""Orphans of one first or last word that a text is compared with, so that a large store cannot slow a plan down."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """Key inputs of stored takes outside the present script, findable by text and by their first and last words."""

    by_text: Mapping[str, list[KeyInputs]] = field(default_factory=dict)
    by_end: Mapping[str, list[KeyInputs]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: TakeStore, used: set[str]) -> Orphans:
        """Read the sidecars of all takes whose key is not in ``used``."""
        by_text: dict[str, list[KeyInputs]] = defaultdict(list)
        by_end: dict[str, list[KeyInputs]] = defaultdict(list)
        for key in store.all_keys():
            if key in used:
                continue
            try:
                take = store.load(key)
            except ValueError:
                continue
            if take is not None:
                by_text[_text(take.inputs)].append(take.inputs)
                for end in _ends(_text(take.inputs)):
                    by_end[end].append(take.inputs)
        return cls(by_text, by_end)


def reason_missing(inputs: KeyInputs, voice: str, state: TakeState, orphans: Orphans) -> str:
    """One line: ``new``, ``take damaged``, ``text changed``, or which setting changed from what to what."""
    if state is TakeState.DAMAGED:
        return "take damaged"
    same_text = orphans.by_text.get(_text(inputs))
    if same_text:
        return min((_difference(old, inputs, voice) for old in same_text), key=len)
    text = _text(inputs)
    near = [old for end in _ends(text) for old in orphans.by_end.get(end, ())[:_COMPARED_AT_MOST]]
    matcher = difflib.SequenceMatcher(b=text, autojunk=False)
    for old in near:
        matcher.set_seq1(_text(old))
        if matcher.real_quick_ratio() >= _SIMILAR and matcher.quick_ratio() >= _SIMILAR and matcher.ratio() >= _SIMILAR:
            return "text changed"
    return "new"


def _text(inputs: KeyInputs) -> str:
    return str(inputs["text"])


def _ends(text: str) -> tuple[str, str]:
    words = text.split()
    return (" ".join(words[:2]), " ".join(words[-2:])) if words else ("", "")


def _difference(old: Mapping[str, Any], new: Mapping[str, Any], voice: str) -> str:
    parts = []
    if old["engine"] != new["engine"]:
        return f"engine: {old['engine']} → {new['engine']}"
    parts += [
        f"{name}: {old[name]} → {new[name]}" for name in ("provider", "model", "language") if old[name] != new[name]
    ]
    parts += [f"voice {voice}: {change}" for change in _changes(old["voice"], new["voice"])]
    parts += [f"engine {change}" for change in _changes(old["params"], new["params"])]
    before, after = ({tuple(entry) for entry in side["dictionary"]} for side in (old, new))
    words = sorted({str(entry[0]) for entry in before ^ after})
    parts += [f'dictionary entry "{word}"' for word in words]
    if old["take"] != new["take"]:
        parts.append(f"take {old['take']} → {new['take']}")
    return ", ".join(parts) or "new"


def _changes(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [
        f"{name} {old.get(name, 'unset')} → {new.get(name, 'unset')}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
