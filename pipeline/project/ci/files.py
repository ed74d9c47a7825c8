"""The files that make a CI server check and render a project, written for its maintainer to keep and change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from pipeline.errors import UsageError


class CiServer(StrEnum):
    """A CI server that there is a pipeline for."""

    GITHUB = "github"
    GITLAB = "gitlab"


class Keeping(StrEnum):
    """Where takes and ledgers stay between runs: the server's own cache, or a shared take store."""

    CACHE = "cache"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class CiOptions:
    """What a pipeline is written for.

    ``project`` is the manifest's folder, or the manifest, relative to the repository; ``folder`` is the folder alone.
    ``install`` is what pip is given: a version, a git URL at a commit, a wheel in the repository. ``paid``: the
    manifest's engine costs money; then the render job has the key, and ``max_cost_cents`` is what one run may cost.
    """

    install: str
    project: str = "."
    branch: str = "main"
    paid: bool = False
    keeping: Keeping = Keeping.CACHE
    max_cost_cents: int = 500

    @property
    def installed(self) -> str:
        """What pip is given: a runner that keeps takes in a store needs what speaks to it."""
        return with_extra(self.install, STORE_EXTRA) if self.keeping is Keeping.STORE else self.install

    @property
    def folder(self) -> str:
        """The manifest's folder, without a slash at its end."""
        path, _, name = self.project.rpartition("/")
        return (path or ".") if name.endswith((".yaml", ".yml")) else self.project.rstrip("/")


STORE_EXTRA = "s3"
"""What the pipelines name credentials for; `gcs` and `azure` are a maintainer's to write."""
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<rest>(?:[<>=!~@;].*)?)", re.DOTALL
)
_PLAIN = re.compile(r"[\w.][\w. /-]*")
_PATHS = {CiServer.GITHUB: ".github/workflows/narrate.yml", CiServer.GITLAB: ".gitlab-ci.yml"}


def ci_files(server: CiServer, options: CiOptions) -> dict[str, str]:
    """By their paths in the repository, the files of a pipeline. Raises UsageError for a project's folder that would
    mean something else there."""
    if not _PLAIN.fullmatch(options.project):
        raise UsageError(
            f"the folder {options.project!r} cannot be named in a pipeline",
            hint="rename it: letters, digits, dots, hyphens, underscores and spaces are understood everywhere",
        )
    template = resources.files(__package__).joinpath(f"{server}.yml").read_text(encoding="utf-8")
    features = {str(options.keeping), "paid" if options.paid else "free"}
    if options.paid or options.keeping is Keeping.STORE:
        features.add("secrets")
    text = _chosen(template, features)
    for name, value in _values(options).items():
        text = text.replace(f"@{name}@", value)
    return {_PATHS[server]: text}


def with_extra(spec: str, extra: str) -> str:
    """A pip requirement with one more extra: of an index, a URL, or a path (PEP 508; pip takes ``PATH[EXTRA]``)."""
    url = re.match(r"(?:\w+\+)?\w+://", spec)
    if url is not None:
        return f"narrate[{extra}] @ {spec}"
    found = _REQUIREMENT.fullmatch(spec)
    if found is None or "/" in found["name"] or found["name"].endswith(".whl"):
        return spec if spec.endswith("]") else f"{spec}[{extra}]"
    extras = [each.strip() for each in (found["extras"] or "").split(",") if each.strip()]
    extras += [] if extra in extras else [extra]
    rest = f" {found['rest']}" if found["rest"].startswith("@") else found["rest"]
    return f"{found['name']}[{','.join(extras)}]{rest}"


def _values(options: CiOptions) -> dict[str, str]:
    state = "" if options.folder == "." else f"{options.folder}/"
    return {
        "INSTALL": _quoted(options.installed),
        "PROJECT": _quoted(options.project),
        "STATE": f"{state}.narration",
        "BUILD": f"{state}build",
        "STATE_ITEM": _quoted(f"{state}.narration/"),
        "LEDGER_ITEM": _quoted(f"{state}.narration/ledger/"),
        "BUILD_ITEM": _quoted(f"{state}build/"),
        "SHARED": " --shared" if options.keeping is Keeping.STORE else "",
        "BRANCH": _quoted(options.branch),
        "REF": _quoted(f"refs/heads/{options.branch}"),
        "MAX_COST_CENTS": _quoted(str(options.max_cost_cents)),
    }


def _quoted(text: str) -> str:
    """A YAML string in single quotes: nothing in it is special but the quote itself."""
    return "'" + text.replace("'", "''") + "'"


def _chosen(template: str, features: set[str]) -> str:
    """The template with the blocks whose feature is wanted: ``#if NAME`` to ``#end``, each on a line of its own."""
    lines: list[str] = []
    wanted = True
    for line in template.splitlines():
        word = line.strip()
        if word.startswith("#if "):
            wanted = word.removeprefix("#if ") in features
        elif word == "#end":
            wanted = True
        elif wanted:
            lines.append(line)
    return "\n".join(lines) + "\n"
