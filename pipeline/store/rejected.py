"""Audio that came back short: it may have been paid for, so it is kept apart, never used as a take."""

from __future__ import annotations

import orjson

from pipeline.engines.protocol import Speech
from pipeline.store.files import write_atomically
from pipeline.store.takes import TakeStore


def keep_rejected(store: TakeStore, key: str, speech: Speech, attempt: str, fault: str) -> None:
    """Keep the audio and why it was rejected in ``.narration/rejected/<attempt>``. Raises StorageError."""
    from pipeline.store.flac import encode_flac  # noqa: PLC0415 - plans import this module and need no codec

    folder = store.folder.parent / "rejected"
    if len(speech.pcm):
        write_atomically(folder / f"{attempt}.flac", encode_flac(speech.pcm, speech.sample_rate))
    record = {
        "schema": 1,
        "key": key,
        "attempt": attempt,
        "fault": fault,
        "samples": len(speech.pcm),
        "sample_rate": speech.sample_rate,
        "request_id": speech.usage.request_id,
        "cost_cents": None if speech.usage.cost_cents is None else str(speech.usage.cost_cents),
    }
    write_atomically(folder / f"{attempt}.json", orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
