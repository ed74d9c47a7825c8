"""Why takes must be made: compared with the stored takes that nothing uses any more, or with another plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.render.resemblance import most_alike
from pipeline.store.keys import KeyInputs, content_key
from pipeline.store.takes import TakeState, TakeStore

NEW, TEXT_CHANGED, DAMAGED = "new", "text changed", "take damaged"


@dataclass(frozen=True, slots=True)
class Orphan:
    """What is left of a stored take that the script has no use for: what it was made of, and its length."""

    inputs: KeyInputs
    seconds: float

    @property
    def text(self) -> str:
        """The text that it speaks."""
        return str(self.inputs["text"])


@dataclass(frozen=True, slots=True)
class Lack:
    """A segment without a take: what its key is made of, the voice as the manifest calls it, and its state."""

    key: str
    inputs: KeyInputs
    voice: str
    state: TakeState


def read_orphans(store: TakeStore, used: set[str]) -> Iterator[Orphan]:
    """All takes whose key is not in ``used``; those whose sidecar cannot be read tell nothing."""
    for key in store.all_keys():
        if key in used:
            continue
        try:
            take = store.load(key)
        except ValueError:
            continue
        if take is not None and content_key(take.inputs) == key:  # a changed bit may have made anything of them
            yield Orphan(take.inputs, take.seconds)


def reasons(lacks: Sequence[Lack], orphans: Sequence[Orphan]) -> dict[str, str]:
    """By key, one line for each of ``lacks``: ``new``, ``text changed``, ``take damaged``, or what changed from what
    to what. Of several old takes the one that differs least tells."""
    by_text: dict[str, list[Orphan]] = defaultdict(list)
    for orphan in orphans:
        by_text[orphan.text].append(orphan)
    found: dict[str, str] = {}
    edited: list[Lack] = []
    for lack in lacks:
        same_text = by_text.get(str(lack.inputs["text"]))
        if lack.state is TakeState.DAMAGED:
            found[lack.key] = DAMAGED
        elif same_text:
            changes = [differences(orphan.inputs, lack.inputs, lack.voice) for orphan in same_text]
            least = min(changes, key=_least)
            found[lack.key] = ", ".join(least) or NEW
        else:
            edited.append(lack)
    alike = most_alike([str(lack.inputs["text"]) for lack in edited], [orphan.text for orphan in orphans])
    for place, lack in enumerate(edited):
        old = alike.get(place)
        found[lack.key] = NEW if old is None else edited_reason(orphans[old].inputs, lack.inputs, lack.voice)
    return found


def edited_reason(old: Mapping[str, Any], new: Mapping[str, Any], voice: str) -> str:
    """Why a text that was edited is made again: the text, and what else is different."""
    # Entries and the take belong to the text that they were for.
    other = {**old, "dictionary": new["dictionary"], "take": new["take"]}
    return ", ".join([TEXT_CHANGED, *differences(other, new, voice)])


def differences(old: Mapping[str, Any], new: Mapping[str, Any], voice: str) -> list[str]:
    """What of a key's inputs changed, apart from the text; empty where nothing did."""
    if old["engine"] != new["engine"]:
        return [f"engine: {old['engine']} → {new['engine']}"]
    parts = [
        f"{name}: {old[name]} → {new[name]}" for name in ("provider", "model", "language") if old[name] != new[name]
    ]
    parts += [f"voice {voice}: {change}" for change in _changes(old["voice"], new["voice"])]
    parts += [f"engine {change}" for change in _changes(old["params"], new["params"])]
    before, after = ({tuple(entry) for entry in side["dictionary"]} for side in (old, new))
    parts += [f'dictionary entry "{word}"' for word in sorted({str(entry[0]) for entry in before ^ after})]
    if old["take"] < new["take"]:
        parts.append(f"retake asked: take {new['take']}")
    elif old["take"] > new["take"]:
        parts.append(f"take {new['take']} chosen")
    return parts


def _least(parts: list[str]) -> tuple[int, list[str]]:
    return len(parts), parts


def _changes(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [
        f"{name} {_shown(old.get(name, 'unset'))} → {_shown(new.get(name, 'unset'))}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 32 else f"{text[:12]}…"
