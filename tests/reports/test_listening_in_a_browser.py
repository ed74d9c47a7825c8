"""The page in a real browser: from a folder and previewed, wide and narrow, light and dark, by keys and clicks."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from browser import Browser, Tab, browser
from listening_books import BOOK, rendered

from pipeline.reports.listening.serving import PreviewServer
from pipeline.reports.listening.stage import Stage
from pipeline.reports.timeline_reading import read_timeline

pytestmark = pytest.mark.slow

AT = "document.getElementById('position').value * 1"
NOW = "document.querySelector('.now')?.textContent"
PLAY = "document.getElementById('play')"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    rendered(folder, BOOK + "\nThe rain went on for a long while after that, and then some more of it. " * 20)
    (folder / "build" / "verify.json").write_text("{}")
    return folder / "build"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser") / "profile") as running:
        yield running


@pytest.fixture
def window(chromium: Browser) -> Iterator[Tab]:
    with chromium.tab() as tab:
        tab.screen(1280, 800)
        yield tab


@pytest.fixture
def tab(window: Tab, build: Path) -> Tab:
    """The page opened from its folder."""
    window.go((build / "index.html").as_uri())
    window.wait("!!document.querySelector('#text p')")
    return window


def test_it_plays_from_a_folder_and_the_marked_word_is_the_one_that_is_spoken(tab, build):
    words = read_timeline(build).chapters[0].words
    text = read_timeline(build).chapters[0].text
    tab.run(f"{PLAY}.click(), 1")
    tab.wait(f"{AT} > 0.9")
    for _ in range(12):
        at, now = tab.run(f"[{AT}, {NOW}]")
        near = [
            text[int(words.char_start[index]) : int(words.char_end[index])]
            for index in range(len(words))
            if int(words.start_sample[index]) / 24_000 - 0.2 <= at
            and (index + 1 == len(words) or at <= int(words.start_sample[index + 1]) / 24_000 + 0.2)
        ]
        assert now in near, at
        time.sleep(0.15)
    assert tab.run(f"{PLAY}.textContent") == "Pause"
    tab.run(f"{PLAY}.click(), 1")
    tab.wait(f"{PLAY}.textContent === 'Play'")
    assert tab.problems == []


def test_a_click_on_a_word_goes_to_it(tab, build):
    chapter = read_timeline(build).chapters[0]
    index = next(i for i in range(len(chapter.words)) if chapter.text[chapter.words.char_start[i] :][:4] == "bell")
    tab.painted()
    place = tab.run("""(() => {
      const walk = document.createTreeWalker(document.getElementById('text'), NodeFilter.SHOW_TEXT);
      for (let node; (node = walk.nextNode());) {
        const at = node.data.indexOf('bell');
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at); range.setEnd(node, at + 4);
        const box = range.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
      }})()""")
    # noted in the page: it plays on from there, and a busy machine may look only when the next word is spoken
    tab.run(f"""window.marked = [], new MutationObserver(() => {{
      const now = {NOW};
      if (now && marked.at(-1)?.[0] !== now) marked.push([now, {AT}]);
    }}).observe(document.body, {{subtree: true, childList: true, attributes: true}}), 1""")
    tab.click(*place)
    word, at = tab.wait("marked[0]")
    assert word == "bell"
    assert at == pytest.approx(int(chapter.words.start_sample[index]) / 24_000, abs=0.3)
    tab.wait(f"{PLAY}.textContent === 'Pause'")


def test_keys_play_seek_turn_chapters_and_change_the_pace(tab):
    tab.press(" ")
    tab.wait(f"{AT} > 0.3")
    tab.press("k")
    tab.wait(f"{PLAY}.textContent === 'Play'")
    before = tab.run(AT)
    tab.press("ArrowRight")
    tab.wait(f"Math.abs({AT} - {before} - 5) < 1")
    tab.press("j")
    tab.wait(f"{AT} < 1")
    tab.press("]")
    tab.wait("document.querySelector('[aria-current]').textContent.startsWith('Zwei')")
    tab.press("+")
    assert tab.run("document.getElementById('rate').value") == "1.25"
    tab.press("-")
    tab.press("[")
    tab.wait("document.querySelector('[aria-current]').textContent.startsWith('One')")
    tab.run("document.getElementById('keys-on').click(), 1")
    tab.press("]")
    assert tab.run("document.querySelector('[aria-current]').textContent").startswith("One")
    tab.run("document.getElementById('keys-on').click(), 1")
    assert tab.problems == []


def test_it_goes_on_where_it_was_left(tab, build):
    tab.press("]")
    tab.run("document.querySelectorAll('#text .at')[3].click(), 1")
    tab.wait(f"{PLAY}.textContent === 'Pause'")
    tab.press("k")
    at = tab.wait(f"{AT} > 1 && {AT}")
    tab.go("about:blank")
    time.sleep(1)  # Chromium hands what a page stored to the next page's process in its own time, some 50 ms later
    tab.go((build / "index.html").as_uri())
    tab.wait("document.querySelector('[aria-current]').textContent.startsWith('Zwei')")
    assert tab.run(AT) == pytest.approx(at, abs=1.0)


def test_the_book_s_words_are_shown_as_words_in_their_direction(tab):
    assert "</script><script>alert(1)</script>" in tab.run("document.getElementById('text').textContent")
    assert tab.run("document.querySelectorAll('#text b, #text script').length") == 0
    tab.press("]")
    directions = tab.run("[...document.querySelectorAll('#text p')].map(each => getComputedStyle(each).direction)")
    assert directions[:3] == ["rtl", "ltr", "ltr"]
    tab.run("document.querySelectorAll('#text .at')[1].click(), 1")
    tab.wait(f"{NOW} === 'שלום'")
    assert tab.problems == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_cut_off_at_any_width_and_colours_follow_the_screen(tab, width, dark):
    tab.screen(width, 800, dark=dark, phone=width < 1000)
    tab.run("document.querySelectorAll('details').forEach(each => { each.open = true }), 1")
    tab.run("document.getElementById('show-takes').click(), 1")
    tab.wait("document.querySelectorAll('#take-rows button').length > 1")
    assert tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    boxes = tab.run("[...document.querySelectorAll('.controls > *')].map(e => e.getBoundingClientRect().toJSON())")
    assert all(box["left"] >= 0 and box["right"] <= width and box["height"] >= 44 for box in boxes)
    assert len({box["top"] for box in boxes}) == 1 or width < 390
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("dark", [False, True])
def test_it_passes_an_accessibility_checker(tab, dark):
    if importlib.util.find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed (pip install --group dev)")
    tab.screen(390, 844, dark=dark, phone=True)
    tab.run("document.querySelectorAll('details').forEach(each => { each.open = true }), 1")
    tab.run("document.querySelectorAll('#text .at')[1].click(), 1")
    tab.wait(f"!!{NOW}")
    tab.press("k")
    tab.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + ";1")
    found = tab.run("axe.run().then(result => JSON.stringify(result.violations.map("
                    "each => [each.id, each.help, each.nodes.map(node => node.html.slice(0, 200))])))")  # fmt: skip
    assert json.loads(found) == []


def test_the_preview_shows_trouble_and_then_the_new_page_at_the_same_place(window, tmp_path):
    rendered(tmp_path)
    stage = Stage()
    stage.built()
    with PreviewServer(tmp_path / "build", stage, "Ada") as server:
        window.go(server.url)
        window.wait("!!document.querySelector('#text p')")
        window.run("document.querySelectorAll('#text .at')[2].click(), 1")
        window.wait(f"{PLAY}.textContent === 'Pause'")
        window.press("k")
        paragraph = "document.querySelector('.now').parentElement.textContent"
        before = window.run(paragraph)
        stage.stopped_by("book.md:3: no voice is called “x”")
        window.wait("document.getElementById('trouble').textContent.includes('no voice')")
        rendered(tmp_path, BOOK.replace("“Ready?” asked", "“Are you quite ready by now?” asked"))
        stage.built()
        window.wait("document.documentElement?.dataset.preview === '2' && document.readyState === 'complete'")
        window.wait("document.getElementById('text').textContent.includes('quite ready')")
        assert window.wait(f"!!document.querySelector('.now') && {paragraph}") == before
        assert window.run("document.getElementById('trouble').hidden") is True
        assert window.problems == []
        window.go("about:blank")
