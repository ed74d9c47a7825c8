"""A whole novel, spoken by the synthetic narrator."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from itertools import pairwise

import pytest
from lxml import etree

from pipeline.captions.cues import cues
from pipeline.captions.phrases import Role, roles
from pipeline.captions.rules import NETFLIX
from pipeline.captions.srt import book_srt
from pipeline.captions.violations import count_violations, violations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def novel(books, narrator):
    with zipfile.ZipFile(books / "pride-and-prejudice.epub") as archive:
        names = [name for name in archive.namelist() if re.search(r"chapter-\d+\.xhtml$", name)]
        pages = [etree.fromstring(archive.read(name)) for name in sorted(names)]
    paragraphs = [
        [" ".join("".join(block.itertext()).split()) for block in page.iter("{*}p", "{*}h2")] for page in pages
    ]
    return [narrator("\n\n".join(filter(None, texts))) for texts in paragraphs]


@pytest.fixture(scope="module")
def captioned(novel):
    return [cues(chapter, NETFLIX, "en") for chapter in novel]


def test_it_breaks_no_rule(novel, captioned):
    counts = Counter()
    for chapter, found in zip(novel, captioned, strict=True):
        counts.update(count_violations(violations(found, NETFLIX, "en", chapter.words)))
    assert sum(counts.values()) == 0, counts


def test_hardly_a_break_splits_what_belongs_together(captioned):
    clinging = {Role.DETERMINER, Role.POSSESSIVE, Role.INFINITIVE, Role.NUMBER, Role.NEGATION, Role.ABBREVIATION}
    breaks, split = 0, []
    for found in captioned:
        for before, after in re.findall(r"(\S+)\s*\n\s*(\S+)", "\n".join(cue.text for cue in found[1:])):
            breaks += 1
            first, second = roles([before, after.strip("“‘")], "en")
            inside = before[-1].isalnum() and (first in clinging or first is second is Role.NAME)
            if inside or before.lstrip("“‘") in {"Mr.", "Mrs."}:
                split.append(f"{before}|{after}")
    assert breaks > 15_000
    assert len(split) < breaks / 1_000, Counter(split).most_common(20)


def test_its_srt_is_read_back_in_order_to_the_end(novel, captioned, parse_srt):
    starts = [sum(chapter.samples for chapter in novel[:at]) for at in range(len(novel))]
    subtitles = parse_srt("".join(book_srt(zip(starts, captioned, strict=True))))
    assert all(one.end_ms + 84 <= two.start_ms for one, two in pairwise(subtitles))
    last = starts[-1] + int(novel[-1].words.start_sample[captioned[-1][-1].first_word])
    assert abs(subtitles[-1].start_ms * 24 - last) <= 3012
