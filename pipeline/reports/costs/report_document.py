"""A cost report for people: real money first, simulated money apart, and what stays unknown."""

from __future__ import annotations

from decimal import Decimal

from pipeline.reports.costs.attempts import Conflict, Money
from pipeline.reports.costs.charges import NOTHING, Charges
from pipeline.reports.costs.document import Bar, Block, Document, Heading, Lines, Table
from pipeline.reports.costs.exact import ZERO, plain, total
from pipeline.reports.costs.grouping import View
from pipeline.reports.costs.lines import Reading
from pipeline.reports.costs.periods import Period
from pipeline.reports.costs.report import Account, CostReport
from pipeline.reports.costs.wording import WASTE, aligned, amount, attempts, known, length, moment

_NAMED_AT_MOST = 20
_COMMIT_DIGITS = 12
_OVER_TIME = (("day",), ("month",))
_TITLES = {Money.REAL: "Real money", Money.SIMULATED: "Simulated money (local servers; nobody pays this)"}


def report_document(report: CostReport, *, simulated: bool) -> Document:
    """The whole report; ``simulated`` shows the simulated money in full, else it is mentioned."""
    blocks: list[Block] = [Heading(f"Costs of {', '.join(map(known, report.projects))}", 1)]
    blocks.append(Lines((_period_line(report.period),)))
    blocks += _account_blocks(report.real, report.period)
    if simulated:
        blocks += _account_blocks(report.simulated, report.period)
    notes = _notes(report, simulated)
    return (*blocks, Lines(tuple(notes))) if notes else tuple(blocks)


def _period_line(period: Period) -> str:
    since = f"from {moment(period.since, period.zone)} " if period.since else ""
    until = f"until before {moment(period.until, period.zone)} " if period.until else ""
    return f"Net EUR cents; times in {known(period.zone_name)}; {since}{until}".rstrip("; ")


def _account_blocks(account: Account, period: Period) -> list[Block]:
    blocks: list[Block] = [Heading(_TITLES[account.money]), Lines(_summary(account))]
    if account.total.attempts:
        blocks += [_view_table(view) for view in account.views]
    if account.waste:
        blocks.append(_waste_table(account))
    if account.unknown:
        blocks += _unknown_blocks(account, period)
    return blocks


def _summary(account: Account) -> tuple[str, ...]:
    charges = account.total
    total_line = f"Total: {amount(charges)} for {attempts(charges.attempts)}, {length(charges.audio_seconds)} of audio"
    if not account.waste:
        return (total_line, "Wasted: nothing")
    return (total_line, f"Wasted (in the total): {amount(account.wasted)} for {attempts(account.wasted.attempts)}")


def _view_table(view: View) -> Table:
    rows = view.rows
    everything = [row.charges for row in rows] + [view.total()]
    wasted = [row.wasted for row in rows] + [sum((row.wasted for row in rows), NOTHING)]
    numbers = _charge_columns(everything)
    lost = [f"≥ {text}" if each.unknown else text for each, text in zip(wasted, _cents(wasted), strict=True)]
    body = [(*line[:2], each, *line[2:]) for line, each in zip(numbers, lost, strict=True)]
    names = [tuple(map(_shown, view.by, row.values)) for row in rows]
    return Table(
        caption=f"By {', '.join(view.by)}",
        columns=(*view.by, "cents", "unknown", "of it wasted", "attempts", "audio", "characters"),
        rows=tuple((*name, *line) for name, line in zip(names, body[:-1], strict=True)),
        texts=len(view.by),
        total=("total", *[""] * (len(view.by) - 1), *body[-1]),
        bars=_bars(view),
        over_time=view.by in _OVER_TIME,
    )


def _shown(dimension: str, value: str | None) -> str:
    """A commit by its first digits, everything else in full."""
    return known(value[:_COMMIT_DIGITS] if dimension == "revision" and value else value)


def _charge_columns(charges: list[Charges]) -> list[tuple[str, ...]]:
    return [
        (
            f"≥ {cents}" if each.unknown else cents,
            f"{each.unknown:,}" if each.unknown else "",
            f"{each.attempts:,}",
            length(each.audio_seconds),
            f"{each.characters:,}",
        )
        for each, cents in zip(charges, _cents(charges), strict=True)
    ]


def _cents(charges: list[Charges]) -> list[str]:
    return aligned([each.cents for each in charges])


def _bars(view: View) -> tuple[Bar, ...]:
    longest = max((row.charges.cents for row in view.rows), default=ZERO)
    if not longest:
        return ()
    return tuple(Bar(float(row.charges.cents / longest), float(row.wasted.cents / longest)) for row in view.rows)


def _waste_table(account: Account) -> Table:
    charges = [*account.waste.values(), account.wasted]
    names = [*(WASTE[kind] for kind in account.waste), "total"]
    lines = [(name, *columns) for name, columns in zip(names, _charge_columns(charges), strict=True)]
    columns = ("wasted on", "cents", "unknown", "attempts", "audio", "characters")
    return Table("What was wasted", columns, tuple(lines[:-1]), 1, total=lines[-1])


def _unknown_blocks(account: Account, period: Period) -> list[Block]:
    rows = tuple(
        (
            moment(each.attempt.at, period.zone),
            known(each.project),
            known(each.attempt.place),
            known(each.attempt.outcome),
            known(each.attempt.reserved),
            known(each.attempt.audio_seconds),
            known(each.attempt.rate),
            known(each.estimate),
            known(each.attempt.id),
            known(each.attempt.request_id),
        )
        for each in account.unknown
    )
    columns = (
        "time",
        "project",
        "segment",
        "outcome",
        "reserved",
        "audio s",
        "rate",
        "estimate",
        "attempt",
        "request id",
    )
    return [Table("Unknown charges, to be reconciled", columns, rows, 4), Lines(_unknown_lines(account))]


def _unknown_lines(account: Account) -> tuple[str, ...]:
    reserved = [each.attempt.reserved for each in account.unknown if each.attempt.reserved is not None]
    estimates = [each.estimate for each in account.unknown if each.estimate is not None]
    unbounded = len(account.unknown) - len(reserved)
    more = f"; {unbounded:,} of them had none" if unbounded else ""
    lines = [f"No sum holds them. Reserved for them: {plain(total(reserved))} cents{more}."]
    if estimates:
        shown = plain(total(estimates))
        lines.append(f"Estimate of the {len(estimates):,} that have audio (seconds × rate of then): {shown} cents.")
    lines.append("`narrate costs --check STATEMENT.csv` looks for them in the provider's statement.")
    return tuple(lines)


def _notes(report: CostReport, simulated: bool) -> list[str]:
    notes = []
    play = report.simulated.total
    if play.attempts and not simulated:
        notes.append(f"Simulated money, not in the total: {amount(play)} for {attempts(play.attempts)} (--simulated).")
    if report.free.attempts:
        notes.append(f"Embedded voices: {attempts(report.free.attempts)}, free of charge, not in the tables.")
    return notes + reading_notes(report.reading)


def reading_notes(reading: Reading) -> list[str]:
    """What people should know about the ledgers that were read."""
    notes = []
    if reading.duplicates:
        notes.append(f"{reading.duplicates:,} lines are copies of others and count once.")
    if reading.torn:
        places = ", ".join(map(known, reading.torn[:_NAMED_AT_MOST]))
        notes.append(f"Torn by a crash and passed over: {len(reading.torn):,} lines ({places}).")
    if reading.conflicts:
        notes.append(f"Contradictions between copies: {len(reading.conflicts):,}; the known and greater charge counts.")
        notes += [_conflict_line(conflict) for conflict in reading.conflicts[:_NAMED_AT_MOST]]
    return notes


def _conflict_line(conflict: Conflict) -> str:
    place = known(f"{conflict.chapter}:{conflict.segment_index}")
    others = ", ".join(_cost(cost) for cost in conflict.others)
    differ = ", ".join(map(known, conflict.fields))
    return (
        f"  attempt {known(conflict.attempt)} ({place}), {conflict.event}: {differ} differ; "
        f"counted {_cost(conflict.kept)}, not {others}"
    )


def _cost(cost: Decimal | None) -> str:
    return "unknown" if cost is None else plain(cost)
