"""``narrate init --ci``: pipelines for GitHub or GitLab around a project that is there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_ci(parser: argparse.ArgumentParser) -> None:
    """``--ci``, ``--branch``, ``--keep``."""
    parser.add_argument(
        "--ci",
        choices=("github", "gitlab"),
        help="write a pipeline that prices every pull request and renders the main branch; in a folder with a "
        "project.yaml, only that",
    )
    parser.add_argument("--branch", metavar="NAME", help="with --ci: the main branch (default: main)")
    parser.add_argument(
        "--keep",
        choices=("cache", "store"),
        help="with --ci: where takes stay between runs, the server's cache or a shared store (default: cache)",
    )


def refuse_without_ci(arguments: argparse.Namespace) -> None:
    """Raise UsageError for an option of pipelines where none is asked for."""
    from pipeline.errors import UsageError

    for name in ("branch", "keep"):
        if arguments.ci is None and getattr(arguments, name) is not None:
            raise UsageError(f"--{name} says how a pipeline is written", hint="add --ci github or --ci gitlab")


def write_ci(folder: Path, arguments: argparse.Namespace) -> list[str]:
    """Write the pipeline for the project in ``folder`` at the top of its repository; what there is to say.

    Raises UsageError where a file of that name is there already, and InputError for a manifest that cannot be loaded.
    """
    from pipeline.errors import UsageError
    from pipeline.project.ci.files import CiOptions, CiServer, Keeping, ci_files
    from pipeline.project.engines import EngineName
    from pipeline.project.loading import load_project
    from pipeline.reports.starting.make_file import install_spec
    from pipeline.store.files import write_atomically

    top = repository_top(folder)
    options = CiOptions(
        install=install_spec(arguments.install, top),
        project=folder.resolve().relative_to(top).as_posix(),
        branch=arguments.branch or "main",
        paid=load_project(folder).engine is EngineName.KUGELAUDIO,
        keeping=Keeping(arguments.keep or "cache"),
    )
    files = {top / name: text for name, text in ci_files(CiServer(arguments.ci), options).items()}
    there = [path for path in files if path.exists()]
    if there:
        raise UsageError(
            f"{os.path.relpath(there[0])} is there already, and nothing is overwritten",
            hint="move it away and write it anew, or take over what you need (docs/ci.md)",
        )
    for path, text in files.items():
        write_atomically(path, text.encode())
    told = [f"wrote {os.path.relpath(path)} (docs/ci.md says what it needs)" for path in files]
    if arguments.install is None and Path(options.install).is_absolute():
        told.append(f"its NARRATE is {options.install}, of this machine: put a version or a git URL there")
    return told


def repository_top(folder: Path) -> Path:
    """The nearest folder above that has a ``.git``; without one, the folder itself."""
    resolved = folder.resolve()
    return next((each for each in (resolved, *resolved.parents) if (each / ".git").exists()), resolved)
