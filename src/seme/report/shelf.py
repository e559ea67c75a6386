"""Where reports lie: those of one's own runs, and those that were made at full scale and ship with Seme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from seme.errors import NotFoundError
from seme.report.report import REPORT, Report

RUNS = "runs"
_SHIPPED = re.compile(r"(?P<number>\d\d)-(?P<slug>[a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class ShelvedReport:
    """A report's folder, and whether it ships with Seme or comes from a run of one's own."""

    folder: Path
    shipped: bool

    def read(self) -> Report:
        """Read the report."""
        return Report.read(self.folder)


def shipped_root() -> Path:
    """Return the folder of the reports that ship; in a checkout it is a link to `reports/` at its root."""
    return Path(str(files("seme"))) / "reports"


def shipped_reports() -> Iterator[tuple[int, str, ShelvedReport]]:
    """Yield number, slug and place of each report that ships, by number."""
    root = shipped_root()
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        found = _SHIPPED.fullmatch(folder.name)
        if found and (folder / REPORT).is_file():
            yield int(found["number"]), found["slug"], ShelvedReport(folder, shipped=True)


def own_reports(slug: str, home: Path) -> list[ShelvedReport]:
    """Return the reports of one's own runs of an experiment, the newest first."""
    made = (home / RUNS / slug).glob(f"*/{REPORT}")
    newest = sorted(made, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [ShelvedReport(path.parent, shipped=False) for path in newest]


def reports_of(slug: str, home: Path) -> list[ShelvedReport]:
    """Return all reports of an experiment: one's own, the newest first, then the one that ships."""
    shipped = [place for _, name, place in shipped_reports() if name == slug]
    return own_reports(slug, home) + shipped


def best_report(slug: str, home: Path) -> ShelvedReport:
    """Return the report to show first: the newest of full scale, else one that ships, else the newest quick one.

    Raises
    ------
    NotFoundError
        If the experiment has no report yet.
    """
    found = reports_of(slug, home)
    if not found:
        raise NotFoundError(f"there is no report of {slug!r} yet", hint=f"Make one: seme run {slug}")
    full = (place for place in found if place.shipped or _scale(place.folder, _stamp(place.folder)) == "full")
    return next(full, found[0])


def find_report(name: str, home: Path) -> ShelvedReport:
    """Return a report by a folder, or by the name of its experiment.

    Parameters
    ----------
    name
        A folder with `report.json`; or `atoms` for the report to show first, `atoms@own` for the newest of one's own
        runs, `atoms@shipped` for the one that ships with Seme.
    home
        Folder of everything that Seme writes.

    Raises
    ------
    NotFoundError
        If there is no such report.
    """
    folder = Path(name).expanduser()
    if (folder / REPORT).is_file():
        return ShelvedReport(folder, shipped=False)
    slug, at, which = name.partition("@")
    if at and which not in ("own", "shipped"):
        raise NotFoundError(f"there is no report {name!r}", hint=f"It may be {slug}, {slug}@own or {slug}@shipped")
    if not at:
        return best_report(slug, home)
    found = [one for one in reports_of(slug, home) if one.shipped == (which == "shipped")]
    if not found:
        raise NotFoundError(f"there is no report {name!r}", hint=f"Make one: seme run {slug}")
    return found[0]


def _stamp(folder: Path) -> int:
    return (folder / REPORT).stat().st_mtime_ns


@cache
def _scale(folder: Path, _changed: int) -> str:
    return str(Report.read(folder).scale)
