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
    unheard = {clip.key for slug in lacking for clip in timelines[slug].clips} - measured.keys()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="waveform") as pool:
        keys = sorted(unheard)
        heard = dict(zip(keys, pool.map(lambda key: take_envelope(open_take(key)), keys), strict=True))
    for slug in lacking:
        write_atomically(paths[slug], chapter_waveform(timelines[slug], {**measured, **heard}))
    for old in set(folder.glob(f"*.{_SUFFIX}")) - set(paths.values()):
        old.unlink()
    return {slug: path.read_bytes() for slug, path in paths.items()}
