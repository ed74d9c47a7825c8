"""``index.html`` among the outputs: made by a render, and told what ``narrate verify`` found afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import orjson

from pipeline.assembly.timeline import TIMELINE_RATE, ChapterTimeline, Timeline
from pipeline.project.models import Project
from pipeline.reports.listening.chapter_data import chapter_data, keys_of
from pipeline.reports.listening.findings import Finding, findings_data, read_findings
from pipeline.reports.listening.page import Page, PageChapter, findings_block, page_html
from pipeline.reports.listening.sources import chapter_sources
from pipeline.reports.run_record import file_record, read_run_record, write_run_record
from pipeline.store.files import replacing, write_atomically
from pipeline.store.sidecars import Take

PAGE_FILE = "index.html"
_FINDINGS = re.compile(r'^<script type="application/json" id="findings">.*</script>\n', re.MULTILINE)
_BOOK = re.compile(r'^<script type="application/json" id="book">(.*)</script>$', re.MULTILINE)


def write_page(
    project: Project,
    timelines: Sequence[ChapterTimeline],
    numbers: Mapping[str, int],
    takes: Mapping[str, Take],
    waveforms: Mapping[str, bytes],
    out: Path,
) -> None:
    """Write the page of the ``timelines``' chapters into ``out``, beside their sound and ``timeline.json``.

    ``numbers`` are the chapters' in the book, as their files are named. Raises StorageError.
    """
    whole = len(timelines) == len(numbers)
    stem = project.slug if whole else f"{project.slug}.partial"
    starts = Timeline(tuple(timelines)).starts()
    chapters = tuple(
        PageChapter(
            slug=timeline.slug,
            title=timeline.title,
            seconds=timeline.samples / TIMELINE_RATE,
            sources=tuple(
                chapter_sources(
                    project, stem, timeline.slug, numbers[timeline.slug], len(numbers), start / TIMELINE_RATE
                )
            ),
            waveform=waveforms[timeline.slug],
            data=partial(chapter_data, timeline, takes),
        )
        for timeline, start in zip(timelines, starts, strict=True)
    )
    page = Page(
        slug=project.slug,
        title=project.title,
        author=project.author or "",
        language=project.language,
        chapters=chapters,
        costs=tuple(cost_sentences(takes[key] for key in sorted(keys_of(timelines)) if key in takes)),
        findings=findings_data(read_findings(out), {each.slug: index for index, each in enumerate(timelines)}),
    )
    with replacing(out / PAGE_FILE) as temporary, temporary.open("wb") as file:
        file.writelines(piece.encode() for piece in page_html(page))


def cost_sentences(takes: Iterable[Take]) -> list[str]:
    """What the takes that are heard cost, real and simulated money apart; an unknown charge is never zero."""
    cents: dict[str, Decimal] = {}
    unknown: dict[str, int] = {}
    counts: dict[str, int] = {}
    seconds = 0.0
    for take in takes:
        seconds += take.seconds
        provider = str(take.inputs["provider"]) if take.inputs["engine"] == "kugelaudio" else ""
        counts[provider] = counts.get(provider, 0) + 1
        if take.usage.cost_cents is not None:
            cents[provider] = cents.get(provider, Decimal(0)) + take.usage.cost_cents
        elif provider:
            unknown[provider] = unknown.get(provider, 0) + 1
    lines = [f"{sum(counts.values())} takes are heard, {round(seconds / 60)} minutes of audio."]
    if counts.get(""):
        lines.append(f"{counts.pop('')} of an embedded voice, which cost nothing.")
    for provider, count in sorted(counts.items()):
        money = "" if provider == "kugelaudio" else f" (simulated money of {provider})"
        known = f"{cents.get(provider, Decimal(0)).normalize():f} cents{money}"
        lines.append(f"{count} bought for {known}.")
        if unknown.get(provider):
            lines.append(f"Of these, the price of {unknown[provider]} is unknown and not in the sum.")
    return [*lines, "All attempts, those that were not used as well: `narrate costs`."]


def show_findings(out: Path, findings: Sequence[Finding] | None = None) -> bool:
    """Put findings (None: those of ``verify.json``) into the page in ``out``, and its new size into ``run.json``.

    Returns False where there is no page. Raises StorageError.
    """
    path = out / PAGE_FILE
    try:
        html = path.read_bytes().decode()
    except FileNotFoundError:
        return False
    book = _BOOK.search(html)
    if book is None:
        return False
    chapters = {chapter["slug"]: index for index, chapter in enumerate(orjson.loads(book[1])["chapters"])}
    found = read_findings(out, current=True) if findings is None else tuple(findings)
    block = findings_block(findings_data(found, chapters))
    write_atomically(path, _FINDINGS.sub(lambda _: block, html, count=1).encode())
    _record(out)
    return True


def _record(out: Path) -> None:
    """The page is as current as it was: what went into it besides findings has not changed."""
    record = read_run_record(out)
    if record is None:
        return
    files = tuple(
        file_record(out, each.path, each.kind, each.chapter, each.inputs) if each.path == PAGE_FILE else each
        for each in record.files
    )
    write_run_record(out, record.model_copy(update={"files": files}))
