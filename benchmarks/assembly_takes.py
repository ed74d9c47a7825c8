"""The takes of ``assembly.py``'s book, where processes that make its chapters find them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.store.flac import decode_flac


def take_in(folder: Path, digests: Mapping[str, str], key: str) -> NDArray[np.int16]:
    """The samples of a take. Raises ValueError where its SHA-256 is another."""
    data = (folder / f"{key}.flac").read_bytes()
    if hashlib.sha256(data).hexdigest() != digests[key]:
        raise ValueError(f"take {key} is damaged")
    return decode_flac(data)
