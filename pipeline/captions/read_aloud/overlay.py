"""Media overlay documents: which element is heard when (EPUB 3.3, section 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline.captions.read_aloud.clips import clock_value


@dataclass(frozen=True, slots=True)
class Container:
    """A structure that holds spoken text (a section, a list): its element's id and ``epub:type``."""

    element_id: str
    types: str


@dataclass(frozen=True, slots=True)
class Par:
    """An element and the stretch of an audio file, in ms, that speaks it; ``within``: from the outermost in."""

    element_id: str
    audio: str
    begin_ms: int
    end_ms: int
    within: tuple[Container, ...] = ()


def write_overlay(document: str, types: str, pars: Sequence[Par]) -> Iterator[str]:
    """The SMIL for a document, whose name is relative to the overlay's; ``pars`` are in reading order.

    Pars have no ids of their own: EPUB 3.3, 9.2.2.4 asks for none, nothing refers to them, and EPUBCheck compares every
    id of a file with every other one.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n'
    yield f"<body epub:textref={quoteattr(document)}{_types(types)}>\n"
    inside: tuple[Container, ...] = ()
    sequences = 0
    for par in pars:
        shared = _shared(inside, par.within)
        yield "</seq>\n" * (len(inside) - shared)
        for container in par.within[shared:]:
            sequences += 1
            target = quoteattr(f"{document}#{container.element_id}")
            yield f'<seq id="seq-{sequences}" epub:textref={target}{_types(container.types)}>\n'
        inside = par.within
        yield f"<par><text src={quoteattr(f'{document}#{par.element_id}')}/>"
        yield f'<audio src={quoteattr(par.audio)} clipBegin="{clock_value(par.begin_ms)}" '
        yield f'clipEnd="{clock_value(par.end_ms)}"/></par>\n'
    yield "</seq>\n" * len(inside)
    yield "</body>\n</smil>\n"


def duration_ms(pars: Sequence[Par]) -> int:
    """How long an overlay lasts: the sum of its clips."""
    return sum(par.end_ms - par.begin_ms for par in pars)


def _shared(one: Sequence[Container], other: Sequence[Container]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left.element_id != right.element_id:
            break
        count += 1
    return count


def _types(types: str) -> str:
    return f" epub:type={quoteattr(types)}" if types else ""
