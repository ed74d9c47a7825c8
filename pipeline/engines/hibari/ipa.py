"""Standard IPA into the alphabet of the model, for pronunciations from dictionaries.

The model was trained on misaki's American English phonemes: one symbol for each diphthong and affricate, no length
marks, stress directly before the vowel. Sounds that English lacks become the nearest that it has.
"""

from __future__ import annotations

import re
import unicodedata

_VOWELS = "AIOWYiuæɑɔəɛɜɪʊʌᵊ"
_ALPHABET = frozenset(_VOWELS + "bdfhjklmnpstvwzðŋɡɹʃʒʤʧθˈˌ ")

_WRITTEN_ALIKE = str.maketrans({
    "g": "ɡ", "r": "ɹ", "ʀ": "ɹ", "ʁ": "ɹ", "ɻ": "ɹ", "ɽ": "ɹ", "ɾ": "ɹ", "'": "ˈ", "ˈ": "ˈ", ",": "ˌ",
    "ː": "", "ˑ": "", ".": "", "\u0361": "", "\u035c": "", "ʼ": "", "ʰ": "", "ʲ": "", "ʔ": "", "|": " ", "‖": " ",
})  # fmt: skip
"""Letters that mean the same to an English voice; what carries no sound of its own goes."""

_TOGETHER = {
    "tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʧ", "dʑ": "ʤ",
    "eɪ": "A", "ɛɪ": "A", "ei": "A", "aɪ": "I", "ɑɪ": "I", "ai": "I", "aʊ": "W", "ɑʊ": "W", "au": "W",
    "oʊ": "O", "əʊ": "O", "ɔʊ": "O", "ou": "O", "ɔɪ": "Y", "oɪ": "Y", "ɔi": "Y", "oi": "Y",
    "l\u0329": "ᵊl", "n\u0329": "ᵊn", "m\u0329": "ᵊm", "ɹ\u0329": "əɹ", "ɝ": "ɜɹ", "ɜɹ": "ɜɹ", "ɜ": "ɜɹ", "ɚ": "əɹ",
}  # fmt: skip
"""Several letters, one sound (or the other way round); the longest match is taken."""

_NEAREST = str.maketrans({
    "e": "ɛ", "a": "ɑ", "ɒ": "ɑ", "o": "O", "ɐ": "ə", "ɨ": "ɪ", "ᵻ": "ɪ", "y": "u", "ʏ": "ʊ", "ø": "ɜ", "œ": "ɜ",
    "ɯ": "u", "ʉ": "u", "ɤ": "ʌ", "ɵ": "ə", "ɘ": "ə", "ɞ": "ɜ", "ɶ": "ɑ",
    "x": "k", "χ": "k", "q": "k", "c": "k", "ç": "ʃ", "ɕ": "ʃ", "ʂ": "ʃ", "ʑ": "ʒ", "ʐ": "ʒ", "ɣ": "ɡ", "ɟ": "ʤ",
    "β": "v", "ʋ": "v", "ɸ": "f", "ɫ": "l", "ɭ": "l", "ɬ": "l", "ʎ": "l", "ɱ": "m", "ɲ": "n", "ɳ": "n", "ɴ": "n",
    "ɦ": "h", "ħ": "h", "ɥ": "w", "ɰ": "w", "ʍ": "w", "ʈ": "t", "ɖ": "d", "ʦ": "s", "ʣ": "z",
})  # fmt: skip
_TOGETHER_PATTERN = re.compile("|".join(map(re.escape, sorted(_TOGETHER, key=len, reverse=True))))
_STRESSED = re.compile(f"([ˈˌ]+)([^{_VOWELS}ˈˌ ]*)(?=[{_VOWELS}])")


def model_phonemes(ipa: str) -> str:
    """The pronunciation in the model's alphabet: ``/ˈkuːɡl̩/`` → ``kˈuɡᵊl``; empty where nothing can be said."""
    plain = unicodedata.normalize("NFD", ipa.strip().strip("/[]")).translate(_WRITTEN_ALIKE)
    joined = _TOGETHER_PATTERN.sub(lambda m: _TOGETHER[m.group()], plain).translate(_NEAREST)
    sounds = "".join(sound for sound in joined if sound in _ALPHABET)
    stressed = _STRESSED.sub(lambda m: m.group(2) + m.group(1)[0], sounds)
    return " ".join(stressed.split())
