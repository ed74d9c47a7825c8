"""What the commands that ask the provider share: the key, the address, and what its failures mean."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel

    from pipeline.kugelaudio import KugelAudio


@contextmanager
def provider_client(api_url: str | None, region: str | None = None) -> Iterator[KugelAudio]:
    """A client for the length of a ``with`` block; what the API raises in it is raised with its exit code.

    Raises UsageError where no key is in the environment.
    """
    from pipeline.engines.kugelaudio.failures import told_to_the_user
    from pipeline.engines.kugelaudio.opening import require_key
    from pipeline.kugelaudio import KugelAudio

    require_key(api_url)
    with told_to_the_user(), KugelAudio(api_url=api_url, region=region) as client:
        yield client


def write_json(items: Sequence[BaseModel]) -> None:
    """A JSON array on standard output."""
    import json

    rows = [item.model_dump(mode="json") for item in items]
    sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on standard output; the last is as wide as it is."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    for row in (header, *rows):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        sys.stdout.write("  ".join([*cells, _one_line(row[-1])]).rstrip() + "\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())
