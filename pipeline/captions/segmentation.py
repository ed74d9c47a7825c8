"""Where a paragraph is cut into cues and lines: the cheapest cuts of all, found by dynamic programming.

A paragraph is a row of atoms, runs of words that are never cut; the cost of a cue adds up what its end, its line
break, its size and its time cost a reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeline.assembly.timeline import TIMELINE_RATE
from pipeline.captions.breaks import COMMA, GLUED, POOR, SENTENCE
from pipeline.captions.rules import FRAME_SAMPLES, MILLISECOND_SAMPLES, CaptionRules, cells_per_character
from pipeline.captions.timing import latest_end

_CUE = 30.0
_SECOND_LINE = 4.0
_LINE_BREAK = 0.6
_IMBALANCE = 0.22
_TOP_HEAVY = 2.0
_SHORT_CHARACTERS = 22
_SHORT = 1.2
_EMPTY = 16.0
_SENTENCE_INSIDE = 9.0
_SENTENCE_BEGUN = 32.0
_FAST = 45.0
"""A cue that is read too fast is worse than a plain break, and better than one within a phrase: of a novel, 9 leaves
870 of them and breaks at a mean cost of 15.1, 45 leaves 477 at 16.1, 90 leaves 277 at 17.2 with four times as many
broken phrases as 9."""
_TOO_FAST = 40.0
_TOO_BRIEF = 150.0
_UNSEEN = 400.0
"""Of a cue that has to go before its last word is spoken, to keep the gap: nothing is worse than a lost word."""
_IMPOSSIBLE = float("inf")


@dataclass(frozen=True, slots=True)
class Columns:
    """What cutting needs to know of the words of a chapter, one row a word.

    ``left`` and ``right``: where the word begins and ends if the chapter were one line, in cells. ``start`` and
    ``end``: samples. ``cost``: of a break after the word (``pipeline.captions.breaks``).
    """

    left: list[int]
    right: list[int]
    start: list[int]
    end: list[int]
    cost: list[int]


@dataclass(frozen=True, slots=True)
class Cut:
    """A cue as rows of words: ``first`` to ``last``; its second line starts after ``line_end``, None: one line."""

    first: int
    last: int
    line_end: int | None


def cut_paragraph(
    columns: Columns, first: int, last: int, *, next_start: int, rules: CaptionRules, language: str
) -> list[Cut]:
    """Cut the words ``first`` to ``last`` into cues; ``next_start``: the sample at which the next paragraph speaks."""
    line_length = rules.line_cells_for(language)
    speed = rules.reading_speed_for(language) * cells_per_character(language)
    ends = _atoms(columns, first, last, line_length, rules.max_duration)
    firsts = [first, *(end + 1 for end in ends[:-1])]
    if columns.right[last] - columns.left[first] <= line_length and len(ends) == 1:
        return [Cut(first, last, None)]
    left, right = [columns.left[row] for row in firsts], [columns.right[row] for row in ends]
    line_from, line_to = _line_bounds(left, right, line_length)
    found = _Search(
        left,
        right,
        [columns.start[row] for row in firsts],
        [columns.end[row] for row in ends],
        *_break_prices(columns, ends, next_start, rules.min_gap + FRAME_SAMPLES),
        line_from,
        line_to,
    )
    cuts = _cheapest(found, rules, line_length, speed)
    return [Cut(firsts[a], ends[b], None if k is None else ends[k]) for a, b, k in cuts]


def _atoms(columns: Columns, first: int, last: int, line_length: int, max_duration: int) -> list[int]:
    """The rows after which a break is thought of: all that split nothing, and others only in stretches without them.

    A stretch of more than half a line, or half the longest time, is opened at every word.
    """
    ends: list[int] = []
    since = first
    for row in range(first, last + 1):
        if row == last or columns.cost[row] < POOR:
            width, samples = columns.right[row] - columns.left[since], columns.end[row] - columns.start[since]
            if width * 2 > line_length or samples * 2 > max_duration:
                limit = GLUED + 1 if width > line_length or samples > max_duration else GLUED
                ends.extend(inner for inner in range(since, row) if columns.cost[inner] < limit)
            ends.append(row)
            since = row + 1
    return ends


def _line_bounds(left: list[int], right: list[int], line_length: int) -> tuple[list[int], list[int]]:
    """For every atom: after which atom its line begins if it is to be as long as it may, and where such a line ends.

    An atom longer than a line has a line of its own.
    """
    count = len(left)
    line_from, line_to, low, high = [0] * count, [0] * count, 0, 0
    for at in range(count):
        while low < at and right[at] - left[low] > line_length:
            low += 1
        line_from[at] = low - 1
        high = max(high, at)
        while high + 1 < count and right[high + 1] - left[at] <= line_length:
            high += 1
        line_to[at] = high
    return line_from, line_to


def _break_prices(
    columns: Columns, ends: list[int], next_start: int, least: int
) -> tuple[list[int], list[float], list[float], list[bool]]:
    """For every atom's end: when speech goes on, the price of a cue ending there, of passing it, and if it closes.

    ``least``: samples that the last word of a cue needs before speech goes on.
    """
    onward = [columns.start[row + 1] for row in ends[:-1]] + [next_start]
    prices, passing = [], []
    for row, after in zip(ends, onward, strict=True):
        cost, silence = float(columns.cost[row]), (after - columns.end[row]) / TIMELINE_RATE
        if silence > 0.2 and cost > COMMA:
            cost = max(COMMA, cost - min(45.0, (silence - 0.15) * 80))
        prices.append(cost + (_UNSEEN if after - columns.start[row] < least else 0.0))
        passing.append(
            (_SENTENCE_INSIDE if columns.cost[row] == SENTENCE else 0.0)
            + max(0.0, silence - 0.6) * 25
            + (80.0 if silence > 2 else 0.0)
        )
    return onward, prices, passing, [columns.cost[row] == SENTENCE for row in ends]


@dataclass(frozen=True, slots=True)
class _Search:
    """The atoms of a paragraph as columns, as :func:`_cheapest` reads them."""

    left: list[int]
    right: list[int]
    start: list[int]
    end: list[int]
    onward: list[int]
    price: list[float]
    passing: list[float]
    closes: list[bool]
    line_from: list[int]
    line_to: list[int]


def _cheapest(atoms: _Search, rules: CaptionRules, line_length: int, speed: float) -> list[tuple[int, int, int | None]]:
    """The cheapest row of cues, as (first atom, last atom, last atom of the first line).

    ``best[b]`` is the least cost of everything before atom ``b``. A cue grows to the front from its last atom for
    as long as its lines and its time allow.
    """
    left, right, start, closes, passing = atoms.left, atoms.right, atoms.start, atoms.closes, atoms.passing
    longest, least, two_lines = rules.max_duration - MILLISECOND_SAMPLES, rules.min_duration, rules.max_lines > 1
    sizes = _size_costs(line_length * rules.max_lines)
    best, steps = [0.0], []
    for last, line_right in enumerate(right):
        latest = latest_end(atoms.end[last], atoms.onward[last], rules)
        earliest, line_from, begun, passed = atoms.end[last] - longest, atoms.line_from[last], 0.0, 0.0
        width, step = line_right - left[last], (last, -1)
        cheapest = (
            best[last] + sizes[min(width, len(sizes) - 1)] + _time_cost(width, latest - start[last], speed, least)
        )
        for first in range(last - 1, -1, -1):
            width, lines, line_end = line_right - left[first], 0.0, -1
            over = width > line_length
            if start[first] < earliest or (over and not (two_lines and line_from <= atoms.line_to[first])):
                break
            passed += passing[first]
            if closes[first] and not closes[last]:
                begun = _SENTENCE_BEGUN
            cost = best[first] + passed + begun + sizes[min(width, len(sizes) - 1)]
            if cost >= cheapest:
                continue
            if over:
                line_end, lines = _line_break(atoms, first, last)
            cost += lines + _time_cost(width, latest - start[first], speed, least)
            if cost < cheapest:
                cheapest, step = cost, (first, line_end)
        best.append(cheapest + atoms.price[last] + _CUE)
        steps.append(step)
    return list(_walk_back(steps))[::-1]


def _line_break(atoms: _Search, first: int, last: int) -> tuple[int, float]:
    """After which atom to break a cue of two lines, and the cost."""
    left, right = atoms.left, atoms.right
    ends = left[first] + right[last]
    choice, least = -1, _IMPOSSIBLE
    for at in range(max(first, atoms.line_from[last]), min(last - 1, atoms.line_to[first]) + 1):
        over = right[at] + left[at + 1] - ends
        cost = _LINE_BREAK * atoms.price[at] + (_IMBALANCE * over + _TOP_HEAVY if over > 0 else -_IMBALANCE * over)
        if cost < least:
            choice, least = at, cost
    return choice, least + _SECOND_LINE


@lru_cache(maxsize=16)
def _size_costs(capacity: int) -> list[float]:
    """What a cue of 0, 1, … ``capacity`` characters costs by its size alone: small ones flicker."""
    return [
        _EMPTY * (1 - width / capacity) ** 2 + _SHORT * max(0, _SHORT_CHARACTERS - width)
        for width in range(capacity + 1)
    ]


def _time_cost(width: int, samples: int, speed: float, min_duration: int) -> float:
    """What it costs that a cue of ``width`` characters can stay for ``samples`` and no longer."""
    cost = 0.0
    if (missing := width * TIMELINE_RATE - speed * samples) > 0:
        cost = _FAST + _TOO_FAST * missing / (speed * TIMELINE_RATE)
    if samples < min_duration:
        cost += 20 + _TOO_BRIEF * (min_duration - samples) / TIMELINE_RATE
    return cost


def _walk_back(steps: list[tuple[int, int]]) -> Iterator[tuple[int, int, int | None]]:
    last = len(steps) - 1
    while last >= 0:
        first, line_end = steps[last]
        yield first, last, line_end if line_end >= 0 else None
        last = first - 1
