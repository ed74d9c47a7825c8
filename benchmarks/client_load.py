"""One client under load, as a process of its own: what ``client_cost.py`` starts and measures.

usage: python benchmarks/client_load.py ours|sdk URL KEY CHARACTERS REQUESTS CONCURRENCY

Prints processor seconds before and during the requests, and the peak of resident memory, as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import sys
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

WORDS = (
    "the",
    "keeper",
    "of",
    "light",
    "had",
    "kept",
    "no",
    "ledger",
    "before",
    "that",
    "winter",
    "and",
    "nobody",
    "asked",
)
VOICE_ID = 1071
SPREAD = (0.5, 1.5)

Generate = Callable[[str], Awaitable[Any]]
"""Speaks a text; the answer saves itself as a WAV file."""


def main() -> None:
    """Carry the load and print what it took."""
    client, url, key, characters, requests, concurrency = sys.argv[1:]
    texts = _texts(int(requests), int(characters))
    start, used = asyncio.run(_measured(client, url, key, texts, int(concurrency)))
    print(json.dumps({"start_seconds": start, "seconds": used, "peak_mib": peak_mib()}))


async def _measured(client: str, url: str, key: str, texts: Sequence[str], concurrency: int) -> tuple[float, float]:
    async with AsyncExitStack() as stack:
        generators = await (_ours if client == "ours" else _sdk)(stack, url, key, concurrency)
        start = processor_seconds()
        with tempfile.TemporaryDirectory() as folder:
            queue = deque(texts)
            await asyncio.gather(
                *(_worker(generate, queue, Path(folder, f"{i}.wav")) for i, generate in enumerate(generators))
            )
        return start, processor_seconds() - start


async def _worker(generate: Generate, queue: deque[str], path: Path) -> None:
    while queue:
        _save(await generate(queue.popleft()), path)


def _save(answer: Any, path: Path) -> None:
    """Write the answer and let go of it, before the next is asked for."""
    assert answer.samples, "no audio came"
    answer.save(str(path))


async def _ours(stack: AsyncExitStack, url: str, key: str, concurrency: int) -> list[Generate]:
    """One client for all requests at once."""
    from pipeline.kugelaudio import AsyncKugelAudio  # noqa: PLC0415 - one of the two is loaded

    client = await stack.enter_async_context(AsyncKugelAudio(key, api_url=url, max_sockets=concurrency))

    async def generate(text: str) -> Any:
        return await client.tts.generate(text, voice_id=VOICE_ID, language="en", word_timestamps=True)

    return [generate] * concurrency


async def _sdk(stack: AsyncExitStack, url: str, key: str, concurrency: int) -> list[Generate]:
    """A client for each of the requests at once: one of them has a single socket, and no lock around it."""
    from kugelaudio import KugelAudio  # noqa: PLC0415 - one of the two is loaded

    def generate_with(client: Any) -> Generate:
        async def generate(text: str) -> Any:
            return await client.tts.generate_async(text=text, voice_id=VOICE_ID, language="en", word_timestamps=True)

        return generate

    clients = [KugelAudio(api_key=key, api_url=url, telemetry=False) for _ in range(concurrency)]
    for client in clients:
        stack.push_async_callback(client.aclose)
    return [generate_with(client) for client in clients]


def _texts(requests: int, characters: int) -> list[str]:
    """Different texts of different lengths, the same for every client."""
    dice = random.Random(7)
    return [_text(dice, round(characters * dice.uniform(*SPREAD))) for _ in range(requests)]


def _text(dice: random.Random, characters: int) -> str:
    text = ""
    while len(text) < characters:
        text += dice.choice(WORDS) + (". " if dice.random() < 0.08 else " ")
    return text[: characters - 1].rstrip(" .") + "."


def peak_mib() -> float:
    """The peak of this process alone. On Linux ``ru_maxrss`` is inherited from whoever started it; VmHWM is not."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = re.search(r"^VmHWM:\s+(\d+)", status.read_text(), re.MULTILINE)
        assert peak is not None
        return int(peak.group(1)) / 1024
    peak_units = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak_units / (2**20 if sys.platform == "darwin" else 2**10)


def processor_seconds() -> float:
    """Processor seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
