"""The formats of a cost report. To add one: a file that shows a document or a report, and its name here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.reports.costs.csv_rows import report_csv
from pipeline.reports.costs.grouping import By
from pipeline.reports.costs.json_shape import report_json
from pipeline.reports.costs.markdown import markdown
from pipeline.reports.costs.page import page
from pipeline.reports.costs.plain_text import plain_text
from pipeline.reports.costs.report import CostReport
from pipeline.reports.costs.report_document import report_document

FORMATS: Mapping[str, Callable[[CostReport, bool], bytes]] = MappingProxyType(
    {
        "table": lambda report, simulated: plain_text(report_document(report, simulated=simulated)).encode(),
        "csv": lambda report, simulated: report_csv(report, simulated=simulated).encode(),
        "json": lambda report, _: report_json(report),
        "markdown": lambda report, simulated: markdown(report_document(report, simulated=simulated)).encode(),
        "html": lambda report, simulated: page(report_document(report, simulated=simulated)).encode(),
    }
)
"""Each takes a report, and whether simulated money is shown in full (JSON always has both)."""

_PAGE_VIEWS: tuple[By, ...] = (
    ("day",), ("month",), ("chapter",), ("voice",), ("model",), ("outcome",), ("run",), ("revision",)
)  # fmt: skip


def default_views(name: str, *, several: bool) -> tuple[By, ...]:
    """The tables of a report for which nobody asked: all on a page, else by project and chapter."""
    if name == "html":
        return (("project",), *_PAGE_VIEWS) if several else _PAGE_VIEWS
    return (("project",), ("project", "chapter")) if several else (("chapter",),)
