"""Audio that came back short: it may have been paid for, so it is kept apart, never used as a take."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import orjson

from pipeline.engines.protocol import Speech, Usage
from pipeline.store.files import storage_error, write_atomically
from pipeline.store.takes import TakeStore


def keep_rejected(store: TakeStore, key: str, speech: Speech, attempt: str, fault: str) -> None:
    """Keep the audio and why it was rejected in ``.narration/rejected/<attempt>``. Raises StorageError."""
    from pipeline.store.flac import encode_flac  # noqa: PLC0415 - plans import this module and need no codec

    folder = _folder(store)
    if len(speech.pcm):
        write_atomically(folder / f"{attempt}.flac", encode_flac(speech.pcm, speech.sample_rate))
    record = {
        "schema": 1,
        "key": key,
        "attempt": attempt,
        "fault": fault,
        "samples": len(speech.pcm),
        "sample_rate": speech.sample_rate,
        "audio_seconds": speech.usage.audio_seconds,
        "characters": speech.usage.characters,
        "request_id": speech.usage.request_id,
        "cost_cents": None if speech.usage.cost_cents is None else str(speech.usage.cost_cents),
    }
    write_atomically(folder / f"{attempt}.json", orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def read_rejected(store: TakeStore, attempt: str) -> Usage | None:
    """What the service said of an answer that was kept apart; None where there is no such record that can be read.

    Raises StorageError.
    """
    path = _folder(store) / f"{attempt}.json"
    try:
        record = orjson.loads(path.read_bytes())
        cents = record["cost_cents"]
        return Usage(
            audio_seconds=float(record.get("audio_seconds", record["samples"] / record["sample_rate"])),
            characters=int(record.get("characters", 0)),
            cost_cents=None if cents is None else Decimal(cents),
            request_id=record["request_id"],
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(path, error, "read") from error
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        return None


def _folder(store: TakeStore) -> Path:
    return store.folder.parent / "rejected"
