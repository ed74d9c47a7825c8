"""Language tags: the shape of BCP 47 (RFC 5646, section 2.1), checked and written in canonical case."""

from __future__ import annotations

import re

_TAG = re.compile(
    r"""(?P<language>[A-Za-z]{2,3})
        (?:-(?P<script>[A-Za-z]{4}))?
        (?:-(?P<region>[A-Za-z]{2}|[0-9]{3}))?
        (?P<rest>(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*
                 (?:-[0-9A-WYZa-wyz](?:-[A-Za-z0-9]{2,8})+)*
                 (?:-[xX](?:-[A-Za-z0-9]{1,8})+)?)""",
    re.VERBOSE,
)

_NAMES = {
    "arabic": "ar",
    "chinese": "zh",
    "deutsch": "de",
    "dutch": "nl",
    "english": "en",
    "español": "es",
    "français": "fr",
    "french": "fr",
    "german": "de",
    "italian": "it",
    "italiano": "it",
    "japanese": "ja",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "turkish": "tr",
}


def canonical_language(tag: str) -> str:
    """``tag`` in the case that RFC 5646, section 2.1.1 recommends: ``en``, ``de-AT``, ``zh-Hant-TW``.

    Raises ValueError where ``tag`` has not the shape of a language tag; its text is a suggestion ("did you mean
    'en-US'?") or empty. Whether the language exists is not looked up: engines declare what they can speak.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise ValueError(_suggestion(tag))
    parts = [match["language"].lower()]
    if match["script"]:
        parts.append(match["script"].title())
    if match["region"]:
        parts.append(match["region"].upper())
    return "-".join(parts) + match["rest"].lower()


def _suggestion(tag: str) -> str:
    other = _NAMES.get(tag.strip().lower()) or tag.strip().replace("_", "-").partition(".")[0]
    return f"did you mean '{canonical_language(other)}'?" if other != tag and _TAG.fullmatch(other) else ""
