"""``narrate voices``: the voices that the key can speak with."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url

if TYPE_CHECKING:
    from pipeline.kugelaudio import Voice


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "voices",
        help="list the voices of the KugelAudio API",
        description="The provider's voices, with the number that `voice_id` in a manifest takes. Costs nothing.",
        epilog="example: narrate voices --language de",
    )
    parser.add_argument("--language", metavar="TAG", help="only voices that speak this language, such as de")
    parser.add_argument("--own", action="store_true", help="only the organisation's own voices, not the public ones")
    parser.add_argument("--json", action="store_true", help="as a JSON array, with every field")
    add_api_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the voices."""
    from pipeline.cli.provider import provider_client, write_json, write_table

    with provider_client(arguments.api_url) as client:
        voices = list(client.voices.iterate(arguments.language, include_public=not arguments.own))
    if arguments.json:
        write_json(voices)
    elif voices:
        write_table(("id", "name", "languages", "sex", "age", "category", "description"), [*map(_row, voices)])
    else:
        sys.stdout.write("no voices\n")
    return 0


def _row(voice: Voice) -> tuple[str, ...]:
    descriptive = (voice.sex, voice.age, voice.category)
    told = (value.value.replace("_", " ") if value is not None else "" for value in descriptive)
    return (str(voice.id), voice.name, " ".join(voice.supported_languages), *told, voice.description or "")
