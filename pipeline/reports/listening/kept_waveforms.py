"""Waveforms of chapters, kept in ``.narration/waveforms``: an edit measures the chapters that it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.assembly.reading import OpenTake
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.reports.listening.waveform import Envelope, chapter_waveform, take_envelope
from pipeline.store.files import write_atomically

_SUFFIX = "wave"


def chapter_waveforms(
    timelines: Mapping[str, ChapterTimeline],
    folder: Path,
    digest: Callable[[str], str],
    measured: Mapping[str, Envelope],
    open_take: OpenTake,
    *,
    threads: int = 2,
) -> dict[str, bytes]:
    """The waveform of every chapter by slug, from ``folder`` where it is kept under the chapter's ``digest``.

    What is not kept is made of the ``measured`` takes; takes that nobody has opened yet are read. Waveforms of
    chapters that are no more are removed. Raises StorageError.
    """
    paths = {slug: folder / f"{digest(slug)}.{_SUFFIX}" for slug in timelines}
    lacking = [slug for slug, path in paths.items() if not path.exists()]
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="waveform") as pool:
        for slug in lacking:  # one after another: no more than a chapter's takes are held at a time
            keys = dict.fromkeys(clip.key for clip in timelines[slug].clips)
            unheard = [key for key in keys if key not in measured]
            envelopes = {key: measured[key] for key in keys if key in measured}
            envelopes |= zip(unheard, pool.map(lambda key: take_envelope(open_take(key)), unheard), strict=True)
            write_atomically(paths[slug], chapter_waveform(timelines[slug], envelopes))
    for old in set(folder.glob(f"*.{_SUFFIX}")) - set(paths.values()):
        old.unlink()
    return {slug: path.read_bytes() for slug, path in paths.items()}
