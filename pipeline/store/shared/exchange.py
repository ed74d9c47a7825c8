"""Takes between a project and its store: listed at once, verified on arrival, offered once they are durable here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

from pipeline.errors import StorageError
from pipeline.store.files import write_atomically
from pipeline.store.keys import content_key
from pipeline.store.shared.names import TAKES, audio_name, key_of_audio, key_of_sidecar, sidecar_name
from pipeline.store.shared.remote import Entry, Remote
from pipeline.store.shared.turns import DamagedInStore
from pipeline.store.sidecars import Take, read_sidecar
from pipeline.store.takes import TakeStore

_READS = 3
"""How often what arrives damaged is asked for again: the line may have been at fault."""


class Arrival(StrEnum):
    """What became of a take that was offered."""

    SENT = "sent"
    THERE = "there"
    OTHER = "other"
    """The store has another take of this segment, which came first; ours stays here."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one listing told: sidecars and audio by key."""

    sidecars: Mapping[str, Entry] = field(default_factory=dict)
    audio: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """The keys that have a sidecar: the takes."""
        return frozenset(self.sidecars)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A take as it came: both files, and what the sidecar says."""

    take: Take
    sidecar: bytes
    audio: bytes


def read_catalogue(remote: Remote) -> Catalogue:
    """List all takes. Raises StoreUnavailable."""
    sidecars: dict[str, Entry] = {}
    audio: dict[str, tuple[Entry, ...]] = {}
    for entry in remote.entries(TAKES):
        if key := key_of_sidecar(entry.name):
            sidecars[key] = entry
        elif key := key_of_audio(entry.name):
            audio[key] = (*audio.get(key, ()), entry)
    return Catalogue(sidecars, audio)


def fetch(remote: Remote, key: str, takes: TakeStore) -> Take | None:
    """Bring a take here, verified; None where the store has none. Raises DamagedInStore, StorageError."""
    arrived = read_verified(remote, key)
    if arrived is None:
        return None
    write_atomically(takes.audio_path(key), arrived.audio)
    write_atomically(takes.sidecar_path(key), arrived.sidecar)
    return arrived.take


def read_verified(remote: Remote, key: str) -> Arrived | None:
    """The take under ``key``, both files by their checksums; None where there is none. Raises DamagedInStore."""
    fault = ""
    for _ in range(_READS):
        data = remote.read(sidecar_name(key))
        if data is None:
            return None
        try:
            sidecar, take = verified_sidecar(key, data)
        except ValueError as error:
            fault = f"has a damaged sidecar: {error}"
            continue
        audio = remote.read(audio_name(key, take.sha256))
        if audio is None:
            fault = "has no audio"
        elif len(audio) != take.size_bytes or hashlib.sha256(audio).hexdigest() != take.sha256:
            fault = f"does not match its checksum ({len(audio)} of {take.size_bytes} bytes came)"
        else:
            return Arrived(take, sidecar, audio)
    raise DamagedInStore(key, fault)


def offer(remote: Remote, take: Take, takes: TakeStore, *, replace: bool = False) -> Arrival:
    """Give a take to the store: audio, then the sidecar, which is created only once (``replace``: on purpose).

    Raises StorageError where the local take is not intact, DamagedInStore where the store's is not, StoreUnavailable.
    """
    audio, sidecar = _local(take, takes)
    sealed = _sealed(sidecar)
    name = audio_name(take.key, take.sha256)
    if replace:
        remote.write(name, audio)
        remote.write(sidecar_name(take.key), sealed)
        return Arrival.SENT
    standing = remote.read(sidecar_name(take.key))
    if standing is None:
        remote.write(name, audio)
        if remote.create(sidecar_name(take.key), sealed):
            return Arrival.SENT
        standing = remote.read(sidecar_name(take.key))
    if standing == sealed:
        return Arrival.THERE if remote.modified(name) is not None else _refused(take.key, "has no audio")
    try:
        other = verified_sidecar(take.key, standing or b"")[1]
    except ValueError as error:
        raise DamagedInStore(take.key, f"has a damaged sidecar: {error}") from error
    return Arrival.THERE if other.sha256 == take.sha256 else Arrival.OTHER


def _refused(key: str, how: str) -> Arrival:
    raise DamagedInStore(key, how)


def _local(take: Take, takes: TakeStore) -> tuple[bytes, bytes]:
    try:
        audio = takes.audio_path(take.key).read_bytes()
        sidecar = takes.sidecar_path(take.key).read_bytes()
    except OSError as error:
        raise StorageError(
            f"the take {take.key[:12]} cannot be read here: {error.strerror}",
            hint="make .narration/takes readable, then run again",
        ) from error
    if hashlib.sha256(audio).hexdigest() != take.sha256:
        raise StorageError(
            f"the take {take.key[:12]} is damaged here and was not sent", hint="`narrate check --takes` lists them all"
        )
    return audio, sidecar


def _sealed(sidecar: bytes) -> bytes:
    """The sidecar as the store keeps it: with its checksum in a line of its own."""
    line = sidecar.rstrip(b"\n")
    seal = {"sha256": hashlib.sha256(line).hexdigest()}
    return line + b"\n" + orjson.dumps(seal, option=orjson.OPT_APPEND_NEWLINE)


def verified_sidecar(key: str, data: bytes) -> tuple[bytes, Take]:
    """The sidecar as it lies in a project. Raises ValueError for what is not one of this key."""
    line, _, seal = data.partition(b"\n")
    try:
        expected = orjson.loads(seal)["sha256"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError("it ends early") from error
    if hashlib.sha256(line).hexdigest() != expected:
        raise ValueError("it does not match its checksum")
    take = read_sidecar(key, line)
    if content_key(take.inputs) != key:
        raise ValueError("it belongs to another key")
    return line + b"\n", take
