"""The command reference for people, from the same parsers that read the commands (``narrate schema --commands``)."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.cli.described import Argument, Command

_INTRODUCTION = """\
# The commands

Every command with every flag. This page is generated: `narrate schema --commands > docs/commands.md`; `narrate COMMAND
--help` prints the same. `PROJECT` is a folder with a `project.yaml`, or a manifest; without one, the current folder.

Exit codes, the first that applies: 130 interrupted or terminated (run again to go on) · 5 the key is refused ·
4 stopped by budget or empty wallet (run again to go on) · 8 storage: disk full, read-only, store not durable ·
7 another run holds the lock · 3 segments failed, the rest is kept · 6 a check failed · 2 wrong usage, manifest,
manuscript or voice · 1 internal error · 0 done.
"""


def command_reference(narrate: Command) -> str:
    """The reference as Markdown: the list of commands, then a section for each."""
    commands = [command for command in narrate.all_below() if command.path and not command.commands]
    listed = [f"| [`{_name(command)}`](#{_anchor(command)}) | {_cell(command.help)} |" for command in commands]
    table = "\n".join(["| command | what it does |", "|---|---|", *listed])
    return "\n".join([_INTRODUCTION, table, "", *map(_section, commands)])


def _section(command: Command) -> str:
    return "\n".join([f"## `{_name(command)}`", "", *_said(command)])


def _said(command: Command) -> Iterator[str]:
    yield f"{command.description or command.help}\n"
    positional = " ".join(_in_usage(argument) for argument in command.positional)
    yield f"    {_name(command)} [flags] {positional}".rstrip() + "\n"
    rows = [_row(argument) for argument in command.arguments if "--help" not in argument.names]
    if rows:
        yield "\n".join(["| argument | what it says |", "|---|---|", *rows, ""])
    examples = [line.strip() for line in command.epilog.splitlines()]
    examples = [line.removeprefix("examples:").removeprefix("example:").strip() for line in examples]
    if any(examples):
        yield "\n".join([*(f"    {line}" for line in examples if line), ""])


def _row(argument: Argument) -> str:
    names = ", ".join(f"`{name}`" for name in argument.names) or f"`{argument.value}`"
    taken = argument.choices or ((argument.value,) if argument.names and argument.value else ())
    value = " " + " \\| ".join(f"`{choice}`" for choice in taken) if argument.names and taken else ""
    choices = f" ({', '.join(f'`{choice}`' for choice in argument.choices)})" if not argument.names and taken else ""
    return f"| {names}{value} | {_cell(argument.help)}{choices} |"


def _in_usage(argument: Argument) -> str:
    value = f"{argument.value}…" if argument.several else argument.value
    return value if argument.required else f"[{value}]"


def _name(command: Command) -> str:
    return " ".join(("narrate", *command.path))


def _anchor(command: Command) -> str:
    return "-".join(("narrate", *command.path))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
