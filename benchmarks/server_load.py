"""How many generations the local server's silent mode answers, and what one costs it in processor time.

usage: python benchmarks/server_load.py [REQUESTS [CONCURRENCY [CHARACTERS]]]

Starts ``narrate serve --silent`` as a process of its own and asks for texts on as many sockets, reading the frames
without looking into them. The generations per second are those of the machine as it is, client included; the
processor seconds are the server's own and depend little on what else runs.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import deque
from typing import Any

import psutil
from websockets.asyncio.client import connect

KEY = "ka_local"
TEXT = "The keeper of the light had kept no ledger before that winter, and nobody asked. "
WARM_UP = 200


def main() -> None:
    """Measure and print one line of JSON."""
    given = [int(argument) for argument in sys.argv[1:]]
    requests, concurrency, characters = [*given, *(4000, 16, 300)[len(given) :]]
    command = [sys.executable, "-m", "pipeline.cli.main", "serve", "--port", "0", "--tier", "0", "--silent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            url = _url(server)
            asyncio.run(_ask(url, WARM_UP, concurrency, characters))
            print(json.dumps(_measured(psutil.Process(server.pid), url, requests, concurrency, characters)))
        finally:
            server.terminate()


def _url(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found.group()
    raise RuntimeError("the server did not start")


def _measured(server: psutil.Process, url: str, requests: int, concurrency: int, characters: int) -> dict[str, Any]:
    before, began = server.cpu_times(), time.perf_counter()
    asyncio.run(_ask(url, requests, concurrency, characters))
    seconds, after = time.perf_counter() - began, server.cpu_times()
    used = after.user + after.system - before.user - before.system
    return {
        "generations": requests,
        "characters": characters,
        "generations_per_second": round(requests / seconds),
        "server_cpu_us_per_generation": round(1e6 * used / requests),
        "generations_per_cpu_second": round(requests / used),
    }


async def _ask(url: str, requests: int, concurrency: int, characters: int) -> None:
    texts = deque(f"{number} {TEXT * (characters // len(TEXT) + 1)}"[:characters] for number in range(requests))
    await asyncio.gather(*(_speak(url, texts) for _ in range(concurrency)))


async def _speak(url: str, texts: deque[str]) -> None:
    address = f"{url.replace('http', 'ws')}/ws/tts?api_key={KEY}"
    async with connect(address, compression=None, max_size=None) as socket:
        while texts:
            request = {"text": texts.popleft(), "voice_id": 1071, "language": "en"}
            await socket.send(json.dumps(request))
            while not (await socket.recv(decode=False)).startswith((b'{"final"', b'{"error"')):
                pass


if __name__ == "__main__":
    main()
