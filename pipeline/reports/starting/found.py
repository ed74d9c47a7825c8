"""What a manuscript that is there would become: its chapters as they would be read, its title, author and language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import UsageError
from pipeline.manuscript.epub import BookFacts, read_facts
from pipeline.manuscript.selection import NamedPart, name_parts, select
from pipeline.manuscript.sources import BOOK_SUFFIX, read_book, read_file
from pipeline.manuscript.splitting import parse_rule, split_files
from pipeline.project.languages import canonical_language
from pipeline.project.sources import SOURCE_SUFFIXES, matching_files, natural_key

_NO_MANUSCRIPT = frozenset({"readme", "license", "licence", "changelog", "contributing", "requirements", "notice"})
_PASSED_OVER = frozenset({"build", "node_modules", "__pycache__", "venv", "dist"})
_RULE = parse_rule("auto")


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry of ``chapters``: its source as the manifest has it, and the parts that it is cut into."""

    source: str
    parts: tuple[NamedPart, ...]

    @property
    def spoken(self) -> list[NamedPart]:
        """The chapters that are narrated unless the manifest says otherwise."""
        return [named for named in self.parts if named.part.matter is None and not named.part.is_silent]

    @property
    def chapters(self) -> int:
        """How many chapters they make: a heading without a text of its own opens the one after it."""
        return len(select(self.parts, None, ()).chosen)

    @property
    def left_out(self) -> list[NamedPart]:
        """Front and back matter that could be spoken."""
        return [named for named in self.parts if named.part.matter is not None and not named.part.is_silent]


@dataclass(frozen=True, slots=True)
class FoundManuscript:
    """All entries of a manuscript, with what it says of itself; ``cover`` is the picture's bytes."""

    entries: tuple[FoundEntry, ...]
    title: str | None = None
    author: str | None = None
    language: str | None = None
    cover: bytes | None = None


def manuscript_files(folder: Path) -> list[Path]:
    """The files below ``folder`` that could be narrated, in natural order.

    Passed over: what is hidden, built or installed, and what stands in every repository (README, LICENSE…).
    """
    found = [path for path in _files(folder) if path.suffix.lower() in SOURCE_SUFFIXES]
    kept = [path for path in found if path.stem.casefold() not in _NO_MANUSCRIPT]
    return sorted(kept, key=lambda path: [natural_key(part) for part in path.relative_to(folder).parts])


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and path.name not in _PASSED_OVER:
            yield from _files(path)


def read_found(files: Sequence[tuple[Path, str]], language: str | None, folder: Path) -> FoundManuscript:
    """Read manuscript files, each with the name that it will have in the project's ``folder``, in order.

    Files of one folder and suffix become one entry, where a glob names them and nothing else. Raises InputError for
    one that cannot be read, UsageError where there is none.
    """
    if not files:
        raise UsageError(
            f"there is nothing to narrate; expected files such as {', '.join(SOURCE_SUFFIXES)}",
            hint="`narrate init` without a source writes a sample story to begin with",
        )
    books = [read_facts(path, shown=name) for path, name in files if path.suffix.lower() == BOOK_SUFFIX]
    facts = books[0] if len(books) == 1 and len(files) == 1 else None
    language = language or _language(facts)
    entries = tuple(_entry(source, group, language) for source, group in _grouped(files, folder))
    if facts is None:
        return FoundManuscript(entries, title=_only_title(entries), language=language)
    cover = facts.cover.data if facts.cover else None
    return FoundManuscript(entries, facts.title, facts.author, language, cover)


def _language(facts: BookFacts | None) -> str | None:
    if facts is None or facts.language is None:
        return None
    try:
        return canonical_language(facts.language.strip())
    except ValueError:
        return None  # what is no tag tells nothing


def _grouped(files: Sequence[tuple[Path, str]], folder: Path) -> Iterator[tuple[str, list[tuple[Path, str]]]]:
    """The files of each entry with its source; an EPUB stands alone."""
    groups: dict[str, list[tuple[Path, str]]] = {}
    for path, name in files:
        alone = path.suffix.lower() == BOOK_SUFFIX
        groups.setdefault(name if alone else str(PurePosixPath(name).with_name(f"*{path.suffix}")), []).append(
            (path, name)
        )
    for glob, group in groups.items():
        if len(group) > 1 and _is_exact(glob, group, folder):
            yield glob, group
        else:
            yield from ((name, [(path, name)]) for path, name in group)


def _is_exact(glob: str, group: Sequence[tuple[Path, str]], folder: Path) -> bool:
    """Whether the glob names these files and no others, such as a README beside them."""
    names = {name for _, name in group}
    if set("*?[") & set(str(PurePosixPath(glob).parent)):
        return False
    return {path.relative_to(folder).as_posix() for path in matching_files(folder, glob)} <= names


def _entry(source: str, group: Sequence[tuple[Path, str]], language: str | None) -> FoundEntry:
    path, name = group[0]
    if path.suffix.lower() == BOOK_SUFFIX:
        parts = read_book(path, name, _RULE, language).parts
        return FoundEntry(source, tuple(name_parts(parts, number=True)))
    read = [read_file(each, shown, _RULE, language) for each, shown in group]
    return FoundEntry(source, tuple(name_parts(split_files(read, _RULE), number=len(read) == 1)))


def _only_title(entries: Sequence[FoundEntry]) -> str | None:
    """The title of a manuscript that is one chapter."""
    spoken = [named for entry in entries for named in entry.spoken]
    return spoken[0].part.title if len(spoken) == 1 and spoken[0].part.own_title else None
