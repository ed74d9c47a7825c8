"""Waveforms of chapters, kept in ``.narration/waveforms``: an edit measures the chapters that it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.assembly.reading import OpenTake
from pipeline.assembly.timeline import ChapterTimeline
from pipeline.reports.listening.waveform import Envelope, chapter_waveform, take_envelope
from pipeline.store.files import write_atomically

_SUFFIX = "wave"


def waveform_path(folder: Path, digest: str) -> Path:
    """Where the waveform of a chapter with this digest is kept."""
    return folder / f"{digest}.{_SUFFIX}"


def keep_waveform(timeline: ChapterTimeline, path: Path, envelopes: Mapping[str, Envelope]) -> None:
    """Keep a chapter's waveform, unless it is kept; ``envelopes`` are those of its takes. Raises StorageError."""
    if not path.exists():
        write_atomically(path, chapter_waveform(timeline, envelopes))


def chapter_waveforms(
    timelines: Mapping[str, ChapterTimeline],
    folder: Path,
    digest: Callable[[str], str],
    open_take: OpenTake,
    *,
    threads: int = 2,
) -> dict[str, bytes]:
    """The waveform of every chapter by slug, from ``folder`` where it is kept under the chapter's ``digest``.

    For what is not kept its takes are read. Waveforms of chapters that are no more are removed. Raises StorageError.
    """
    paths = {slug: waveform_path(folder, digest(slug)) for slug in timelines}
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="waveform") as pool:
        for slug, path in paths.items():  # one after another: no more than a chapter's takes are held at a time
            if not path.exists():
                keys = list(keys_in(timelines[slug]))
                envelopes = zip(keys, pool.map(lambda key: take_envelope(open_take(key)), keys), strict=True)
                keep_waveform(timelines[slug], path, dict(envelopes))
    for old in set(folder.glob(f"*.{_SUFFIX}")) - set(paths.values()):
        old.unlink()
    return {slug: path.read_bytes() for slug, path in paths.items()}


def keys_in(timeline: ChapterTimeline) -> Iterable[str]:
    """The keys of a chapter's takes, each once, in order."""
    return dict.fromkeys(clip.key for clip in timeline.clips)
