"""An S3 server in a process of its own (moto's), with a hand on the line: slow, failing and cutting answers.

``python -m tests.store.s3_server`` prints its address and serves until it is ended. ``PUT /-/moods`` sets a JSON list
of moods: ``{"method", "path" (a part of it), "mood": "slow" | "fail" | "cut" | "lose", "seconds", "share", "times"}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
Start = Callable[..., Any]


class Line:
    """Between the clients and the server. Conditional writes are one at a time, as with the real service."""

    def __init__(self, server: Callable[[dict[str, Any], Start], Iterable[bytes]]) -> None:
        self.server = server
        self.moods: list[dict[str, Any]] = []
        self.chance = random.Random(7)
        self.lock = threading.RLock()

    def __call__(self, request: dict[str, Any], start: Start) -> Iterable[bytes]:
        if request["PATH_INFO"] == "/-/moods":
            self.moods = json.loads(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])))
            start("200 OK", [])
            return [b""]
        kind, seconds = self.mood(request)
        if kind == "slow":
            time.sleep(seconds)
        if kind == "fail":
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]
        status, headers, body = self.ask(request)
        if kind == "lose":
            start("500 Internal Error", [("Content-Type", "application/xml")])
            return [b"<Error><Code>InternalError</Code><Message>Try again.</Message></Error>"]
        if kind == "cut":  # whole to the protocol, cut in truth
            body = body[: len(body) // 2]
            headers = [(name, value) for name, value in headers if name.lower() in ("content-type", "last-modified")]
            headers.append(("Content-Length", str(len(body))))
        start(status, headers)
        return [body]

    def ask(self, request: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], info: object = None) -> None:
            told.extend([status, headers])

        with self.lock:
            body = b"".join(self.server(request, start))
        return told[0], told[1], body

    def mood(self, request: dict[str, Any]) -> tuple[str, float]:
        with self.lock:
            for mood in self.moods:
                fits = mood["method"] == request["REQUEST_METHOD"] and mood["path"] in request["PATH_INFO"]
                if fits and mood.get("times", 1) > 0 and self.chance.random() < mood.get("share", 1.0):
                    if "times" in mood:
                        mood["times"] -= 1
                    return mood["mood"], mood.get("seconds", 0.0)
        return "", 0.0


def serve() -> None:
    """Print the address, and serve."""
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            return

    application = create_backend_app("s3")
    server = make_server("127.0.0.1", 0, Line(application), threaded=True, request_handler=Silent)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


@dataclass(frozen=True, slots=True)
class S3:
    """A running server."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.url}

    def moods(self, *moods: dict[str, Any]) -> None:
        """What goes wrong from now on."""
        self._put("/-/moods", json.dumps(moods).encode())

    def bucket(self, name: str) -> str:
        """Make a bucket, and name a store in it."""
        self._put(f"/{name}", b"")
        return f"s3://{name}/narration"

    def _put(self, path: str, data: bytes) -> None:
        request = urllib.request.Request(f"{self.url}{path}", data=data, method="PUT")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request):
            pass


@contextlib.contextmanager
def serving_s3() -> Iterator[S3]:
    """The server as a process."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-W", "ignore", "-m", "tests.store.s3_server"]
    environment = {**os.environ, **ENVIRONMENT}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment) as process:
        assert process.stdout is not None
        try:
            yield S3(process.stdout.readline().strip())
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.close()


if __name__ == "__main__":
    serve()
