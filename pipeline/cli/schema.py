"""``narrate schema``: the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import argparse
import json
import sys

from pipeline.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "schema",
        help="print the JSON Schema of project.yaml",
        description="Print the JSON Schema of project.yaml, for editors that complete and check as you type.",
        epilog="example: narrate schema > project.schema.json",
    )
    parser.add_argument("--markdown", action="store_true", help="print the manifest's reference for people instead")
    parser.add_argument(
        "--commands", action="store_true", help="print the reference of all commands for people instead"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from pipeline.project.reference import manifest_reference
    from pipeline.project.schema import manifest_schema

    if arguments.commands:
        from pipeline.cli.described import described
        from pipeline.cli.main import build_parser
        from pipeline.cli.reference import command_reference

        sys.stdout.write(command_reference(described(build_parser())))
        return 0
    if arguments.markdown:
        sys.stdout.write(manifest_reference())
        return 0
    sys.stdout.write(json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
