"""Which words end a sentence."""

from __future__ import annotations

import numpy as np

from pipeline.engines.protocol import WordTimes
from pipeline.script.sentences import sentences


def sentence_ends(text: str, words: WordTimes, language: str) -> set[int]:
    """The rows of ``words`` after which a sentence of ``text`` ends."""
    ends = np.array([end for _, end in sentences(text, language)], dtype=np.int64)
    rows = np.searchsorted(words.char_end, ends, side="right") - 1
    return set(rows.tolist()) - {-1}
