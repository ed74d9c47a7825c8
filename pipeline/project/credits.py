"""Opening and closing credits: text of the manifest, with the book's own words in braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from pipeline.project.fields import text
from pipeline.project.parts import Part

_Text = Annotated[str, text(2000, lines=True)]
_PLACE = re.compile(r"\{([^{}]*)\}")


class Credits(Part):
    """What is said before and after the book, each as a chapter of its own. `{title}`, `{author}`, `{narrator}`,
    `{publisher}`, `{series}` and `{date}` stand for the manifest's values."""

    opening: Annotated[_Text | None, Field(description="Said before the first chapter: title, author, narrator.")] = (
        None
    )
    closing: Annotated[_Text | None, Field(description="Said after the last chapter, such as: The end.")] = None


def credit_problem(template: str, values: Mapping[str, str | None]) -> str | None:
    """What is wrong with a credit's braces; None where every one has a value."""
    for name in _PLACE.findall(template):
        if name not in values:
            return f"only {', '.join(f'{{{known}}}' for known in values)} in braces"
        if not values[name]:
            return f"a value for {name} in the manifest, since this says {{{name}}}"
    return None


def filled(template: str, values: Mapping[str, str | None]) -> str:
    """The credit as it is spoken."""
    return _PLACE.sub(lambda found: values[found[1]] or "", template)
