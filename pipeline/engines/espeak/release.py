"""Which eSpeak NG this is and what it speaks, told from its files without loading the library."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

from pipeline.errors import UsageError

DISTRIBUTION = "espeakng-loader"
REVISION = "1"
"""Of our own part in the sound (cuts, pauses, resampling): to be raised when the same order gives other audio."""

_LIBRARIES = {"Windows": "espeak-ng.dll", "Darwin": "libespeak-ng.dylib"}


def package_folder() -> Path:
    """Where the optional package lies. Raises UsageError, with the command that installs it, where it is missing."""
    spec = importlib.util.find_spec("espeakng_loader")
    if spec is None or spec.origin is None:
        raise UsageError("the espeak engine is not installed", hint="install it with: pip install 'narrate[espeak]'")
    return Path(spec.origin).parent


def library_path() -> Path:
    """The shared library that the package ships."""
    return package_folder() / _LIBRARIES.get(platform.system(), "libespeak-ng.so")


def data_path() -> Path:
    """The folder of dictionaries and voices that the package ships."""
    return package_folder() / "espeak-ng-data"


def version() -> str:
    """The version of the package that ships the library, with our revision."""
    return f"{metadata.version(DISTRIBUTION)}+{REVISION}"


@cache
def library_sha256() -> str:
    """The SHA-256 of the shared library."""
    return hashlib.sha256(library_path().read_bytes()).hexdigest()


@cache
def languages() -> frozenset[str]:
    """Every language tag that a voice of eSpeak NG names, and every voice's file name, in lower case."""
    return frozenset(_voice_files())


def voice_file(voice: str) -> str:
    """The file of a voice such as ``en-gb`` or ``de+f3``: the library finds voices by file, not by language tag."""
    language, plus, variant = voice.partition("+")
    return f"{_voice_files()[language.lower()]}{plus}{variant}"


@cache
def _voice_files() -> dict[str, str]:
    """File name by what names it: the file itself first, then the language tags of which it says that it has them."""
    files: dict[str, str] = {}
    tags: list[tuple[int, str, str]] = []
    for path in sorted((data_path() / "lang").glob("*/*")):
        files[path.name.lower()] = path.name
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if fields[:1] == ["language"] and len(fields) > 1:
                priority = int(fields[2]) if len(fields) > 2 and fields[2].isdecimal() else 5
                tags.append((priority, fields[1].lower(), path.name))
    for _, tag, name in sorted(tags):
        files.setdefault(tag, name)
    return files


@cache
def variants() -> frozenset[str]:
    """The speakers that can be added to a voice, as in ``de+f3``."""
    return frozenset(path.name for path in (data_path() / "voices" / "!v").iterdir())
