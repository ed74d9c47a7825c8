"""A project's files as they were at a git revision, without touching the work tree, the index or any branch.

Blobs are read as they are stored: no filter, no smudging and no ``export-ignore`` stands between a revision and its
plan. Only what a plan reads is taken out: manifest, manuscript, dictionaries, and the file names given besides.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError, Problem, UsageError
from pipeline.project.loading import MANIFEST_NAME
from pipeline.project.sources import SOURCE_SUFFIXES
from pipeline.project.yaml_tree import Items, Keys, Node, Scalar, read_tree

_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n")
_IMAGES = {".png": b"\x89PNG\r\n\x1a\n"}
_JPEG = b"\xff\xd8\xff\xe0\0\0\0\0"
_LINK, _SUBMODULE = "120000", "160000"
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Revision:
    """A project at a revision. ``manifest`` lies in a temporary folder; None: there was no such project then."""

    commit: str
    manifest: Path | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a tree; ``path`` is relative to the project's folder."""

    mode: str
    blob: str
    path: str


@contextlib.contextmanager
def project_at(manifest: Path, revision: str, *, also: Iterable[str] = ()) -> Iterator[Revision]:
    """The project of ``manifest`` (in a work tree) as it was at ``revision``, until the context ends.

    ``also`` names further files beside the manifest. Raises UsageError where git or the revision is missing, and
    InputError for files that are not in the repository (Git LFS, submodules).
    """
    folder = manifest.parent.resolve()
    top, prefix = _places(folder)
    commit = _commit(folder, revision)
    tree = _tree(folder, commit, prefix)
    if not any(entry.path == manifest.name for entry in tree):
        yield Revision(commit, None)
        return
    with tempfile.TemporaryDirectory(prefix="narrate-") as scratch:
        out = Path(scratch).resolve()
        reader = _Reader(folder, top / prefix, revision, out)
        reader.extract([entry for entry in tree if entry.path in {manifest.name, *also}])
        named = _named_files(out / manifest.name)
        _refuse_submodules(tree, named, revision)
        reader.extract([entry for entry in tree if _is_read(entry, named)])
        _stand_in_for_covers(tree, named.covers, out)
        yield Revision(commit, out / manifest.name)


@contextlib.contextmanager
def problems_at(revision: str | None) -> Iterator[None]:
    """Name the revision with every problem of its files, as git does: ``REV:FILE:LINE``; None: as they are."""
    try:
        yield
    except InputError as error:
        if revision is None:
            raise
        problems = [replace(problem, file=f"{revision}:{problem.file}") for problem in error.problems]
        raise InputError(problems, hint=error.hint) from error


@dataclass(frozen=True, slots=True)
class _Named:
    """What a manifest names: sources (perhaps globs) and dictionaries; covers, which no plan looks at."""

    texts: frozenset[str]
    covers: frozenset[str]


def _named_files(manifest: Path) -> _Named:
    """What the manifest of a revision names; what is wrong with it is said when it is loaded."""
    try:
        root, _ = read_tree(manifest.read_text(encoding="utf-8-sig"), shown=manifest.name)
    except (InputError, UnicodeDecodeError):
        return _Named(frozenset(), frozenset())
    keys = root.values if isinstance(root, Keys) else {}
    chapters = keys.get("chapters")
    entries = chapters.items if isinstance(chapters, Items) else []
    sources = [entry.values.get("source") for entry in entries if isinstance(entry, Keys)]
    dictionaries = keys.get("dictionaries")
    names = [*sources, *(dictionaries.items if isinstance(dictionaries, Items) else [])]
    return _Named(_texts(names), _texts([keys.get("cover")]))


def _texts(nodes: Sequence[Node | None]) -> frozenset[str]:
    return frozenset(str(PurePosixPath(node.text)) for node in nodes if isinstance(node, Scalar) and not node.null)


def _is_read(entry: _Entry, named: _Named) -> bool:
    path = PurePosixPath(entry.path)
    hidden = any(part.startswith(".") for part in path.parts)
    return entry.path in named.texts or (path.suffix.lower() in SOURCE_SUFFIXES and not hidden)


def _refuse_submodules(tree: Iterable[_Entry], named: _Named, revision: str) -> None:
    problems = [
        Problem(
            f"{revision}:{entry.path}",
            0,
            0,
            f"is a submodule, and '{name}' lies in it: its files are not in this repository; compare with a folder "
            "that has them checked out",
        )
        for entry in tree
        if entry.mode == _SUBMODULE
        for name in sorted(named.texts)
        if name == entry.path or name.startswith(f"{entry.path}/")
    ]
    if problems:
        raise InputError(problems)


def _stand_in_for_covers(tree: Iterable[_Entry], covers: frozenset[str], out: Path) -> None:
    """A plan wants a cover to exist and to be an image, and never looks at the picture."""
    for entry in tree:
        if entry.path in covers:
            path = _inside(out, entry.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_IMAGES.get(path.suffix.lower(), _JPEG))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Writes files of a tree into ``out``; ``work`` is where the project lies checked out."""

    folder: Path
    work: Path
    revision: str
    out: Path

    def extract(self, entries: Sequence[_Entry]) -> None:
        """Write the entries. Raises InputError, with all files that cannot be read."""
        problems: list[Problem] = []
        command = [*_git(self.folder), "cat-file", "--batch"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()) as git:  # noqa: S603
            assert git.stdin is not None
            assert git.stdout is not None
            for entry in entries:
                if entry.mode == _SUBMODULE:
                    continue
                git.stdin.write(f"{entry.blob}\n".encode())
                git.stdin.flush()
                head = git.stdout.readline().split()
                if len(head) != 3:  # "<blob> missing", or nothing where git has died
                    problems.append(self._problem(entry, "is not in this clone; `git fetch` what is missing"))
                    continue
                data = git.stdout.read(int(head[2]))
                git.stdout.read(1)
                problems += self._write(entry, data)
            git.stdin.close()
        if problems:
            raise InputError(problems)

    def _write(self, entry: _Entry, data: bytes) -> list[Problem]:
        path = _inside(self.out, entry.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.mode == _LINK:
            return self._link(entry, path, os.fsdecode(data))
        pointer = _POINTER.match(data) if len(data) < 1024 else None
        if pointer is not None:
            content = self._large_file(pointer[1].decode(), entry.path)
            if content is None:
                hint = f"`git lfs fetch origin {self.revision}` brings it"
                return [self._problem(entry, f"is a Git LFS pointer whose content is not here; {hint}")]
            shutil.copyfile(content, path)
            return []
        path.write_bytes(data)
        return []

    def _link(self, entry: _Entry, path: Path, target: str) -> list[Problem]:
        if not (path.parent / target).resolve().is_relative_to(self.out):
            return [self._problem(entry, "is a link that leaves the project's folder")]
        path.symlink_to(target)
        return []

    def _large_file(self, oid: str, name: str) -> Path | None:
        """The content that a pointer of Git LFS stands for: fetched, or still in the work tree."""
        fetched = Path(_asked(self.folder, "rev-parse", "--git-common-dir") or ".git")
        stored = self.folder / fetched / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        if stored.is_file():
            return stored
        present = self.work / name
        if present.is_file() and hashlib.sha256(present.read_bytes()).hexdigest() == oid:
            return present
        return None

    def _problem(self, entry: _Entry, message: str) -> Problem:
        return Problem(f"{self.revision}:{entry.path}", 0, 0, message)


def _inside(out: Path, name: str) -> Path:
    """Where a file of a tree goes; a tree made by hand may hold names that git itself refuses."""
    parts = PurePosixPath(name).parts
    path = out.joinpath(*parts)
    if ".." in parts or not path.parent.resolve().is_relative_to(out):
        raise InputError([Problem(name, 0, 0, "leaves the project's folder")])
    return path


def _places(folder: Path) -> tuple[Path, str]:
    """The top of the repository and the folder below it, with a slash at its end (empty: the top)."""
    if shutil.which("git") is None:
        raise UsageError("comparing with a revision needs git, which is not installed", hint="give a folder instead")
    done = _run(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    if done.returncode:
        reason = _first_line(done.stderr)
        if "not a git repository" in reason:
            reason = f"{folder} is not in a git repository"
        hint = "give a folder or another manifest instead"
        if "dubious ownership" in reason:  # git-config(1), safe.directory
            hint = f"it is another user's: `git config --global --add safe.directory {folder}`, if you trust it"
        raise UsageError(f"no revision to compare with: {reason}", hint=hint)
    top, _, prefix = done.stdout.decode(errors="surrogateescape").rstrip("\n").partition("\n")
    return Path(top), prefix.rstrip("\n")


def _commit(folder: Path, revision: str) -> str:
    found = _asked(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found:
        return found
    hint = "give a branch, a tag, a commit (HEAD~1), a folder or another manifest"
    if revision and Path(revision).is_dir():
        raise UsageError(f"the folder {revision} has no {MANIFEST_NAME}, and git knows no such revision", hint=hint)
    if _asked(folder, "rev-parse", "--is-shallow-repository") == "true":
        hint = (
            "this clone is shallow: `git fetch --unshallow` (in CI: check out with all history) brings older revisions"
        )
    raise UsageError(f"git knows no revision '{revision}' here", hint=hint)


def _tree(folder: Path, commit: str, prefix: str) -> list[_Entry]:
    arguments = ["ls-tree", "-r", "-z", "--full-tree", commit, *(["--", prefix] if prefix else [])]
    done = _run(folder, *arguments)
    if done.returncode:
        raise UsageError(
            f"git cannot read {commit[:_SHORT]}: {_first_line(done.stderr)}",
            hint="fetch it first (in CI: fetch-depth: 0), or name another revision",
        )
    entries = []
    for row in done.stdout.split(b"\0"):
        if row:
            what, _, path = row.partition(b"\t")
            mode, _, blob = what.decode().split()
            entries.append(_Entry(mode, blob, os.fsdecode(path)[len(prefix) :]))
    return entries


def _asked(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    return "" if done.returncode else done.stdout.decode(errors="surrogateescape").strip()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*_git(folder), *arguments], capture_output=True, check=False, env=_environment())  # noqa: S603


def _git(folder: Path) -> list[str]:
    return ["git", "--no-replace-objects", "-C", str(folder)]


def _environment() -> dict[str, str]:
    """Messages in English, no question asked, and no repository but the folder's own."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    }
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}


def _first_line(message: bytes) -> str:
    return next(iter(message.decode(errors="replace").strip().splitlines()), "git failed").removeprefix("fatal: ")
