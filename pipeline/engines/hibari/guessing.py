"""Which words the embedded voice has to guess: those that its lexicon does not know."""

from __future__ import annotations

from collections.abc import Iterable

from hibari.g2p import Context
from hibari.g2p.token import Tok

from pipeline.engines.hibari.phonemes import Reader


def guessed_words(words: Iterable[str]) -> frozenset[str]:
    """Those of the ``words`` whose sound no lexicon gives, neither as written nor by a known stem.

    A small network guesses them from their letters; names of other tongues come out as an English reader who has
    never heard them would say them. Loads the lexicon (half a second), no voice.
    """
    lexicon = Reader().lexicon
    return frozenset(
        word for word in words if lexicon(Tok(word, "NNP" if word[:1].isupper() else "NN", ""), Context())[0] is None
    )
