"""A run reduced to the numbers of its record."""

from __future__ import annotations

from pipeline import __version__
from pipeline.errors import Interrupted, NarrateError, SegmentsFailed
from pipeline.render.plan import Plan
from pipeline.render.purse import Spending
from pipeline.render.running import Rendered
from pipeline.reports.publishing import Published
from pipeline.reports.run_record import RunRecord, RunStatus
from pipeline.store.ledger import utc_now
from pipeline.store.takes import TakeStore


def run_record(
    plan: Plan, rendered: Rendered, published: Published, *, run: str, started: str, seconds: float, inputs: str
) -> RunRecord:
    """The record of a run that took ``seconds`` and began with ``plan``."""
    chapters = rendered.plan.chapters
    error = rendered.error
    return RunRecord(
        run=run,
        narrate=__version__,
        started=started,
        ended=utc_now(),
        status=_status(error),
        exit_code=error.exit_code if error else 0,
        engine=plan.engine,
        provider=plan.provider,
        model=plan.model,
        inputs=inputs,
        chapters=len(chapters),
        chapters_whole=sum(chapter.whole for chapter in chapters),
        segments=sum(len(chapter.segments) for chapter in chapters),
        takes_made=rendered.made,
        takes_reused=len({planned.key for planned in plan.segments() if planned.take is not None}),
        segments_failed=rendered.failed,
        audio_seconds=published.audio_seconds,
        wall_seconds=round(seconds, 2),
        spent_cents=rendered.spending.spent_cents,
        reserved_cents=rendered.spending.unknown_cents,
        unknown_charges=rendered.spending.unknown_charges,
        caption_violations=dict(published.caption_violations),
        files=published.files,
        stale=published.stale,
    )


def cut_off_record(
    before: RunRecord | None,
    plan: Plan,
    takes: TakeStore,
    spending: Spending,
    error: BaseException,
    *,
    run: str,
    started: str,
    seconds: float,
) -> RunRecord:
    """The record of a run that ended before it published anything: the outputs of the one ``before`` are still there,
    stale where what they were made from was to be made again."""
    lacking = {planned.segment.chapter for planned in plan.segments() if planned.lacking}
    files = before.files if before is not None else ()
    stale = {file.path for file in files if (file.chapter in lacking if file.chapter else lacking)}
    told = error if isinstance(error, NarrateError) else Interrupted("interrupted")
    return RunRecord(
        run=run,
        narrate=__version__,
        started=started,
        ended=utc_now(),
        status=_status(told),
        exit_code=told.exit_code,
        engine=plan.engine,
        provider=plan.provider,
        model=plan.model,
        inputs="",
        chapters=len(plan.chapters),
        chapters_whole=sum(chapter.whole for chapter in plan.chapters),
        segments=sum(len(chapter.segments) for chapter in plan.chapters),
        takes_made=sum(takes.stored(planned.key) is not None for planned in plan.to_make()),
        takes_reused=len({planned.key for planned in plan.segments() if planned.take is not None}),
        segments_failed=0,
        audio_seconds=before.audio_seconds if before is not None else 0.0,
        wall_seconds=round(seconds, 2),
        spent_cents=spending.spent_cents,
        reserved_cents=spending.unknown_cents,
        unknown_charges=spending.unknown_charges,
        files=tuple(file for file in files if file.path not in stale),
        stale=tuple(sorted({*(before.stale if before is not None else ()), *stale})),
    )


def _status(error: NarrateError | None) -> RunStatus:
    if error is None:
        return "done"
    if isinstance(error, Interrupted):
        return "interrupted"
    return "failed" if isinstance(error, SegmentsFailed) else "stopped"
