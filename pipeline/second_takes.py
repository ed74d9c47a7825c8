"""Another take of the worst segments, kept where it verifies better: verify, retake, render, verify again.

At most one take of each segment a call, made under the rules of any render: budget, consent, ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import workflow
from pipeline.errors import NarrateError
from pipeline.project.loading import load_project
from pipeline.render.events import Receiver
from pipeline.render.retaking import Retaken
from pipeline.render.spending import Confirm
from pipeline.render.together import Together
from pipeline.reports.quality.second_takes import SecondTake, faults_by_segment, faults_of, worst_segments
from pipeline.reports.quality.verifying import Verification
from pipeline.store.chosen_takes import ChosenTakes, read_chosen, text_hash, write_chosen
from pipeline.workflow import RenderOptions


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of the second takes, how the project verifies now, and what ended the rendering badly, if anything."""

    takes: tuple[SecondTake, ...]
    report: Verification
    error: NarrateError | None = None


def second_takes(
    path: Path,
    report: Verification,
    most: int,
    *,
    verify: Callable[[], Verification],
    engine: str | None,
    offline: bool,
    options: RenderOptions,
    receiver: Receiver,
    confirm: Confirm | None,
) -> Mended:
    """Ask for another take of the ``most`` worst segments of ``report``; keep each where it is found to be better.

    ``takes.yaml`` is as it was before for every take that was not made or is no better; one that was made before the
    rendering was cut off stays chosen, and the next call judges it. Raises
    what ``retake`` and ``render`` raise: UsageError without consent to spend, LockHeld, StorageError.
    """
    segments = worst_segments(report.findings, most)
    if not segments:
        return Mended((), report)
    folder = load_project(path, engine=engine).folder
    before = read_chosen(folder)
    whole = not workflow.plan(path, engine=engine, api_url=options.api_url, offline=offline).to_make()
    retaken, _ = workflow.retake(path, segments, engine=engine, api_url=options.api_url, offline=offline)
    # Where other chapters are not made yet, they are not to be made, and paid, now.
    chapters = (
        None
        if whole
        else ",".join(dict.fromkeys(place.rpartition(":")[0] for each in retaken for place in each.places))
    )
    # what is put back below is rendered too: both count against one --max-cost
    options = replace(options, chapters=chapters, together=options.together or Together())

    def stored_texts() -> set[str]:
        now = workflow.plan(path, engine=engine, api_url=options.api_url, offline=offline)
        return {text_hash(planned.segment.text) for planned in now.segments() if planned.take is not None}

    try:
        outcome = workflow.render(path, engine=engine, options=options, receiver=receiver, confirm=confirm)
    except (NarrateError, KeyboardInterrupt):
        _put_back(folder, before, {text_hash(each.planned.segment.text) for each in retaken} - _known(stored_texts))
        raise
    stored = stored_texts()
    after = verify() if any(text_hash(each.planned.segment.text) in stored for each in retaken) else report
    made = _compared(segments, retaken, stored, report, after)
    rejected = {text_hash(each.planned.segment.text) for each, take in zip(retaken, made, strict=True) if not take.kept}
    if not rejected:
        return Mended(made, after, outcome.error)
    _put_back(folder, before, rejected)
    workflow.render(path, engine=engine, options=options, receiver=receiver, confirm=confirm)
    return Mended(made, verify(), outcome.error)


def _put_back(folder: Path, before: ChosenTakes, texts: set[str]) -> None:
    """Choose for ``texts`` what was chosen before."""
    kept = {text: choice for text, choice in read_chosen(folder).items() if text not in texts}
    write_chosen(folder, {**kept, **{text: choice for text, choice in before.items() if text in texts}})


def _known(stored_texts: Callable[[], set[str]]) -> set[str]:
    """The texts whose chosen take is stored: it was paid for, and the next call judges it. None where that cannot be
    told: everything is as it was then."""
    try:
        return stored_texts()
    except NarrateError:
        return set()


def _compared(
    segments: Sequence[str], retaken: Sequence[Retaken], stored: set[str], report: Verification, after: Verification
) -> tuple[SecondTake, ...]:
    before, now = faults_by_segment(report.findings), faults_by_segment(after.findings)
    return tuple(
        SecondTake(
            segment,
            each.before,
            each.take,
            faults_of(before, segment),
            faults_of(now, segment) if text_hash(each.planned.segment.text) in stored else None,
        )
        for segment, each in zip(segments, retaken, strict=True)
    )
