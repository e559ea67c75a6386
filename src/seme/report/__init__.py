"""Reports: a paper's claims beside what was measured here, as JSON, as a page and in the terminal.

A verdict is always computed from the relation and the measurement (`seme.report.relation`), never typed in.
"""

from seme.report.claim import Claim
from seme.report.comparison import Comparison, compare
from seme.report.report import Baseline, Figure, Page, Report, Table
from seme.report.shelf import ShelvedReport, best_report, find_report, own_reports, reports_of, shipped_reports

__all__ = [
    "Baseline",
    "Claim",
    "Comparison",
    "Figure",
    "Page",
    "Report",
    "ShelvedReport",
    "Table",
    "best_report",
    "compare",
    "find_report",
    "own_reports",
    "reports_of",
    "shipped_reports",
]
