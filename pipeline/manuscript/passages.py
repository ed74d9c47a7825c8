"""What the readers of each format hand over: passages in reading order, and the parts they are cut into."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.manuscript.model import Block, BlockKind, Skip, SkipReason, Source


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that a navigation entry points at: ``element_id`` in the document being read."""

    element_id: str


@dataclass(frozen=True, slots=True)
class Matter:
    """A stretch of front or back matter, left out unless it is asked for: what it is, and the id it goes by."""

    kind: str
    reason: SkipReason
    element_id: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class Passage:
    """A block, a skip or an anchor in reading order; ``matter`` where it lies in front or back matter."""

    content: Block | Skip | Anchor
    matter: Matter | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter to be: selected, merged with its neighbour or left out once all parts of a source are known.

    ``names`` is what ``include`` and ``exclude`` may call it besides its slug and title; ``depth`` tells a part
    from the parts within it (heading level or depth in the navigation); ``own_title`` is false where the title
    was made up from a file name.
    """

    title: str
    passages: tuple[Passage, ...]
    source: Source
    depth: int
    names: tuple[str, ...] = ()
    own_title: bool = True
    matter: Matter | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is spoken."""
        return tuple(passage.content for passage in self.passages if isinstance(passage.content, Block))

    @property
    def skips(self) -> tuple[Skip, ...]:
        """What is not spoken."""
        return tuple(passage.content for passage in self.passages if isinstance(passage.content, Skip))

    @property
    def has_body(self) -> bool:
        """Whether there is more to say than headings."""
        return any(block.kind is BlockKind.PARAGRAPH for block in self.blocks)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to say at all."""
        return all(block.kind is BlockKind.SCENE_BREAK for block in self.blocks)
