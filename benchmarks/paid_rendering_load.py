"""One run against a reference server, as a process of its own: what ``paid_rendering.py`` starts and measures.

usage: python benchmarks/paid_rendering_load.py ours|sdk|bare|bare-disk URL CHARACTERS REQUESTS CONCURRENCY RATE

``RATE`` is the server's limit in requests a minute, 0 for none. The texts are the same for both. Prints one line of
JSON: seconds from the first request's preparation until the last take is kept, processor seconds and peak memory of
the whole process, the lengths of the texts in the order in which they are asked for, and how many were given up.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from client_load import peak_mib, processor_seconds
from paid_rendering_floor import read_all

VOICE_ID = 1071
LONGEST = 5_000
CENTS_PER_MINUTE = Decimal(12)
"""The reference server charges a cent for a hundred characters, of which it speaks fifteen a second."""
WORDS = [
    "the",
    "keeper",
    "of",
    "light",
    "wrote",
    "slowly",
    "in",
    "his",
    "ledger",
    "while",
    "rain",
    "fell",
    "over",
    "harbour",
    "and",
    "stone",
]
MANIFEST = """title: Paid Rendering
engine: kugelaudio
engines: {kugelaudio: {tier: 4}}
voices: {narrator: {kugelaudio: {voice_id: 1071}}}
segment_target: 50
chapters: [{source: book.md}]
rates: {kugel-3: 12}
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for."""

    url: str
    characters: int
    requests: int
    concurrency: int
    rate: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    seconds: float
    lengths: list[int]
    given_up: int


def main() -> None:
    """Carry the load and print what it took."""
    client, url, *numbers = sys.argv[1:]
    load = Load(url, *map(int, numbers))
    with tempfile.TemporaryDirectory() as folder:
        done = CLIENTS[client](load, Path(folder))
    print(json.dumps({**asdict(done), "busy": processor_seconds(), "peak_mib": peak_mib()}))


def _ours(load: Load, folder: Path) -> Done:
    """The takes of a project with one paragraph for each request, as ``narrate render`` makes them."""
    from pipeline.engines.kugelaudio.engine import KugelAudioEngine  # noqa: PLC0415 - one of the two is loaded
    from pipeline.engines.kugelaudio.preflight import Preflight  # noqa: PLC0415
    from pipeline.engines.protocol import Limits  # noqa: PLC0415
    from pipeline.kugelaudio import AsyncKugelAudio, VoiceDetail  # noqa: PLC0415
    from pipeline.manuscript.reading import read_manuscript  # noqa: PLC0415
    from pipeline.project.loading import load_project  # noqa: PLC0415
    from pipeline.render.plan import make_plan  # noqa: PLC0415
    from pipeline.render.purse import Cap, Purse  # noqa: PLC0415
    from pipeline.render.running import render_missing  # noqa: PLC0415
    from pipeline.render.terms import Terms  # noqa: PLC0415
    from pipeline.script.scripting import write_script  # noqa: PLC0415
    from pipeline.store.layout import Layout  # noqa: PLC0415

    (folder / "project.yaml").write_text(MANIFEST)
    (folder / "book.md").write_text("\n\n".join(texts_of(load)))
    project = load_project(folder)
    # the reference server has no REST routes: what they would tell is put in
    voice = VoiceDetail.model_validate({"id": VOICE_ID, "name": "Iris", "supported_languages": ["en"]})
    found = Preflight("local:bench", "kugel-3", LONGEST, {VOICE_ID: voice})
    client = AsyncKugelAudio("bench", api_url=load.url, max_sockets=load.concurrency, restarts=0)
    engine = KugelAudioEngine(client, found, project.engines.kugelaudio, (), load.concurrency, "bench")
    engine.limits = Limits(load.rate or None, load.concurrency, load.concurrency)
    layout = Layout.of(project)
    plan = make_plan(write_script(read_manuscript(project), project, limit=LONGEST), project, engine, layout.takes)
    terms = Terms(rate=CENTS_PER_MINUTE, purse=Purse([Cap("the budget", Decimal(10**6))]), account="bench")
    chapters = frozenset(chapter.script.slug for chapter in plan.chapters)
    start = time.perf_counter()
    rendered = render_missing(
        plan, engine, layout, run="bench", selected=chapters, receiver=lambda _event: None, terms=terms
    )
    seconds = time.perf_counter() - start
    lengths = [len(planned.segment.text) for planned in plan.to_make()]
    stored = sum(1 for planned in plan.to_make() if layout.takes.stored(planned.key) is not None)
    if rendered.error is not None:
        print(rendered.error, file=sys.stderr)
    return Done(seconds, lengths, load.requests - stored)


def _sdk(load: Load, folder: Path) -> Done:
    """The provider's SDK as a script would use it: a semaphore, a client for each place, retries by tenacity."""
    from kugelaudio import KugelAudio  # noqa: PLC0415 - one of the two is loaded

    texts = texts_of(load)
    clients = [KugelAudio(api_key="bench", api_url=load.url, telemetry=False) for _ in range(load.concurrency)]
    start = time.perf_counter()
    given_up = asyncio.run(_spoken(clients, texts, folder))
    return Done(time.perf_counter() - start, list(map(len, texts)), given_up)


def _bare(load: Load, _folder: Path) -> Done:
    """The answers read and dropped: what the server, the loopback and the system take alone."""
    texts = texts_of(load)
    start = time.perf_counter()
    refused = asyncio.run(read_all(load.url, texts, load.concurrency, None))
    return Done(time.perf_counter() - start, list(map(len, texts)), refused)


def _bare_disk(load: Load, folder: Path) -> Done:
    """The answers' audio decoded and written down as it comes, neither checked nor synced."""
    texts = texts_of(load)
    start = time.perf_counter()
    refused = asyncio.run(read_all(load.url, texts, load.concurrency, folder))
    return Done(time.perf_counter() - start, list(map(len, texts)), refused)


async def _spoken(clients: Sequence[Any], texts: Sequence[str], folder: Path) -> int:
    """Speak every text and save it when it comes; how many were given up."""
    import tenacity  # noqa: PLC0415 - for the script alone

    places = asyncio.Semaphore(len(clients))
    free = list(clients)

    async def once(text: str) -> Any:
        async with places:
            client = free.pop()
            try:
                return await client.tts.generate_async(
                    text=text, voice_id=VOICE_ID, language="en", word_timestamps=True
                )
            finally:
                free.append(client)

    patient = tenacity.retry(
        wait=tenacity.wait_random_exponential(min=1, max=20), stop=tenacity.stop_after_attempt(30), reraise=True
    )(once)
    kept = await asyncio.gather(*(_kept(patient, text, folder / f"{i}.wav") for i, text in enumerate(texts)))
    await asyncio.gather(*(client.aclose() for client in clients))
    return len(texts) - sum(kept)


async def _kept(speak: Callable[[str], Awaitable[Any]], text: str, path: Path) -> bool:
    from kugelaudio import KugelAudioError  # noqa: PLC0415

    try:
        answer = await speak(text)
    except KugelAudioError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return False
    answer.save(str(path))
    return True


def texts_of(load: Load) -> list[str]:
    """Different texts, half as long to half as long again as asked for, the same for every client."""
    dice = random.Random(7)
    return [_text(f"Number {i}", round(load.characters * dice.uniform(0.5, 1.5)), dice) for i in range(load.requests)]


def _text(start: str, characters: int, dice: random.Random) -> str:
    text = start
    while len(text) < characters:
        text += " " + dice.choice(WORDS)
    return text + "."


CLIENTS = {"ours": _ours, "sdk": _sdk, "bare": _bare, "bare-disk": _bare_disk}

if __name__ == "__main__":
    os.environ.pop("KUGELAUDIO_API_URL", None)
    main()
