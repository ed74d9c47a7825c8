"""The tags that engines interpret, and that therefore stay in the text: ``<break/>``, ``<spell>``, ``<prosody>``."""

from __future__ import annotations

import re

ENGINE_TAG = re.compile(r"</?(?:break|spell|prosody)\b[^<>]{0,80}>", re.IGNORECASE)
"""As the script knows them (``pipeline.script.words``, which stands further down the road); a test compares them."""


def is_only_tags(text: str) -> bool:
    """Whether there is nothing to say in ``text`` but engine tags."""
    return "<" in text and not ENGINE_TAG.sub("", text).strip()
