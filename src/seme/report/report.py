"""The report of one run of an experiment, and how it is written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.report.claim import Claim
from seme.report.figures import Drawing, draw
from seme.report.files import replace_files
from seme.report.values import Cell, file_stem, plain, plain_metrics, plain_row

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

REPORT = "report.json"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Baseline(_Part):
    """What something simpler reaches by the same measures."""

    name: str
    metrics: dict[str, float | None]


class Table(_Part):
    """Rows of cells; `null` where there is no value."""

    name: str
    columns: list[str]
    rows: list[list[Cell]]


class Figure(_Part):
    """A drawing, kept as `figures/<file>.svg` and `figures/<file>.png`."""

    name: str
    file: str = Field(pattern=SLUG)
    caption: str


class Page(_Part):
    """A page of its own, kept as `pages/<file>.html`."""

    name: str
    file: str = Field(pattern=SLUG)


class Report(BaseModel):
    """A paper's claims beside what was measured, and under which conditions.

    Parameters
    ----------
    paper
        Number in the catalogue, 1 to 57.
    slug
        Name of the experiment.
    title
        Of the report.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, validate_assignment=True)

    format: Literal[1] = 1
    paper: int = Field(ge=1)
    slug: str = Field(pattern=SLUG)
    title: str
    scale: Literal["quick", "full"] = "full"
    settings: dict[str, Any] = Field(default_factory=dict)
    environment: dict[str, Any] = Field(default_factory=dict)
    claims: list[Claim] = Field(default_factory=list)
    baselines: list[Baseline] = Field(default_factory=list)
    tables: list[Table] = Field(default_factory=list)
    figures: list[Figure] = Field(default_factory=list)
    pages: list[Page] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    _drawings: dict[str, Drawing] = PrivateAttr(default_factory=dict)
    _html: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("settings", "environment", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return plain(value)

    def claim(self, claim: Claim) -> None:
        """Add a claim."""
        self.claims.append(claim)

    def baseline(self, name: str, metrics: Mapping[str, float]) -> None:
        """Add what something simpler reaches, by the name of each measure."""
        if not metrics:
            raise InputError(f"the baseline {name!r} has no metrics")
        self.baselines.append(Baseline(name=name, metrics=plain_metrics(metrics)))

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add a table. Cells are text, numbers, truth values or `None`; NaN becomes an empty cell.

        Raises
        ------
        InputError
            If a row has another length than `columns`.
        """
        for number, row in enumerate(rows):
            if len(row) != len(columns):
                raise InputError(f"row {number} of the table {name!r} has {len(row)} cells for {len(columns)} columns")
        self.tables.append(Table(name=name, columns=list(columns), rows=[plain_row(row) for row in rows]))

    def figure(self, name: str, figure: MatplotlibFigure, caption: str) -> None:
        """Add a matplotlib figure; it is drawn at once, so that it may be closed or changed afterwards.

        Raises
        ------
        InputError
            If there is a figure of that name, or no caption.
        """
        stem = self._new_stem(name, [one.file for one in self.figures])
        if not caption.strip():
            raise InputError(f"the figure {name!r} has no caption, expected a sentence that says what it shows")
        self._drawings[stem] = draw(figure, stem, caption)
        self.figures.append(Figure(name=name, file=stem, caption=caption))

    def note(self, text: str) -> None:
        """Add a remark that a reader of the figures must know."""
        self.notes.append(text)

    def page(self, name: str, html: str) -> None:
        """Add a page of its own: self-contained HTML, shown without scripts."""
        stem = self._new_stem(name, [one.file for one in self.pages])
        self._html[stem] = html
        self.pages.append(Page(name=name, file=stem))

    def drawing(self, file: str) -> Drawing:
        """Return the drawing of a figure by its `file`.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        if file not in self._drawings:
            raise NotFoundError(f"the report {self.slug!r} has no figure {file!r}")
        return self._drawings[file]

    def page_html(self, file: str) -> str:
        """Return a page of its own by its `file`.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        if file not in self._html:
            raise NotFoundError(f"the report {self.slug!r} has no page {file!r}")
        return self._html[file]

    def to_json(self) -> str:
        """Return the report without its drawings and pages as JSON."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"

    def to_html(self) -> str:
        """Return the report as one page that needs nothing beside it."""
        from seme.report.page import render  # noqa: PLC0415  # only who renders waits for Jinja2

        return render(self)

    def write(self, folder: Path) -> None:
        """Write `report.json`, `report.html`, `figures/` and `pages/` into a folder.

        `report.json` comes last: a killed process leaves no report, or a whole one.
        """
        files: dict[str, bytes] = {}
        for stem, drawing in self._drawings.items():
            files[f"figures/{stem}.svg"] = drawing.svg.encode()
            files[f"figures/{stem}.png"] = drawing.png
        files |= {f"pages/{stem}.html": html.encode() for stem, html in self._html.items()}
        files["report.html"] = self.to_html().encode()
        replace_files(Path(folder), files, last=(REPORT, self.to_json().encode()))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a report that was written.

        Raises
        ------
        NotFoundError
            If there is none in the folder.
        CorruptionError
            If its files contradict each other or are not a report's.
        """
        folder = Path(folder)
        if not (folder / REPORT).is_file():
            raise NotFoundError(f"there is no {REPORT} in {folder}")
        try:
            report = cls.model_validate_json((folder / REPORT).read_bytes())
            for figure in report.figures:
                report._drawings[figure.file] = Drawing.read(folder / "figures" / figure.file)
            for page in report.pages:
                path = folder / "pages" / f"{page.file}.html"
                report._html[page.file] = path.read_text(encoding="utf-8")
        except (ValidationError, InputError, OSError, UnicodeDecodeError) as error:
            raise CorruptionError(f"the report in {folder} cannot be read: {error}") from error
        return report

    def _new_stem(self, name: str, known: Sequence[str]) -> str:
        stem = file_stem(name)
        if stem in known:
            raise InputError(f"the report already has one named {name!r}, expected another name")
        return stem
