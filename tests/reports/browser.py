"""A real browser for the tests: Chromium without a window, driven over its DevTools protocol (a WebSocket)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"),
    *("--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "about:blank"),
)


class Tab:
    """A page of the browser. ``problems`` are what scripts threw and what the page's policy or the network refused."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = count(1)
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask something of the browser, and wait for its answer."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._line.recv(timeout=60))
            self._note(message)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])

    def _note(self, message: dict[str, Any]) -> None:
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(message["params"]["exceptionDetails"])[:500])
            case "Log.entryAdded" if message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                self.problems.append(f"{entry['text']} {entry.get('url', '')}")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:800])
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 20.0) -> Any:
        """The first true value of an expression."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, f"never came true: {script}"
            time.sleep(0.05)
        return value

    def go(self, url: str) -> None:
        """Open a page and wait until all of it is there."""
        self.send("Page.navigate", url=url)
        self.wait(f"document.readyState === 'complete' && location.href.split('#')[0] === {json.dumps(url)}")

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """How large the window is, and whether it is dark."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str) -> None:
        """Press a key, as a person does."""
        text = {} if len(key) > 1 else {"text": key}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def painted(self) -> None:
        """Wait until the page was painted: until then its rows have the heights that its style reserves for them."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => 1)")

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        """Save what is seen."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))


class Browser:
    """A running browser, asked over its own connection for tabs that know nothing of each other."""

    def __init__(self, line: ClientConnection, port: str) -> None:
        self._line, self._port = line, port
        self._numbers = count(1)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (message := json.loads(self._line.recv(timeout=60))).get("id") != number:
            continue
        assert "error" not in message, message
        return dict(message["result"])

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """A tab with nothing remembered: what an earlier page stores late does not reach it."""
        context = self._ask("Target.createBrowserContext")["browserContextId"]
        page = self._ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        url = f"ws://127.0.0.1:{self._port}/devtools/page/{page}"
        with connect(url, max_size=None, compression=None, proxy=None) as line:
            yield Tab(line)
        self._ask("Target.disposeBrowserContext", browserContextId=context)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile; skips the test where there is no Chromium (NARRATE_CHROMIUM)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("NARRATE_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no chromium is installed (apt-get install chromium, or set NARRATE_CHROMIUM)")
    profile.mkdir()
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen([program, f"--user-data-dir={profile}", *_FLAGS], stdout=log, stderr=log)
    try:
        port, path = _port_and_path(profile, process)
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, compression=None, proxy=None) as line:
            yield Browser(line, port)
    finally:
        process.terminate()
        process.wait(20)


def _port_and_path(profile: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    """Where the browser listens: it writes that into its profile."""
    file, deadline = profile / "DevToolsActivePort", time.monotonic() + 60
    while not file.exists() or "\n" not in file.read_text():
        assert process.poll() is None, (profile / "log").read_text()
        assert time.monotonic() < deadline, "the browser did not start"
        time.sleep(0.05)
    port, path = file.read_text().split()
    return port, path
