"""Text of a manuscript inside GitHub's and GitLab's Markdown: it stays text, whatever it says."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&@])")
"""What makes markup, links, mentions or issue numbers within a line."""
_REFERENCE = re.compile(r"(?<=[@#!~%$&^])(?=\w)|(?<=\bGH)(?=-\d)|(?<=\bwww)(?=\.)|(?<=:)(?=//)", re.IGNORECASE)
"""Where a mention, a reference or a bare link would begin. Both servers look for these in the finished page, so that
an escape does not stop them: only another character within does."""
_JOINER = "\N{WORD JOINER}"
MARKS = "\x02\x03\x04\x05"
"""Control characters that pass, for callers that put markup of their own in their place."""


def escaped(text: str) -> str:
    """``text`` in one line that Markdown, HTML, mentions, references and links cannot be made of."""
    plain = "".join(character if character.isprintable() or character in MARKS else " " for character in text)
    safe = _SPECIAL.sub(r"\\\1", _REFERENCE.sub(_JOINER, plain))
    return safe.replace("\\<", "&lt;").replace("\\@", "&#64;").replace("\\&", "&amp;")
