"""The machine: Python, the packages that decide bytes, and the engines that are installed."""

from __future__ import annotations

import asyncio
import platform
import sys
import time
from collections.abc import Iterator
from importlib import metadata

import pipeline
from pipeline.engines.espeak import release as espeak
from pipeline.engines.hibari import HibariEngine
from pipeline.engines.local.cores import usable_cores
from pipeline.engines.protocol import Order, Speech
from pipeline.errors import UsageError
from pipeline.kugelaudio import KugelAudioError
from pipeline.project.engines import EngineName
from pipeline.reports.health.finding import Finding, fail, ok, warn

_TESTED = ((3, 11), (3, 13))
"""The first and the last Python that this release is tested with."""
_DECIDING = ("av", "ebooklib", "hibari-tts", "lxml", "numpy", "onnxruntime", "pydantic", "pydub", "scipy", "sentencex")
_WORD = "Lighthouse."


def environment() -> Iterator[Finding]:
    """Python, the platform and the packages."""
    version, (first, last) = platform.python_version(), _TESTED
    shown = f"{version} on {platform.system()} {platform.machine()}, {usable_cores()} cores"
    if sys.version_info[:2] > last:
        tested = f"{first[0]}.{first[1]} to {last[0]}.{last[1]}"
        yield warn(
            "environment", "python", shown, f"narrate is tested with Python {tested}; use one of them if in doubt"
        )
    else:
        yield ok("environment", "python", shown)
    yield ok("environment", "narrate", f"{pipeline.__version__} from {pipeline.__path__[0]}")
    found = {name: _version(name) for name in _DECIDING}
    missing = [name for name, version in found.items() if version is None]
    if missing:
        yield fail(
            "environment",
            "packages",
            f"{', '.join(missing)}: not installed",
            "install narrate again: pip install narrate",
        )
    else:
        yield ok("environment", "packages", ", ".join(f"{name} {version}" for name, version in found.items()))


def engines(wanted: EngineName | None) -> Iterator[Finding]:
    """The engines of this machine; ``wanted`` is the one that the project renders with."""
    yield _hibari()
    try:
        espeak.package_folder()
    except UsageError as error:
        step = error.hint or ""
        if wanted is EngineName.ESPEAK:
            yield fail("engines", "espeak", "not installed, and the project's engine", step)
        else:
            yield ok("engines", "espeak", "not installed; only needed for other languages and drafts", step)
        return
    yield ok("engines", "espeak", f"eSpeak NG from {espeak.DISTRIBUTION} {metadata.version(espeak.DISTRIBUTION)}")


def _hibari() -> Finding:
    clock = time.monotonic()
    try:
        speech = asyncio.run(_spoken_word())
    except KugelAudioError as error:
        return fail(
            "engines",
            "hibari",
            f"could not say a word: {error}",
            "install narrate again; if it stays so, report it as a bug",
        )
    seconds, spent = len(speech.pcm) / speech.sample_rate, time.monotonic() - clock
    if not speech.pcm.any():
        return fail("engines", "hibari", "said a word, and it is silent", "install hibari-tts again")
    return ok("engines", "hibari", f"said a word of {seconds:.1f} s, {spent:.1f} s after it was asked (model loaded)")


async def _spoken_word() -> Speech:
    engine = HibariEngine(1)
    async with engine:
        return await engine.speak(Order(_WORD, "en", engine.resolve_voice({}, 1.0)))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
