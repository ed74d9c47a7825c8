"""The commands as data, taken from their parsers: what shell completion and the command reference are made of."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Argument:
    """A flag (with its ``names``) or something positional (without). ``value`` is what it is called in the usage,
    empty for a flag that takes none; ``several``: any number of values; ``is_path``: a file or folder."""

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    help: str
    several: bool
    required: bool
    is_path: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or one within a command: ``path`` is ("dictionaries", "push")."""

    path: tuple[str, ...]
    help: str
    description: str
    epilog: str
    arguments: tuple[Argument, ...]
    commands: tuple[Command, ...]

    @property
    def flags(self) -> tuple[Argument, ...]:
        """The arguments that begin with a hyphen."""
        return tuple(argument for argument in self.arguments if argument.names)

    @property
    def positional(self) -> tuple[Argument, ...]:
        """The arguments that do not."""
        return tuple(argument for argument in self.arguments if not argument.names)

    def all_below(self) -> Iterator[Command]:
        """This command and those within it, in order."""
        yield self
        for command in self.commands:
            yield from command.all_below()


def described(parser: argparse.ArgumentParser, path: tuple[str, ...] = (), told: str = "") -> Command:
    """The parser and all below it as data; ``told`` is its line in the list of commands."""
    arguments, commands = [], []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            lines = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            commands += [described(below, (*path, name), lines.get(name, "")) for name, below in action.choices.items()]
        elif action.help != argparse.SUPPRESS:
            arguments.append(_argument(action))
    return Command(path, told, parser.description or "", parser.epilog or "", tuple(arguments), tuple(commands))


def _argument(action: argparse.Action) -> Argument:
    takes_value = action.nargs != 0
    choices = tuple(map(str, action.choices or ()))
    value = action.metavar or action.dest.upper()
    return Argument(
        names=tuple(action.option_strings),
        value="" if not takes_value else str(value) if isinstance(value, str) else " ".join(value),
        choices=choices,
        help=(action.help or "").replace("%%", "%"),
        several=action.nargs in ("*", "+"),
        required=action.required,
        is_path=action.type is Path,
    )
