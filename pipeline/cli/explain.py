"""``narrate explain``: which value of a setting holds, and where it comes from."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.arguments import Commands, add_api_url, add_engine, add_store

if TYPE_CHECKING:
    from pipeline.project.explained import Setting
    from pipeline.project.models import Project

_RUN_DESCRIPTIONS = {
    "api_key": "The key of the paid engine; it never stands in a manifest, and is never shown.",
    "api_url": "Where the paid engine's API is; never from a manifest, since the key goes there.",
    "out": "Where the outputs are put.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A setting with its value in words and where that comes from."""

    name: str
    value: str
    source: str
    default: str
    description: str
    changed: bool


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "explain",
        help="say which value of a setting holds, and where it comes from",
        description="A flag counts before the environment, that before the manifest, that before the default. Without "
        "a SETTING: all that differ from the default.",
        epilog="examples: narrate explain pauses.scene_ms projects/lighthouse\n"
        "          narrate explain voices --engine kugelaudio",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "setting", nargs="?", metavar="SETTING", help="such as pauses.scene_ms, voices.narrator.speed or outputs"
    )
    parser.add_argument(
        "project",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="PROJECT",
        help="a folder with a project.yaml, or a manifest (default: the current folder)",
    )
    add_engine(parser)
    add_api_url(parser)
    add_store(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="as it would be given to render")
    parser.add_argument("--json", action="store_true", help="as a JSON array")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain the setting, or what was set."""
    from pipeline.project.loading import is_project, load_project

    if arguments.setting is not None and arguments.project == Path() and _is_meant_as_project(arguments.setting):
        arguments.setting, arguments.project = None, Path(arguments.setting)
    # Loaded for the manifest's own engine: a voice without a binding for another one is no reason not to explain.
    engine = arguments.engine if is_project(arguments.project) and _is_bound(arguments) else None
    project = load_project(arguments.project, engine=engine)
    explained = [*_of_the_manifest(project, arguments), *_of_the_run(project, arguments)]
    chosen = _chosen(explained, arguments.setting)
    if arguments.json:
        _write_json(chosen)
    elif arguments.setting is None:
        _list(chosen)
    else:
        sys.stdout.write("\n".join(_paragraph(each) for each in chosen))
    return 0


def _is_meant_as_project(name: str) -> bool:
    from pipeline.project.loading import is_project

    return ("/" in name or name in {".", ".."} or name.endswith((".yaml", ".yml"))) and is_project(Path(name))


def _is_bound(arguments: argparse.Namespace) -> bool:
    from pipeline.errors import InputError
    from pipeline.project.loading import load_project

    try:
        load_project(arguments.project, engine=arguments.engine)
    except InputError:
        return False
    return True


def _of_the_manifest(project: Project, arguments: argparse.Namespace) -> Iterator[Explained]:
    from pipeline.project.explained import explained

    for setting in explained(project):
        source, changed = _source(setting, project.manifest.name), setting.differs
        value, default = _shown(setting.value), "required" if setting.required else _shown(setting.default)
        if (
            setting.line is None
            and setting.name.endswith("].bitrate_kbps")
            and setting.value == project.profile.mp3_kbps
        ):
            source, changed = "profile.mp3_kbps", setting.value is not None
        if setting.name == "engine" and arguments.engine is not None:
            value, source, changed = arguments.engine, f"the flag --engine (before {source})", True
        if setting.name == "store" and (given := _given_store(arguments)) is not None:
            value, source, changed = given[0], f"{given[1]} (before {source})", True
        yield Explained(setting.name, value, source, default, setting.description, changed)


def _given_store(arguments: argparse.Namespace) -> tuple[str, str] | None:
    """The store that a flag or the environment names, with which of them."""
    from pipeline.store.shared.address import STORE_VARIABLE

    if arguments.store is not None:
        return _without_credentials(arguments.store), "the flag --store"
    named = os.environ.get(STORE_VARIABLE, "").strip()
    return (_without_credentials(named), f"the environment ({STORE_VARIABLE})") if named else None


def _source(setting: Setting, manifest: str) -> str:
    if setting.line is not None:
        return f"{manifest}:{setting.line}" + (f" (`{setting.by}` stands for it)" if setting.by else "")
    return "the default"


def _of_the_run(project: Project, arguments: argparse.Namespace) -> Iterator[Explained]:
    from pipeline.kugelaudio.configuration import KEY_VARIABLE, URL_VARIABLE, region_url
    from pipeline.store.layout import Layout

    key, url = os.environ.get(KEY_VARIABLE, "").strip(), os.environ.get(URL_VARIABLE, "").strip()
    told = ("set", f"the environment ({KEY_VARIABLE})") if key else ("unset", "the default")
    yield _run_setting("api_key", *told, default="unset", changed=bool(key))
    default_url, default_out = region_url(project.engines.kugelaudio.region), str(Layout.of(project).outputs)
    if arguments.api_url is not None:
        told = (_without_credentials(arguments.api_url), "the flag --api-url")
    elif url:
        told = (_without_credentials(url), f"the environment ({URL_VARIABLE})")
    else:
        told = (default_url, "the default of the region")
    yield _run_setting("api_url", *told, default=default_url, changed=bool(arguments.api_url or url))
    out = arguments.out
    told = (str(out), "the flag --out") if out is not None else (default_out, "the default")
    yield _run_setting("out", *told, default=default_out, changed=out is not None)


def _run_setting(name: str, value: str, source: str, *, default: str, changed: bool) -> Explained:
    return Explained(name, value, source, default, _RUN_DESCRIPTIONS[name], changed)


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", url).partition("?")[0]


def _chosen(explained: list[Explained], setting: str | None) -> list[Explained]:
    """The settings that were asked for: one, or all below a name."""
    from pipeline.errors import UsageError
    from pipeline.project.explained import known_names
    from pipeline.project.wording import did_you_mean

    if setting is None:
        return [each for each in explained if each.changed]
    found = [each for each in explained if each.name == setting or each.name.startswith((f"{setting}.", f"{setting}["))]
    if found:
        return found
    if _general(setting) in known_names():
        raise UsageError(
            f"this manifest has no {setting}: {_parent(setting)} is not filled so far",
            hint=f"`narrate explain {_first(setting)}` shows what there is; docs/manifest.md has every key",
        )
    names = [each.name for each in explained]
    ending = [name for name in names if name.endswith(f".{setting}")]
    hint = f"did you mean '{ending[0]}'?" if ending else did_you_mean(setting, [*names, *known_names()])
    raise UsageError(f"no setting is called '{setting}'", hint=hint or "`narrate schema` lists every setting")


def _general(setting: str) -> str:
    """``voices.elsie.speed`` as ``voices.NAME.speed``, ``outputs[9].format`` as ``outputs[].format``."""
    plain = re.sub(r"\[\d+\]", "[]", setting)
    return re.sub(r"^(voices|rates)\.[^.]+", r"\1.NAME", plain)


def _first(setting: str) -> str:
    return re.split(r"[.[]", setting)[0]


def _parent(setting: str) -> str:
    return re.split(r"[.\[](?=[^.\[]*$)", setting)[0]


def _paragraph(each: Explained) -> str:
    default = f", default {each.default}" if each.default not in {"required", each.value} else ""
    return f"{each.name}: {each.value}\n  from {each.source}{default}\n  {each.description}\n"


def _list(chosen: list[Explained]) -> None:
    width = max((len(each.name) for each in chosen), default=0)
    for each in chosen:
        sys.stdout.write(f"{each.name:<{width}}  {each.value}  ({each.source})\n")


def _write_json(chosen: list[Explained]) -> None:
    rows = [
        {"setting": each.name, "value": each.value, "source": each.source, "default": each.default,
         "description": each.description}
        for each in chosen
    ]  # fmt: skip
    sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def _shown(value: object) -> str:
    from pydantic import BaseModel

    if value is None:
        return "unset"
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) or "none"
    return str(value)
