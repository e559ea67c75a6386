"""Papers that can be run: the reports on their pages, the reports by themselves, and the list of all experiments."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.responses import HTMLResponse, Response

from seme.errors import CorruptionError, NotFoundError
from seme.experiment import Experiment, experiments
from seme.papers.catalogue import catalogue_number, catalogue_papers
from seme.report import Report, ShelvedReport, best_report
from seme.report.page import command, policy
from seme.report.report import REPORT, SLUG
from seme.web.feeds import paper_path
from seme.web.service import Service, service_of

router = APIRouter(include_in_schema=False)
Slug = Annotated[str, PathParameter(pattern=SLUG, max_length=80)]
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_IMAGE_POLICY = f"{_NOTHING}; img-src data:; style-src 'unsafe-inline'"
"""For drawings and pages that a run made: they may be looked at, and do nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """An experiment with the report to show of it, if there is one, or why it cannot be shown."""

    experiment: Experiment
    report: Report | None
    shipped: bool = False
    trouble: str = ""

    @property
    def command(self) -> str:
        """Return the command that makes the report, or a first one."""
        return command(self.report) if self.report else f"seme run {self.experiment.slug}"

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        """Return how many claims hold, fail and were not tested, without those that are none."""
        counts = Counter(claim.verdict for claim in self.report.claims) if self.report else Counter[str]()
        return [(verdict, counts[verdict]) for verdict in ("holds", "fails", "not tested") if counts[verdict]]


def runs_of_paper(service: Service, paper_id: str) -> list[Run]:
    """Return the experiments of a paper of the catalogue with their reports."""
    number = catalogue_number(paper_id)
    return [] if number is None else [_run(service, one) for one in experiments() if one.paper == number]


def address_of_number(number: str) -> str | None:
    """Return the address of a paper of the catalogue by its number, as in `/papers/01`."""
    papers = catalogue_papers()
    known = re.fullmatch(r"[0-9]{1,2}", number) and 1 <= int(number) <= len(papers)
    return paper_path(papers[int(number) - 1].id) if known else None


@router.get("/methods")
def methods(request: Request) -> Response:
    """List the papers that can be run."""
    service = service_of(request)
    papers = catalogue_papers()
    rows = [(papers[one.paper - 1], _run(service, one)) for one in experiments()]
    return service.page(request, "methods.html", rows=rows)


@router.get("/reports/{slug}/")
def report_page(request: Request, slug: Slug) -> Response:
    """Show a report as the page that needs nothing beside it."""
    report = _best(service_of(request), slug)[0]
    return HTMLResponse(report.to_html(), headers={"Content-Security-Policy": f"{policy()}; sandbox"})


@router.get("/reports/{slug}/report.json")
def report_json(request: Request, slug: Slug) -> Response:
    """Return a report as JSON."""
    return Response(_best(service_of(request), slug)[0].to_json(), media_type="application/json")


@router.get("/reports/{slug}/figures/{file}")
def figure(request: Request, slug: Slug, file: str) -> Response:
    """Return a figure as SVG or PNG."""
    found = re.fullmatch(r"(?P<stem>[a-z0-9-]+)\.(?P<form>svg|png)", file)
    if found is None:
        raise NotFoundError(f"there is no figure {file!r}")
    drawing = _best(service_of(request), slug)[0].drawing(found["stem"])
    body, kind = (drawing.svg.encode(), "image/svg+xml") if found["form"] == "svg" else (drawing.png, "image/png")
    return Response(body, media_type=kind, headers={"Content-Security-Policy": _IMAGE_POLICY})


@router.get("/reports/{slug}/pages/{file}.html")
def extra_page(request: Request, slug: Slug, file: str) -> Response:
    """Show a page that a report has beside its own."""
    html = _best(service_of(request), slug)[0].page_html(file)
    return HTMLResponse(html, headers={"Content-Security-Policy": _IMAGE_POLICY})


def _run(service: Service, experiment: Experiment) -> Run:
    try:
        report, place = _best(service, experiment.slug)
    except NotFoundError:
        return Run(experiment, None)
    except CorruptionError as error:
        return Run(experiment, None, trouble=str(error))
    return Run(experiment, report, place.shipped)


def _best(service: Service, slug: str) -> tuple[Report, ShelvedReport]:
    place = best_report(slug, service.settings.home)
    return _read(place.folder, (place.folder / REPORT).stat().st_mtime_ns), place


@lru_cache(maxsize=64)
def _read(folder: Path, _changed: int) -> Report:
    return Report.read(folder)
