"""``narrate preview``: what its server gives and refuses, and what makes it render again."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pipeline.errors import UsageError
from pipeline.previewing import Preview, open_preview
from pipeline.project.loading import load_project
from pipeline.reports.listening.serving import PreviewServer
from pipeline.reports.listening.stage import Stage
from pipeline.reports.listening.watching import look, next_state

SOUND = bytes(range(256)) * 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build = tmp_path / "build"
    (build / "mp3").mkdir(parents=True)
    (build / "mp3" / "1 ä.mp3").write_bytes(SOUND)
    (build / ".hidden").write_text("no")
    (tmp_path / "secret.txt").write_text("no")
    (build / "link.txt").symlink_to(tmp_path / "secret.txt")
    return build


@pytest.fixture
def server(folder: Path):
    with PreviewServer(folder, Stage(), "A <book>") as running, httpx.Client(base_url=running.url) as client:
        client.stage = running._stage
        yield client


URL = "/mp3/1%20%C3%A4.mp3"


def test_sound_is_given_whole_and_in_ranges(server):
    whole = server.get(URL)
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("audio/mpeg", "bytes")
    for asked, span in (("bytes=0-0", (0, 1)), ("bytes=100-", (100, len(SOUND))), ("bytes=-5", (len(SOUND) - 5, None))):
        part = server.get(URL, headers={"range": asked})
        assert (part.status_code, part.content) == (206, SOUND[slice(*span)])
        first = span[0]
        assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(SOUND)}"
    beyond = server.get(URL, headers={"range": f"bytes={len(SOUND)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")


def test_ranges_of_another_version_are_answered_with_all_of_this_one(server):
    tag = server.get(URL).headers["etag"]
    assert server.get(URL, headers={"range": "bytes=0-9", "if-range": tag}).status_code == 206
    assert server.get(URL, headers={"range": "bytes=0-9", "if-range": '"other"'}).content == SOUND
    assert server.get(URL, headers={"if-none-match": tag}).status_code == 304
    head = server.head(URL)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SOUND)))
    assert server.head(URL, headers={"range": "bytes=0-9"}).headers["content-length"] == "10"


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/mp3/..%2f..%2fsecret.txt", "/link.txt", "/.hidden", "/mp3", "/%00",
     "//etc/passwd", "/none.mp3", "/" + "a" * 5000],
)  # fmt: skip
def test_nothing_outside_the_folder_is_given(server, path):
    request = server.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = server.send(request)
    assert answer.status_code == 404
    assert answer.text == "there is no such file\n"


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("evil.example", 421), ("127.0.0.1.evil", 421)],
)
def test_only_names_of_this_machine_are_answered(server, host, status):
    assert server.get("/", headers={"host": host}).status_code == status


def test_only_reading_is_possible(server):
    assert server.post(URL).status_code == 405
    assert server.delete(URL).status_code == 405


def test_a_page_is_there_before_the_first_render_and_knows_its_version(server, folder):
    waiting = server.get("/")
    assert 'data-preview="0"' in waiting.text
    assert "A &lt;book&gt;" in waiting.text
    (folder / "index.html").write_text('<html lang="en"><meta content="connect-src \'none\'">')
    server.stage.built()
    assert server.get("/index.html").text == '<html lang="en" data-preview="1"><meta content="connect-src \'self\'">'
    assert server.get("/").headers["cache-control"] == "no-cache"


def test_the_server_tells_of_new_pages_and_of_trouble(server):
    with server.stream("GET", "/-/events") as events:
        lines = (line for line in events.iter_lines() if line)
        assert [next(lines) for _ in range(4)] == ["event: built", "data: 0", "event: trouble", 'data: ""']
        server.stage.stopped_by("book.md:3: “no”")
        assert [next(lines), next(lines)] == ["event: trouble", 'data: "book.md:3: “no”"']
        server.stage.built()
        assert [next(lines) for _ in range(4)] == ["event: built", "data: 1", "event: trouble", 'data: ""']


def test_a_port_that_is_taken_is_said(folder):
    with PreviewServer(folder, Stage(), "A") as running:
        port = int(running.url.rstrip("/").rsplit(":", 1)[1])
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}"):
            PreviewServer(folder, Stage(), "A", port)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "book.md").write_text("# One\n\nA word.\n")
    (tmp_path / "names.yaml").write_text("entries: [{word: A, replacement: B}]\n")
    write_manifest(tmp_path, "hibari: {voice: heart}")
    return tmp_path


def write_manifest(folder: Path, binding: str, engine: str = "hibari") -> None:
    (folder / "project.yaml").write_text(
        f"title: A\nengine: {engine}\nvoices: {{narrator: {{{binding}}}}}\n"
        "dictionaries: [names.yaml]\nchapters: [{source: '*.md'}]\n"
    )


@pytest.mark.parametrize("name", ["book.md", "names.yaml", "project.yaml", "takes.yaml", "new.md"])
def test_an_edit_of_any_file_of_the_project_is_noticed(project, name):
    loaded = load_project(project)
    known = look(loaded, troubled=False)
    assert look(loaded, troubled=False) == known
    (project / name).write_text("x" * 500)
    assert look(loaded, troubled=False) != known


def test_a_change_counts_once_it_has_come_to_an_end(project):
    loaded = load_project(project)
    sizes = iter([None, 10, 20, 30, None, None])

    def write() -> None:
        size = next(sizes)
        if size:
            (project / "book.md").write_text("x" * size)

    after = next_state(look(loaded, troubled=False), lambda: look(loaded, troubled=False), write)
    assert after[0][project / "book.md"][0] == 30


def test_a_file_that_the_manifest_lacks_is_noticed_when_it_comes(project):
    loaded = load_project(project)
    text = (project / "project.yaml").read_text()
    (project / "project.yaml").write_text(text.replace("names.yaml", "others.yaml"))
    known = look(loaded, troubled=True)
    (project / "names.yaml").rename(project / "others.yaml")
    assert look(loaded, troubled=True) != known


def test_a_paid_engine_is_never_used_for_a_preview(project):
    write_manifest(project, "hibari: {voice: heart}, kugelaudio: {voice_id: 1}", "kugelaudio")
    preview = open_preview(project)
    assert preview.engine == "hibari"
    assert preview.folder == project / "build" / "preview"
    assert "instead of kugelaudio, which costs money" in preview.what
    write_manifest(project, "kugelaudio: {voice_id: 1}", "kugelaudio")
    preview = open_preview(project)
    assert preview.engine is None
    assert preview.folder == project / "build"
    assert "edits are not rendered" in preview.what


def test_trouble_is_shown_and_the_last_page_stays(project):
    preview = Preview(load_project(project), open_preview(project).engine)
    preview.stage.built()
    (project / "project.yaml").write_text("titel: A\n")
    told = preview.make()
    assert told.version == 1
    assert "project.yaml:1:1: titel: unknown key" in told.trouble
    assert preview.stage.scene.trouble == told.trouble
