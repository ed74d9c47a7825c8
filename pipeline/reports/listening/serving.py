"""The preview's server: the files of one folder, to this machine only, and word of every new page.

Browsers ask for sound in ranges (RFC 9110, section 14), without which they cannot seek. Only requests for a loopback
name are answered: a page from elsewhere whose name is made to mean this machine gets nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline.errors import UsageError
from pipeline.reports.listening.page import Page, for_preview, page_html
from pipeline.reports.listening.page_file import PAGE_FILE
from pipeline.reports.listening.sources import MEDIA_TYPES
from pipeline.reports.listening.stage import Scene, Stage

LOOPBACK = "127.0.0.1"
_NAMES = frozenset({LOOPBACK, "localhost", "::1"})
_LOOK_SECONDS = 0.2
_START_SECONDS = 10.0
_TYPES = {f".{kind}": media.partition(";")[0] for kind, media in MEDIA_TYPES.items()} | {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".vtt": "text/vtt; charset=utf-8",
    ".epub": "application/epub+zip",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".xml": "text/xml",
}
_TEXT = frozenset({".txt", ".srt", ".lrc", ".ass"})
_SAFE = {
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


def preview_app(folder: Path, stage: Stage, title: str) -> Starlette:
    """What serves ``folder`` and tells pages what is on ``stage``; ``title`` stands on the page while there is none."""

    async def answer(request: Request) -> Response:
        if urlsplit(f"//{request.headers.get('host', '')}").hostname not in _NAMES:
            return _plain("this server answers to 127.0.0.1 and localhost alone", 421)
        name = request.path_params["name"]
        if name == "-/events":
            return StreamingResponse(_events(stage), media_type="text/event-stream", headers=_SAFE)
        if name in ("", PAGE_FILE):
            return _page(folder, stage.scene, title)
        return await asyncio.to_thread(_file, folder, name, request)

    route: Callable[[Request], Awaitable[Response]] = answer
    return Starlette(routes=[Route("/{name:path}", route, methods=["GET", "HEAD"])])


def _page(folder: Path, scene: Scene, title: str) -> Response:
    try:
        html = (folder / PAGE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        empty = Page("", title, "", "en", (), ("Nothing is rendered yet.",), None)
        html = "".join(page_html(empty))
    return HTMLResponse(for_preview(html, str(scene.version)), headers=_SAFE)


def _file(folder: Path, name: str, request: Request) -> Response:
    """A file below the folder, whole or in part; symbolic links that lead out of it lead nowhere."""
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        known = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        known = False
    if not known or any(part.startswith(".") for part in path.relative_to(root).parts):
        return _plain("there is no such file", 404)
    response = FileResponse(path, media_type=_media_type(path), headers=_SAFE, stat_result=path.stat())
    held = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if response.headers["etag"] in held or "*" in held:
        kept = {name: response.headers[name] for name in ("etag", "last-modified")}
        return Response(status_code=304, headers=_SAFE | kept)
    return response


def _media_type(path: Path) -> str:
    if path.suffix in _TEXT:
        return "text/plain; charset=utf-8"
    return _TYPES.get(path.suffix, "application/octet-stream")


def _plain(words: str, status: int) -> Response:
    return PlainTextResponse(f"{words}\n", status_code=status, headers=_SAFE)


async def _events(stage: Stage) -> AsyncIterator[str]:
    """The scene, whenever it is another one (WHATWG HTML, server-sent events)."""
    told: Scene | None = None
    while not stage.closed:
        scene = stage.scene
        if told is None or scene.version != told.version:
            yield f"event: built\ndata: {scene.version}\n\n"
        if told is None or scene.trouble != told.trouble:
            yield f"event: trouble\ndata: {orjson.dumps(scene.trouble).decode()}\n\n"
        told = scene
        await asyncio.sleep(_LOOK_SECONDS)


class PreviewServer:
    """The server on a thread of this process, for the length of a ``with`` block; ``port`` 0 takes a free one.

    Raises UsageError where the port cannot be had.
    """

    def __init__(self, folder: Path, stage: Stage, title: str, port: int = 0) -> None:
        self._line = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._line.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            self._line.close()
            raise UsageError(f"cannot listen on {LOOPBACK}:{port}: {error}", hint="give --port another") from error
        self._stage = stage
        config = uvicorn.Config(
            preview_app(folder, stage, title),
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            use_colors=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        run = partial(self._server.run, sockets=[self._line])
        self._thread = threading.Thread(target=run, daemon=True, name="preview")

    @property
    def url(self) -> str:
        """Where it listens: http://127.0.0.1:PORT/."""
        return f"http://{LOOPBACK}:{self._line.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._line.listen(64)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.closed = True
        self._server.should_exit = True
        self._thread.join(_START_SECONDS)
        self._line.close()
