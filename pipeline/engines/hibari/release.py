"""Which hibari this is, told without loading it."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "hibari-tts"
REVISION = "2"
"""Of our own part in the speech (cuts, pauses, pitch, word times): to be raised when the same order gives other audio
or other word times."""


def _assets() -> Path:
    spec = importlib.util.find_spec("hibari")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("hibari-tts is not installed; it is a dependency of narrate: reinstall narrate")
    return Path(spec.origin).parent / "assets"


MODEL_PATH = _assets() / "hibari.onnx"
VOCABULARY_PATH = _assets() / "vocab.json"


@cache
def model_sha256() -> str:
    """The SHA-256 of the bundled voice's model (8 MB, some 5 ms)."""
    return hashlib.sha256(MODEL_PATH.read_bytes()).hexdigest()


@cache
def numeric_backend() -> str:
    """What computes the sound and so decides its bytes: FFT back end, NumPy, ONNX Runtime (major.minor)."""
    fft = f"scipy-{_minor('scipy')}" if importlib.util.find_spec("scipy") else "numpy"
    return f"{fft} numpy-{_minor('numpy')} onnxruntime-{_minor('onnxruntime')}"


def version() -> str:
    """The version of hibari, with our revision."""
    return f"{metadata.version(DISTRIBUTION)}+{REVISION}"


def _minor(distribution: str) -> str:
    return ".".join(metadata.version(distribution).split(".")[:2])
