"""How many generations the local server's silent mode answers, and what one costs it in processor time.

usage: python benchmarks/server_load.py [REQUESTS [SOCKETS [CHARACTERS [CLIENTS]]]]

Starts ``narrate serve --silent`` as a process of its own and asks for texts on as many sockets, from as many client
processes (``load_client.py``: every frame is received, and every generation ends with a ``final`` frame that agrees
with what came). The generations per second are those of the machine as it is, clients included; the processor seconds
are the server's and the clients' own and depend little on what else runs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import reduce
from multiprocessing import get_context
from typing import Any

import psutil
from load_client import Received, ask

KEY = "ka_local"
TEXT = "The keeper of the light had kept no ledger before that winter, and nobody asked. "
WARM_UP = 200


def main() -> None:
    """Measure and print one line of JSON."""
    given = [int(argument) for argument in sys.argv[1:]]
    requests, sockets, characters, clients = [*given, *(4000, 16, 300, 1)[len(given) :]]
    command = [sys.executable, "-m", "pipeline.cli.main", "serve", "--port", "0", "--tier", "0", "--silent"]
    with (
        ProcessPoolExecutor(clients, get_context("forkserver")) as pool,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server,
    ):
        try:
            url = _url(server)
            _ask(pool, url, WARM_UP, sockets, characters, clients)
            measured = _measured(psutil.Process(server.pid), pool, url, requests, sockets, characters, clients)
            print(json.dumps(measured))
        finally:
            server.terminate()


def _url(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found.group()
    raise RuntimeError("the server did not start")


def _measured(
    server: psutil.Process, pool: Executor, url: str, requests: int, sockets: int, characters: int, clients: int
) -> dict[str, Any]:
    before, resident, began = server.cpu_times(), server.memory_info().rss, time.perf_counter()
    received = _ask(pool, url, requests, sockets, characters, clients)
    seconds, after = time.perf_counter() - began, server.cpu_times()
    used = after.user + after.system - before.user - before.system
    return {
        "generations": received.generations,
        "characters": characters,
        "sockets": sockets,
        "clients": clients,
        "generations_per_second": round(requests / seconds),
        "server_cpu_us_per_generation": round(1e6 * used / requests),
        "server_user_us_per_generation": round(1e6 * (after.user - before.user) / requests),
        "client_cpu_us_per_generation": round(1e6 * received.processor_seconds / requests),
        "generations_per_cpu_second": round(requests / used),
        "frames_per_generation": round(received.frames / requests, 2),
        "bytes_per_generation": round(received.payload_bytes / requests),
        "audio_seconds_per_generation": round(received.samples / 24_000 / requests, 3),
        "server_mib": [round(size / 2**20, 1) for size in (resident, server.memory_info().rss)],
    }


def _ask(pool: Executor, url: str, requests: int, sockets: int, characters: int, clients: int) -> Received:
    texts = [f"{number} {TEXT * (characters // len(TEXT) + 1)}"[:characters] for number in range(requests)]
    shares = [pool.submit(ask, url, KEY, texts[first::clients], sockets // clients) for first in range(clients)]
    received = reduce(_sum, (share.result() for share in shares))
    if received.generations != requests:
        raise RuntimeError(f"{received.generations} of {requests} generations came")
    return received


def _sum(one: Received, other: Received) -> Received:
    return Received(
        one.generations + other.generations,
        one.frames + other.frames,
        one.payload_bytes + other.payload_bytes,
        one.samples + other.samples,
        one.processor_seconds + other.processor_seconds,
    )


if __name__ == "__main__":
    main()
