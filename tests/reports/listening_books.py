"""Small books rendered with tones, for the tests of the page."""

from __future__ import annotations

from pathlib import Path

from pipeline.engines.instant import InstantEngine
from pipeline.manuscript.reading import read_manuscript
from pipeline.project.loading import load_project
from pipeline.render.plan import make_plan
from pipeline.render.running import render_missing
from pipeline.reports.publishing import Published, publish
from pipeline.reports.run_record import RunRecord, read_run_record, write_run_record
from pipeline.script.scripting import write_script
from pipeline.store.layout import Layout

BOOK = """# One

“Ready?” asked Ada 📖. The lamp &lt;/script>&lt;script>alert(1)&lt;/script> burned, and nobody &lt;b>spoke&lt;/b> of it.

She waited for the second bell & counted: one, two, three.

# Zwei

שלום עולם, אמר האיש הזקן.

吾輩は猫である。名前はまだ無い。

It rained until the end.
"""


class Voice(InstantEngine):
    """The instant engine under the name that the manifest binds."""

    name = "hibari"


def rendered(folder: Path, book: str = BOOK, outputs: str = "[{format: mp3, bitrate_kbps: 64}]") -> Published:
    """The book, made in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.md").write_text(book, encoding="utf-8")
    manifest = f"title: Ada <& the> Lamp\nauthor: A. Author\nchapters: [{{source: book.md}}]\noutputs: {outputs}\n"
    (folder / "project.yaml").write_text(manifest, encoding="utf-8")
    project = load_project(folder)
    layout = Layout.of(project)
    plan = make_plan(write_script(read_manuscript(project), project, limit=5000), project, Voice(), layout.takes)
    everything = frozenset(chapter.script.slug for chapter in plan.chapters)
    done = render_missing(plan, Voice(), layout, run="r1", selected=everything, receiver=lambda event: None)
    published = publish(
        project, done.plan, layout, layout.outputs, selected=None, force=False, partial=False, threads=2,
        receiver=lambda event: None,
    )  # fmt: skip
    _record(layout.outputs, published)
    return published


def _record(out: Path, published: Published) -> None:
    previous = read_run_record(out)
    numbers = dict.fromkeys(
        ("exit_code", "chapters", "chapters_whole", "segments", "takes_made", "takes_reused", "segments_failed"), 0
    )
    record = previous or RunRecord(
        run="r1", narrate="0", started="", ended="", status="done", engine="hibari", provider="embedded",
        model="instant", inputs="", audio_seconds=1.0, wall_seconds=1.0, **numbers,
    )  # fmt: skip
    write_run_record(out, record.model_copy(update={"files": published.files, "stale": published.stale}))
