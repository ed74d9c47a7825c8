"""Completion scripts for bash, zsh and fish: plain functions, so that a Tab starts no Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pipeline.cli.described import Argument, Command

_BASH = """\
# narrate completion for bash: eval "$(narrate completion bash)", or put this into a file that bash reads.
_narrate_words() {
    local each
    COMPREPLY=()
    while IFS= read -r each; do COMPREPLY+=("$each"); done
}
_narrate() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= words= only= each
    COMPREPLY=()
    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path $each" in
%(paths)s
        esac
    done
    case "$path $before" in
%(values)s
    esac
    case "$path" in
%(commands)s
    esac
    if [[ $word == -* || -n $only ]]; then
        _narrate_words < <(compgen -W "$words" -- "$word")
    else
        _narrate_words < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")
    fi
}
complete -o filenames -F _narrate narrate
"""


def bash_script(narrate: Command) -> str:
    """The script for bash: words by the command that was typed, values after a flag, files for the rest."""
    below = [command for command in narrate.all_below() if command.path]
    paths = [
        f'            "{_joined(each.path[:-1])} {each.path[-1]}") path="{_joined(each.path)}" ;;' for each in below
    ]
    values = [line for command in narrate.all_below() for line in _bash_values(command)]
    commands = [
        f'        "{_joined(each.path)}") words="{" ".join(_words(each))}" only={"1" if each.commands else ""} ;;'
        for each in narrate.all_below()
    ]
    parts = {"paths": "\n".join(paths), "values": "\n".join(values), "commands": "\n".join(commands)}
    return _BASH % parts


def _bash_values(command: Command) -> Iterator[str]:
    for flag in command.flags:
        patterns = "|".join(f'"{_joined(command.path)} {name}"' for name in flag.names)
        if flag.choices:
            reply = f'_narrate_words < <(compgen -W "{" ".join(flag.choices)}" -- "$word"); return'
        elif flag.value:
            reply = '_narrate_words < <(compgen -f -- "$word"); return' if flag.is_path else "return"
        else:
            continue
        yield f"        {patterns}) {reply} ;;"


def zsh_script(narrate: Command) -> str:
    """The script for zsh, with a description beside every word."""
    lines = [
        "#compdef narrate",
        "# narrate completion for zsh: put this into a folder of $fpath as _narrate, or eval it after compinit.",
        *(line for command in narrate.all_below() for line in _zsh_function(command)),
        'if [ "$funcstack[1]" = "_narrate" ]; then _narrate "$@"; else compdef _narrate narrate; fi',
    ]
    return "\n".join(lines) + "\n"


def _zsh_function(command: Command) -> Iterator[str]:
    name = "_".join(("_narrate", *command.path))
    yield f"{name}() {{"
    specs = [_zsh_flag(flag, each) for flag in command.flags for each in flag.names]
    if command.commands:
        specs += ["'1: :->command'", "'*:: :->rest'"]
    elif command.positional:
        last = command.positional[-1]
        specs.append(f"'*:{_zsh_text(last.value)}:{_zsh_action(last) if last.choices else '_files'}'")
    yield "    local state line"
    yield "    _arguments -C " + " ".join(specs)
    if command.commands:
        yield "    case $state in"
        described = " ".join(f"'{below.path[-1]}:{_zsh_text(below.help)}'" for below in command.commands)
        yield f"        command) local -a commands; commands=({described}); _describe command commands ;;"
        cases = "; ".join(f"{below.path[-1]}) {name}_{below.path[-1]} ;" for below in command.commands)
        yield f"        rest) case $line[1] in {cases}; esac ;;"
        yield "    esac"
    yield "}"


def _zsh_flag(flag: Argument, name: str) -> str:
    value = f":{_zsh_text(flag.value)}:{_zsh_action(flag)}" if flag.value else ""
    return f"'{name}[{_zsh_text(flag.help)}]{value}'"


def _zsh_action(argument: Argument) -> str:
    if argument.choices:
        return f"({' '.join(argument.choices)})"
    return "_files" if argument.is_path else " "


def _zsh_text(text: str) -> str:
    """Text within single quotes and brackets of a specification."""
    plain = " ".join(text.split()).replace("'", "’").replace("\\", "\\\\")
    for character in "[]:":
        plain = plain.replace(character, f"\\{character}")
    return plain


def fish_script(narrate: Command) -> str:
    """The script for fish, with a description beside every word."""
    lines = ["# narrate completion for fish: narrate completion fish > ~/.config/fish/completions/narrate.fish"]
    for command in narrate.all_below():
        lines += _fish_lines(command)
    return "\n".join(lines) + "\n"


def _fish_lines(command: Command) -> Iterator[str]:
    seen = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in command.path)
    if command.commands:
        names = " ".join(below.path[-1] for below in command.commands)
        missing = f"not __fish_seen_subcommand_from {names}"
        condition = f"{seen}; and {missing}" if seen else missing
        for below in command.commands:
            yield f"complete -c narrate -n '{condition}' -f -a {below.path[-1]} -d '{_fish_text(below.help)}'"
        return
    for flag in command.flags:
        shorts = " ".join(f"-s {name[1:]}" for name in flag.names if not name.startswith("--"))
        longs = " ".join(f"-l {name[2:]}" for name in flag.names if name.startswith("--"))
        taken = f"-x -a '{' '.join(flag.choices)}'" if flag.choices else "-r" if flag.value else ""
        parts = [f"complete -c narrate -n '{seen}'", shorts, longs, taken, f"-d '{_fish_text(flag.help)}'"]
        yield " ".join(part for part in parts if part)
    for argument in command.positional:
        if argument.choices:
            yield f"complete -c narrate -n '{seen}' -f -a '{' '.join(argument.choices)}'"


def _fish_text(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")


def _words(command: Command) -> Iterator[str]:
    yield from (below.path[-1] for below in command.commands)
    yield from (name for flag in command.flags for name in flag.names)
    yield from (choice for argument in command.positional for choice in argument.choices)


def _joined(path: tuple[str, ...]) -> str:
    return "".join(f"/{name}" for name in path)


SCRIPTS: Mapping[str, Callable[[Command], str]] = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}
"""The script of each shell."""
