"""``narrate completion``: a script that lets a shell complete commands, flags and their values."""

from __future__ import annotations

import argparse
import sys

from pipeline.cli.arguments import Commands

_EPILOG = """\
examples:
  narrate completion bash > ~/.local/share/bash-completion/completions/narrate
  narrate completion zsh > ~/.zfunc/_narrate
  narrate completion fish > ~/.config/fish/completions/narrate.fish
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "completion",
        help="print a completion script for your shell",
        description="Print a script by which bash, zsh or fish completes commands, flags and values.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="which shell")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    from pipeline.cli.described import described
    from pipeline.cli.main import build_parser
    from pipeline.cli.shells import SCRIPTS

    sys.stdout.write(SCRIPTS[arguments.shell](described(build_parser())))
    return 0
