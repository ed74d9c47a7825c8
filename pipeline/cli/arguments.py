"""Arguments that several commands share, and how things are shown."""

from __future__ import annotations

import argparse
import re
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from pipeline.project.engines import EngineName

ENGINES = tuple(map(str, EngineName))

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name for it
"""What `add_subparsers` returns."""


_CENTS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)


def add_project(parser: argparse.ArgumentParser) -> None:
    """PROJECT: a folder or a manifest."""
    parser.add_argument(
        "project",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="PROJECT",
        help="a folder with a project.yaml, or a manifest (default: the current folder)",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """``--engine``: instead of the manifest's."""
    parser.add_argument("--engine", choices=ENGINES, help="use this engine instead of the manifest's")


def add_api_url(parser: argparse.ArgumentParser) -> None:
    """``--api-url``: where the paid engine's API is. A flag, never a manifest's key, since the API key goes there."""
    parser.add_argument(
        "--api-url",
        metavar="URL",
        help="the KugelAudio API, such as http://127.0.0.1:8765 of `narrate serve` (default: KUGELAUDIO_API_URL)",
    )


def add_spending(parser: argparse.ArgumentParser) -> None:
    """``--max-cost`` and ``--allow-unknown-price``: what a paid engine may spend."""
    parser.add_argument(
        "--max-cost",
        type=cents,
        metavar="CENTS",
        help="what this run may cost, in EUR cents (500 is 5 EUR); the lower of this and the manifest's budget holds",
    )
    parser.add_argument(
        "--allow-unknown-price", action="store_true", help="spend although `rates` does not have the model's price"
    )


def cents(text: str) -> Decimal:
    """An amount of EUR cents on the command line, written as in the manifest."""
    if not _CENTS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text} is not an amount in EUR cents, such as 500 or 7.5")
    return Decimal(text)


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--store``: a flag, or NARRATE_STORE, since whoever edits a manifest must not send takes elsewhere."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="the store that machines share: a folder, s3://…, gs://… or az://… (default: NARRATE_STORE)",
    )


def shown_duration(seconds: float) -> str:
    """Seconds as people say them: ``9 s``, ``4 min 05 s``, ``11 h 02 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def shown_size(size_bytes: int) -> str:
    """Bytes as people say them, in powers of 1,000."""
    if size_bytes < 1_000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:.0f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"
