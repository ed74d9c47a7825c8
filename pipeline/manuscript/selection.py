"""Which parts of a source are spoken: ``include`` and ``exclude``, and what is left out without them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.manuscript.model import Skip, SkipReason
from pipeline.manuscript.passages import Part
from pipeline.manuscript.slugs import chapter_slug, numbered

_LISTED = 12


@dataclass(frozen=True, slots=True)
class NamedPart:
    """A part with its slug, unique in its source."""

    slug: str
    part: Part


@dataclass(frozen=True, slots=True)
class Selection:
    """What is spoken, what is not, and the names that fit nothing."""

    chosen: tuple[NamedPart, ...]
    left_out: tuple[Skip, ...]
    unknown: tuple[str, ...]


def name_parts(parts: Sequence[Part], *, number: bool) -> list[NamedPart]:
    """Parts with their slugs. ``number``: tell equal ones apart, chapters before front and back matter."""
    slugs = [chapter_slug(part.title) for part in parts]
    if number:
        order = sorted(range(len(parts)), key=lambda at: parts[at].matter is not None)
        unique = dict(zip(order, numbered(slugs[at] for at in order), strict=True))
        slugs = [unique[at] for at in range(len(parts))]
    return [NamedPart(slug, part) for slug, part in zip(slugs, parts, strict=True)]


def select(parts: Sequence[NamedPart], include: Sequence[str] | None, exclude: Sequence[str]) -> Selection:
    """Choose among ``parts``.

    Names are slugs, titles, element ids, or documents (with or without suffix), whatever their case. A name
    stands for the parts within a part, too. Without ``include``, everything but front and back matter is chosen;
    with it, exactly what it names. ``unknown`` holds a message for each name that fits nothing.
    """
    wanted: set[int] | None = None
    unknown: list[str] = []
    if include is not None:
        wanted = set()
        for name in include:
            found = _named(parts, name)
            wanted |= found
            unknown += [] if found else [_not_found("include", name, parts)]
    dropped: set[int] = set()
    for name in exclude:
        found = _named(parts, name)
        dropped |= found
        unknown += [] if found else [_not_found("exclude", name, parts)]
    chosen: list[NamedPart] = []
    left_out: list[Skip] = []
    for at, named in enumerate(parts):
        reason = _reason(named.part, at, wanted, dropped)
        if reason is None and not named.part.is_silent:
            chosen.append(named)
        else:
            left_out += _left_out(named.part, reason)
    return Selection(tuple(_with_lone_headings(chosen)), tuple(left_out), tuple(unknown))


def _reason(part: Part, at: int, wanted: set[int] | None, dropped: set[int]) -> SkipReason | None:
    if at in dropped:
        return SkipReason.NOT_SELECTED
    if wanted is not None:
        if at in wanted:
            return None
        return SkipReason.NOT_SELECTED if part.matter is None else part.matter.reason
    return None if part.matter is None else part.matter.reason


def _named(parts: Sequence[NamedPart], name: str) -> set[int]:
    """The parts that a name means. A document's name means its matter only where there is nothing else in it."""
    key = name.strip().casefold()
    exact = {at for at, named in enumerate(parts) if key in {named.slug, named.part.title.casefold()}}
    exact = exact or {at for at, named in enumerate(parts) if key in map(str.casefold, named.part.names)}
    spoken = {at for at in exact if parts[at].part.matter is None}
    found = spoken or exact
    for at in sorted(found):
        for below in range(at + 1, len(parts)):
            if parts[below].part.depth <= parts[at].part.depth:
                break
            if parts[below].part.matter is None:
                found = found | {below}
    return found


def _not_found(key: str, name: str, parts: Sequence[NamedPart]) -> str:
    names = {name: None for named in parts for name in (named.slug, named.part.title, *named.part.names)}
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    slugs = [named.slug for named in parts]
    more = f" and {len(slugs) - _LISTED} more" if len(slugs) > _LISTED else ""
    return f"{key}: '{name}' is in none of its parts{hint} (parts: {', '.join(slugs[:_LISTED])}{more})"


def _left_out(part: Part, reason: SkipReason | None) -> Iterable[Skip]:
    """One skip for all that would have been spoken, besides the skips within."""
    text = "\n".join(block.text for block in part.blocks if block.text)
    if text and reason is not None:
        yield Skip(text, reason, part.source)
    yield from part.skips


def _with_lone_headings(parts: Sequence[NamedPart]) -> list[NamedPart]:
    """The heading of a part that has no text of its own opens the chapter after it, if that lies within the part."""
    merged: list[NamedPart] = []
    waiting: NamedPart | None = None
    for named in parts:
        is_lone = not named.part.has_body
        current = named
        if waiting is not None and waiting.part.depth < named.part.depth:
            passages = (*waiting.part.passages, *named.part.passages)
            current = replace(named, part=replace(named.part, passages=passages))
        elif waiting is not None:
            merged.append(waiting)
        waiting = current if is_lone else None
        if not is_lone:
            merged.append(current)
    return merged if waiting is None else [*merged, waiting]
