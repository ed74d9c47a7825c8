"""A first project: which files it gets, and writing them without ever touching one that is there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import InputError, Problem, UsageError
from pipeline.manuscript.selection import NamedPart
from pipeline.project.loading import MANIFEST_NAME
from pipeline.project.slugs import slugify
from pipeline.project.sources import SOURCE_SUFFIXES
from pipeline.reports.starting.dictionary_file import clip_names, dictionary_skeleton
from pipeline.reports.starting.found import FoundManuscript, manuscript_files, read_found
from pipeline.reports.starting.make_file import GITIGNORE, makefile
from pipeline.reports.starting.manifest_file import manifest_text
from pipeline.reports.starting.rare_words import Guessing, rare_words
from pipeline.reports.starting.sample_story import AUTHOR, CHAPTERS, TITLE
from pipeline.store.files import storage_errors, write_atomically

DICTIONARY = "dictionaries/names.yaml"
_CLIPS = "dictionaries/clips"
_PNG = b"\x89PNG"
_MOST_WORDS = 200
"""Words in the skeleton: more than that nobody listens through."""
_NOUN_CAPITALS = frozenset({"de", "lb"})
"""Languages in which a capital tells no name."""

Speaking = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Words as sound files."""
_Files = list[tuple[Path, str]]
"""Manuscript files, each with its name in the project."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project that does not stand there yet: its ``folder``, its ``files`` by name, and what it was ``found``
    to narrate. ``guessed`` counts the words whose sound the voice has to guess, ``clips`` those that can be heard."""

    folder: Path
    files: Mapping[str, bytes]
    found: FoundManuscript
    guessed: int = 0
    clips: int = 0

    @property
    def characters(self) -> int:
        """How much is spoken."""
        return sum(len(block.text) for named in _spoken(self.found) for block in named.part.blocks)

    @property
    def chapters(self) -> int:
        """How many chapters are spoken."""
        return sum(entry.chapters for entry in self.found.entries)


def new_project(source: Path | None, into: Path | None, *, language: str | None, makefile_installs: str) -> NewProject:
    """What a project around ``source`` (a file, a folder; None: a sample story) holds besides its dictionary.

    Its folder is ``into``, else the source's own, else the current one; a manuscript from elsewhere is copied in.
    Nothing is written. Raises UsageError and InputError for a source that cannot be narrated, and UsageError where a
    file that would be written is there.
    """
    folder = (into or (source if source is not None and source.is_dir() else Path())).resolve()
    with _manuscript(source, folder) as files:
        found = read_found(files, language, folder)
        if source is None:
            found = replace(found, title=TITLE, author=AUTHOR, language=language or "en")
        write = {name: path.read_bytes() for path, name in files if path != folder / name}
    cover = None if found.cover is None else "cover.png" if found.cover.startswith(_PNG) else "cover.jpg"
    if found.cover is not None and cover is not None:
        write[cover] = found.cover
    fallback = source.stem if source is not None and source.is_file() else folder.name
    write |= {
        MANIFEST_NAME: manifest_text(found, fallback_title=_as_title(fallback), cover=cover).encode(),
        DICTIONARY: b"",
        "Makefile": makefile(makefile_installs).encode(),
        ".gitignore": GITIGNORE.encode(),
    }
    _refuse_existing(folder, write)
    return NewProject(folder, write, found)


def with_dictionary(project: NewProject, guessed: Guessing | None, speaking: Speaking | None) -> NewProject:
    """The project with its dictionary's skeleton; ``speaking`` (None: no clips) lets every word be heard."""
    blocks = (block for named in _spoken(project.found) for block in named.part.blocks)
    nouns_have_capitals = (project.found.language or "en").partition("-")[0] in _NOUN_CAPITALS
    words = [] if guessed is None and nouns_have_capitals else rare_words(blocks, guessed, most=_MOST_WORDS)
    names = clip_names([rare.word for rare in words]) if speaking is not None else {}
    sounds = speaking(list(names)) if speaking is not None and names else {}
    clips = {f"{_CLIPS}/{names[word]}": sound for word, sound in sounds.items()}
    skeleton = {DICTIONARY: dictionary_skeleton(words, names if sounds else {}).encode()}
    return replace(project, files={**project.files, **skeleton, **clips}, guessed=len(words), clips=len(clips))


def write_project(project: NewProject) -> list[Path]:
    """Write everything and name it. Raises UsageError where a file is there already, before anything is written;
    StorageError."""
    _refuse_existing(project.folder, project.files)
    paths = []
    for name, data in project.files.items():
        path = project.folder / name
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
        paths.append(path)
    return paths


def _spoken(found: FoundManuscript) -> list[NamedPart]:
    return [named for entry in found.entries for named in entry.spoken]


@contextmanager
def _manuscript(source: Path | None, folder: Path) -> Iterator[_Files]:
    """The files of the manuscript, for as long as they are read."""
    if source is None:
        _refuse_a_sample_beside(folder)
        with tempfile.TemporaryDirectory() as temporary:
            for name, text in CHAPTERS.items():
                path = Path(temporary, name)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            yield [(Path(temporary, name), name) for name in CHAPTERS]
        return
    if not source.exists():
        raise InputError([Problem(str(source), 0, 0, "does not exist; expected an EPUB, a text file or a folder")])
    source = source.resolve()
    if source.is_dir():
        below = "" if source == folder else f"{source.relative_to(folder)}/" if source.is_relative_to(folder) else None
        prefix = "manuscript/" if below is None else below
        yield [(path, f"{prefix}{path.relative_to(source).as_posix()}") for path in manuscript_files(source)]
        return
    if source.suffix.lower() not in SOURCE_SUFFIXES:
        raise InputError([Problem(source.name, 0, 0, f"is no manuscript; expected {', '.join(SOURCE_SUFFIXES)}")])
    yield [(source, source.relative_to(folder).as_posix() if source.is_relative_to(folder) else source.name)]


def _refuse_a_sample_beside(folder: Path) -> None:
    """A folder with a manuscript in it is not where a sample story is wanted."""
    there = manuscript_files(folder) if folder.is_dir() else []
    if there:
        raise UsageError(
            f"there is {there[0].relative_to(folder)} in this folder, so a sample story is hardly wanted here",
            hint="`narrate init .` makes a project of it; `narrate init --into DIR` puts the sample elsewhere",
        )


def _refuse_existing(folder: Path, names: Iterable[str]) -> None:
    there = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        shown = ", ".join(there[:8]) + ("…" if len(there) > 8 else "")
        raise UsageError(
            f"nothing was written, since {folder} has {shown} already",
            hint="move it away, or give another folder with --into DIR; narrate init never overwrites",
        )


def _as_title(name: str) -> str:
    """A file's or folder's name as a title: ``the-clock_tower`` → The Clock Tower."""
    words = name.replace("_", " ").replace("-", " ").split()
    title = " ".join(word if any(letter.isupper() for letter in word) else word.capitalize() for word in words)
    return title if slugify(title) else "Untitled"
