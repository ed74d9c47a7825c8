"""Engine markup in a text: the stretches that no cut may part (KugelAudio API, "Text")."""

from __future__ import annotations

from pipeline.script.words import ENGINE_TAG

_PAIRED = ("spell", "prosody")


def engine_elements(text: str) -> list[tuple[int, int]]:
    """Outermost ``<spell>…</spell>`` and ``<prosody>…</prosody>`` elements and single tags, as offsets, in order.

    A tag without its partner stands for itself alone.
    """
    if "<" not in text:
        return []
    open_tags: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    for tag in ENGINE_TAG.finditer(text):
        found.append(tag.span())
        name = tag.group().strip("</>").split()[0].strip("/").lower()
        if name not in _PAIRED or tag.group().endswith("/>"):
            continue
        if not tag.group().startswith("</"):
            open_tags.append((name, tag.start()))
        elif any(name == opened for opened, _ in open_tags):
            while open_tags:
                opened, start = open_tags.pop()
                if opened == name:
                    found.append((start, tag.end()))
                    break
    return _outermost(found)


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that lie in no other, in order; they never overlap otherwise."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
