"""Takes to share, and a remote that fails, truncates and tells the time as it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pipeline.engines.protocol import Speech, Usage, WordTimes
from pipeline.store.keys import KeyInputs, content_key, key_inputs
from pipeline.store.shared.remote import Entry, Remote, StoreUnavailable
from pipeline.store.sidecars import Take
from pipeline.store.takes import TakeStore


def inputs_of(text: str, *, engine: str = "hibari", number: int = 0, provider: str = "local") -> KeyInputs:
    """What the key of a text is made of."""
    identity = {"provider": provider, "model": "m"}
    return key_inputs(
        engine=engine, identity=identity, voice={"voice": "heart"}, text=text, language="en", entries=(), number=number
    )


def make_take(folder: Path, text: str, *, loudness: int = 3000) -> tuple[Take, TakeStore]:
    """A take of ``text`` in the store of a project in ``folder``."""
    store, inputs = TakeStore(folder / "takes"), inputs_of(text)
    pcm = (np.sin(np.arange(4_800) / 9) * loudness).astype(np.int16)
    words = WordTimes(
        np.array([0], np.int32), np.array([len(text)], np.int32), np.array([0], np.int32), np.array([4_800], np.int32)
    )
    speech = Speech(pcm, 24_000, words, Usage(audio_seconds=0.2, characters=len(text)))
    return store.put(content_key(inputs), inputs, speech, (0, 4_800), "run-1"), store


@dataclass
class Moody:
    """A remote around another: ``failing`` names cannot be reached, ``truncated`` ones arrive cut, ``ages`` are added
    to the age of objects, ``overwriting`` forgets to refuse a second creation."""

    within: Remote
    failing: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    overwriting: bool = False
    ages: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return "moody"

    def _mood(self, doing: str, name: str) -> None:
        self.asked.append(f"{doing} {name}")
        if any(part in name for part in self.failing):
            raise StoreUnavailable(f"cannot {doing} {name}")

    def read(self, name: str) -> bytes | None:
        self._mood("read", name)
        data = self.within.read(name)
        return data[: len(data) // 2] if data and any(part in name for part in self.truncated) else data

    def write(self, name: str, data: bytes) -> None:
        self._mood("write", name)
        self.within.write(name, data)

    def create(self, name: str, data: bytes) -> bool:
        self._mood("create", name)
        if self.overwriting:
            self.within.write(name, data)
            return True
        return self.within.create(name, data)

    def modified(self, name: str) -> float | None:
        self._mood("modified", name)
        found = self.within.modified(name)
        return None if found is None else found - self.ages.get(name, 0.0)

    def entries(self, folder: str) -> list[Entry]:
        self._mood("list", folder)
        return [
            replace(entry, modified=entry.modified - self.ages.get(entry.name, 0.0))
            for entry in self.within.entries(folder)
        ]

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._mood("remove", name)
            self.within.remove([name])
