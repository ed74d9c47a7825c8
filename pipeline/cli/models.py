"""``narrate models``: the models that speak, with their limits."""

from __future__ import annotations

import argparse

from pipeline.cli.arguments import Commands, add_api_url


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "models",
        help="list the models of the KugelAudio API",
        description="The provider's models: their names, and how many characters they take at once. Costs nothing.",
        epilog="example: narrate models --json",
    )
    parser.add_argument("--json", action="store_true", help="as a JSON array, with every field")
    add_api_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the models."""
    from pipeline.cli.provider import provider_client, write_json, write_table

    with provider_client(arguments.api_url) as client:
        models = client.models.list()
    if arguments.json:
        write_json(models)
        return 0
    rows = [
        (model.id, f"{model.max_input_length:,}", f"{model.sample_rate:,} Hz", model.parameters, model.description)
        for model in models
    ]
    write_table(("id", "characters", "sample rate", "size", "description"), rows)
    return 0
