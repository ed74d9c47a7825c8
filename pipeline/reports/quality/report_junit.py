"""A verification as JUnit XML: a test suite per chapter, a test case per group of checks, failed by errors.

Warnings do not fail a test case: they are its standard output. The dialect is the one that CI servers read: suites,
suite, case, one failure a case, ``system-out``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Sequence

from pipeline.reports.quality.findings import Finding, Group, Severity
from pipeline.reports.quality.report_text import clock
from pipeline.reports.quality.verifying import Verification

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even escaped."""
BOOK = "the book"


def report_junit(report: Verification) -> bytes:
    """The report as a UTF-8 XML document. It holds no clock, so that equal findings are equal bytes."""
    by_case: dict[tuple[str, Group], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_case[finding.chapter or BOOK, finding.group].append(finding)
    root = ET.Element("testsuites", {"name": _clean(f"narrate verify: {report.title}")})
    groups = [group for group in Group if group is not Group.TRANSCRIPT or any(key[1] is group for key in by_case)]
    failures = 0
    for suite in [BOOK, *report.chapters]:
        cases = [(group, by_case.get((suite, group), [])) for group in groups]
        failed = sum(any(each.severity is Severity.ERROR for each in found) for _, found in cases)
        failures += failed
        element = ET.SubElement(root, "testsuite", _counted(suite, len(cases), failed))
        for group, found in cases:
            _case(element, suite, group, found)
    root.attrib |= {"tests": str((1 + len(report.chapters)) * len(groups)), "failures": str(failures), "errors": "0"}
    ET.indent(root)
    document: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'.encode()


def _counted(suite: str, tests: int, failed: int) -> dict[str, str]:
    return {"name": _clean(suite), "tests": str(tests), "failures": str(failed), "errors": "0", "skipped": "0"}


def _case(suite: ET.Element, chapter: str, group: Group, found: Sequence[Finding]) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": _clean(f"verify.{chapter}"), "name": group, "time": "0"})
    errors = [each for each in found if each.severity is Severity.ERROR]
    warnings = [each for each in found if each.severity is Severity.WARNING]
    if errors:
        message = errors[0].message if len(errors) == 1 else f"{len(errors)} errors, the worst: {errors[0].message}"
        failure = ET.SubElement(case, "failure", {"type": errors[0].kind, "message": _clean(message)})
        failure.text = _clean("\n".join(map(_line, errors)))
    if warnings:
        ET.SubElement(case, "system-out").text = _clean("\n".join(map(_line, warnings)))


def _line(finding: Finding) -> str:
    place = finding.file or finding.segment or ""
    at = "" if finding.seconds is None else f" at {clock(finding.seconds)}"
    quoted = f" “{finding.text}”" if finding.text else ""
    return f"{finding.severity}: {finding.kind}: {place}{at}: {finding.message}{quoted}; {finding.next_step}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
