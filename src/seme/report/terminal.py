"""A report in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid

from seme.report.claim import Claim
from seme.report.comparison import Comparison
from seme.report.page import command
from seme.report.report import Report
from seme.report.values import shown

COLOURS = {"holds": "green", "fails": "red", "not tested": "yellow"}


def show(report: Report, console: Console | None = None) -> None:
    """Print a report."""
    (console or Console()).print(renderable(report))


def renderable(report: Report) -> RenderableType:
    """Return what is printed: claims, notes, baselines and tables, and under which conditions."""
    parts: list[RenderableType] = [
        f"[bold]{escape(report.title)}[/]",
        f"[dim]Paper {report.paper}, {report.scale} scale: {escape(command(report))}[/]",
        _claims(report),
        *(f"[dim]Note:[/] {escape(note)}" for note in report.notes),
    ]
    for baseline in report.baselines:
        parts.append(f"[dim]Baseline[/] {escape(baseline.name)}: {escape(shown(baseline.metrics))}")
    for table in report.tables:
        grid = Grid(*(escape(column) for column in table.columns), title=escape(table.name), title_justify="left")
        for row in table.rows:
            grid.add_row(*(escape(shown(cell)) for cell in row))
        parts.append(grid)
    facts = {name: value for name, value in report.environment.items() if name not in {"versions", "defaults"}}
    parts.append(f"[dim]{escape(shown(facts))}[/]")
    return Group(*parts)


def show_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Print two reports side by side: all claims, and of figures and conditions those that differ."""
    claims = Grid("Claim", "Verdict", "A", "Verdict", "B", title="Claims", title_justify="left")
    for pair in comparison.claims:
        cells = [cell for claim in (pair.a, pair.b) for cell in _verdict_and_figure(claim)]
        claims.add_row(escape(pair.name), *cells)
    grids = [claims]
    for title, pairs in (("Figures", comparison.figures), ("Conditions", comparison.conditions)):
        grid = Grid(title[:-1], "A", "B", title=f"{title} that differ", title_justify="left")
        for pair in pairs:
            if not pair.same:
                grid.add_row(escape(pair.name), escape(shown(pair.a)), escape(shown(pair.b)))
        grids += [grid] if grid.row_count else []
    heads = [f"[bold]{name}[/] {escape(_origin(one))}" for name, one in (("A", comparison.a), ("B", comparison.b))]
    (console or Console()).print(Group(*heads, *grids))


def _origin(report: Report) -> str:
    return f"{report.title}: {command(report)} ({shown(report.environment.get('date'))})"


def _verdict_and_figure(claim: Claim | None) -> tuple[str, str]:
    if claim is None:
        return "–", "–"
    return f"[{COLOURS[claim.verdict]}]{claim.verdict}[/]", escape(shown(claim.measured))


def _claims(report: Report) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    for name in ("Verdict", "Claim", "Paper", "Relation", "Measured", "Spread"):
        grid.add_column(name, no_wrap=name == "Verdict")
    for claim in report.claims:
        statement = escape(claim.statement) + (f"\n[dim]{escape(claim.note)}[/]" if claim.note else "")
        verdict = f"[{COLOURS[claim.verdict]}]{claim.verdict}[/]"
        figures = (claim.paper_value, claim.relation, claim.measured, claim.spread)
        grid.add_row(verdict, statement, *(escape(shown(one)) for one in figures))
    return grid
