"""A check as JUnit XML: a test case for each chapter that was read, or one for each problem."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from pipeline.errors import Problem

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def check_junit(title: str, chapters: Sequence[str], problems: Sequence[Problem]) -> bytes:
    """The document. ``chapters`` are the slugs that were read; a check with problems has read nothing to its end."""
    root = ET.Element("testsuites", {"name": _clean(f"narrate check: {title}")})
    total = str(len(problems) or len(chapters))
    counts = {"tests": total, "failures": str(len(problems)), "errors": "0", "skipped": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": "narrate check", **counts})
    for problem in problems:
        place = {"file": _clean(problem.file), "line": str(problem.line)} if problem.line else {}
        name = _clean(f"{problem.file}:{problem.line}" if problem.line else problem.file)
        case = ET.SubElement(suite, "testcase", {"classname": "narrate.check", "name": name, "time": "0", **place})
        failure = ET.SubElement(case, "failure", {"type": "problem", "message": _clean(problem.message)})
        failure.text = _clean(str(problem))
    for slug in [] if problems else chapters:
        ET.SubElement(suite, "testcase", {"classname": "narrate.check", "name": _clean(slug), "time": "0"})
    root.attrib |= {"tests": total, "failures": str(len(problems)), "errors": "0"}
    ET.indent(root)
    document: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'.encode()


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
