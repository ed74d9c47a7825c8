"""What is wrong with a command line, in one line, and the next step in another."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from pipeline.project.wording import did_you_mean, printable

_CHOICE = re.compile(r"argument (?P<name>.+?): invalid choice: '(?P<got>.*)' \(choose from (?P<known>.*)\)", re.DOTALL)
_VALUE = re.compile(r"argument (?P<name>.+?): invalid (?P<kind>\w+) value: '(?P<got>.*)'", re.DOTALL)
_MISSING = re.compile(r"the following arguments are required: (.*)")
_UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """A parser, and those of its commands, that end with exit code 2, what is wrong and what to do about it."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does, but what a command does not know is told by that command, which knows its options."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"{_UNKNOWN}{' '.join(rest)}")
        return known, rest

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and the next step."""
        said, nearest = self._told(message)
        kinds = "".join(f"the {name.lower()}s" for name in self._commands()) or "its options"
        step = nearest or f"`{self.prog} --help` lists {kinds}"
        self.exit(2, f"{self.prog}: {printable(said)}\n  {printable(step)}\n")

    def _told(self, message: str) -> tuple[str, str]:
        """What is wrong, and the nearest word that would do, if any."""
        if message.startswith(_UNKNOWN):
            return self._unknown(message.removeprefix(_UNKNOWN))
        if choice := _CHOICE.fullmatch(message):
            return self._no_choice(choice["name"], choice["got"], choice["known"].replace("'", "").split(", "))
        if missing := _MISSING.fullmatch(message):
            return f"{_article(missing[1])} is missing", ""
        if value := _VALUE.fullmatch(message):
            kind = "a whole number" if value["kind"] == "int" else "a number"
            return f"{value['name']}: '{value['got']}' is not {kind}", ""
        return message.removeprefix("argument "), ""

    def _unknown(self, words: str) -> tuple[str, str]:
        first = words.split(" ", 1)[0].partition("=")[0]
        if first.startswith("-"):
            return f"there is no option {first}", did_you_mean(first, self._options())
        return f"there is nothing to do with '{words}'", ""

    def _no_choice(self, name: str, got: str, known: list[str]) -> tuple[str, str]:
        nearest = did_you_mean(got, known)
        if name in self._commands():
            return f"there is no {name.lower()} '{got}'", nearest
        return f"{name}: got '{got}'; expected one of {', '.join(known)}", nearest

    def _options(self) -> Iterator[str]:
        for action in self._actions:
            yield from action.option_strings

    def _commands(self) -> set[str]:
        """What the words that choose among this parser's own parsers are called (COMMAND)."""
        actions = (each for each in self._actions if isinstance(each, argparse._SubParsersAction))  # noqa: SLF001 - no public name
        return {str(action.metavar) for action in actions}


def _article(names: str) -> str:
    """``COMMAND`` as *a command*, ``ACTION`` as *an action*; options and several names as they are."""
    if not names.isupper() or not names.isalpha():
        return names
    return f"{'an' if names[0] in 'AEIOU' else 'a'} {names.lower()}"
