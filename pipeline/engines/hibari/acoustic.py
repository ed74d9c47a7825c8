"""The acoustic model: phonemes to sound, with the duration that the model gave each phoneme."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
from hibari import dsp
from numpy.typing import NDArray

from pipeline.engines.hibari.release import MODEL_PATH, VOCABULARY_PATH

SAMPLES_PER_UNIT = 600
"""One unit of a duration: two frames of 12.5 ms, 300 samples each."""

_DURATIONS = "/Cast_32_output_0"
_SPECTRA = ("lh", "theta", "ln", "lr", "phi")
_BIN_HZ = dsp.SR / dsp.N_FFT
_LOWEST_F0 = 40.0  # Hz; below it hibari takes a frame for unvoiced (dsp.pulses)

Matrix = NDArray[np.float32]


def _with_durations(model: bytes) -> bytes:
    """The model with its phoneme durations as a further output.

    Protobuf messages merge when their bytes are joined: these add ``graph.output`` with the tensor's name.
    """
    name = _DURATIONS.encode()
    value_info = b"\x0a" + bytes([len(name)]) + name
    graph = b"\x62" + bytes([len(value_info)]) + value_info
    return model + b"\x3a" + bytes([len(graph)]) + graph


class AcousticModel:
    """hibari's network on one thread. Its memory arena is off: it would keep the largest call's memory for good."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        model = _with_durations(MODEL_PATH.read_bytes())
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._ids: dict[str, int] = json.loads(VOCABULARY_PATH.read_text(encoding="utf-8"))

    def knows(self, phoneme: str) -> bool:
        """Whether the phoneme is in the model's alphabet."""
        return phoneme in self._ids

    def sound(
        self, phonemes: str, *, speed: float, pitch: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Sound (24 kHz), and the length in samples of each phoneme between the silent first and last.

        ``pitch`` scales the melody (1: as trained). The phonemes are ones that it knows.
        """
        ids = np.asarray([[0, *(self._ids[p] for p in phonemes), 0]], np.int64)
        wanted = [*_SPECTRA, "f0", _DURATIONS]
        outputs = self._session.run(wanted, {"ids": ids, "speed": np.asarray([speed], np.float32)})
        lh, theta, ln, lr, phi, f0 = (output[0] for output in outputs[:-1])
        if pitch != 1.0:
            lh, theta = _followed(lh, theta, f0)
            f0 = f0 * np.float32(pitch)
        return dsp.synth(lh, theta, ln, lr, phi, f0, rng), outputs[-1] * SAMPLES_PER_UNIT


def _followed(lh: Matrix, theta: Matrix, f0: NDArray[np.float32]) -> tuple[Matrix, Matrix]:
    """The harmonic filter read off at the harmonics of the trained melody, so that any melody can excite it.

    The network learnt the filter only where harmonics were; between them it holds anything. Scaling ``f0`` alone puts
    harmonics there: the level jumps by up to 8 dB and peaks pass 1.7. Interpolating the log magnitude from harmonic
    to harmonic (the phase from the nearest) keeps level and formants whatever the pitch.
    """
    frames = np.flatnonzero(f0 >= _LOWEST_F0)
    step = f0[frames] / np.float32(_BIN_HZ)
    harmonic = np.maximum(np.arange(len(lh), dtype=np.float32)[:, None] / step, np.float32(1.0))
    lower = np.floor(harmonic)
    weight = harmonic - lower
    lower *= step
    below, above = (_places(bins, frames, lh.shape) for bins in (lower, lower + step))
    magnitude, phase = lh.copy(), theta.copy()
    low = lh.take(below)
    magnitude[:, frames] = low + (lh.take(above) - low) * weight
    phase[:, frames] = theta.take(np.where(weight < 0.5, below, above))
    return magnitude, phase


def _places(bins: Matrix, frames: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """The flat index of the nearest bin of each frame in a matrix of bins by frames."""
    nearest = np.minimum(bins + np.float32(0.5), np.float32(shape[0] - 1)).astype(np.intp)
    return np.asarray(nearest * shape[1] + frames, np.intp)
