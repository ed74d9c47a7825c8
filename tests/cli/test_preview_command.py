"""``narrate preview`` as it is run: rendered on the embedded voice, made anew after an edit, ended by Ctrl-C."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process on Windows"),
]


def until(true: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


def test_an_edit_is_heard_an_error_is_shown_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    book = tmp_path / "book.md"
    book.write_text("# One\n\nThe lamp is lit.\n\nNobody is there.\n", encoding="utf-8")
    (tmp_path / "project.yaml").write_text("title: A\nchapters: [{source: book.md}]\noutputs: [{format: srt}]\n")
    command = [sys.executable, "-m", "pipeline.cli.main", "preview", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
            until(lambda: 'data-preview="1"' in httpx.get(url).text, process)
            assert "The lamp is lit." in httpx.get(url).text
            assert httpx.get(f"{url}mp3/1-one.mp3", headers={"range": "bytes=0-1"}).status_code == 206
            book.write_text("# One\n\nThe lamp is out.\n\nNobody is there.\n", encoding="utf-8")
            until(lambda: 'data-preview="2"' in httpx.get(url).text, process)
            assert "The lamp is out." in httpx.get(url).text
            shutil.move(book, tmp_path / "moved.txt")
            with httpx.stream("GET", f"{url}-/events", timeout=60) as events:
                trouble = next(line for line in events.iter_lines() if "book.md" in line)
            assert "chapters" in trouble
            assert "The lamp is out." in httpx.get(url).text
            process.send_signal(signal.SIGINT)
            said, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    assert "1 take made, page 2" in said
    assert said.endswith("ended; what was made is kept\n")
    assert not (tmp_path / "build" / "index.html").exists()
    shutil.move(tmp_path / "moved.txt", book)
    subprocess.run([sys.executable, "-m", "pipeline.cli.main", "clean", str(tmp_path)], check=True)
    assert not (tmp_path / "build" / "preview").exists()
