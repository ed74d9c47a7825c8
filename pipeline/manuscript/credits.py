"""Opening and closing credits as chapters before and after the book, spoken by the default voice."""

from __future__ import annotations

from dataclasses import replace

from pipeline.manuscript.model import Block, BlockKind, Chapter, Manuscript, Source
from pipeline.manuscript.sources import shown_name
from pipeline.project.credits import filled
from pipeline.project.models import Project

OPENING_SLUG, CLOSING_SLUG = "opening-credits", "closing-credits"
_TITLES = {"opening": "Opening credits", "closing": "Closing credits"}


def with_credits(manuscript: Manuscript, project: Project) -> Manuscript:
    """The manuscript between the credits that the manifest asks for; as it is where it asks for none."""
    slugs = {chapter.slug for chapter in manuscript.chapters}
    before = _credit(project, "opening", project.credits.opening, OPENING_SLUG, slugs)
    after = _credit(project, "closing", project.credits.closing, CLOSING_SLUG, slugs)
    return replace(manuscript, chapters=(*before, *manuscript.chapters, *after))


def _credit(project: Project, key: str, template: str | None, slug: str, taken: set[str]) -> tuple[Chapter, ...]:
    if template is None:
        return ()
    source = Source(shown_name(project, project.manifest), element=f"credits.{key}")
    paragraphs = filled(template, project.credit_values).split("\n\n")
    blocks = tuple(
        Block(BlockKind.PARAGRAPH, text, source)
        for text in (" ".join(paragraph.split()) for paragraph in paragraphs)
        if text
    )
    while slug in taken:
        slug += "-of-the-book"
    return (Chapter(slug, _TITLES[key], blocks, source),)
