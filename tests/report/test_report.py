from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.report import Claim, Report, compare
from seme.report.page import command, policy, render_comparison
from seme.report.terminal import show


class _Page(HTMLParser):
    """What a page consists of, as a browser would read it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a_report_is_read_as_it_was_written(report, tmp_path):
    report.write(tmp_path)
    again = Report.read(tmp_path)
    assert again == report
    assert again.to_html() == report.to_html() == (tmp_path / "report.html").read_text()
    assert again.drawing("angles-before") == report.drawing("angles-before")
    assert (tmp_path / "figures" / "angles-before.png").read_bytes().startswith(b"\x89PNG")
    again.write(tmp_path / "copy")
    files = sorted(path.relative_to(tmp_path / "copy") for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert [str(path) for path in files] == [
        "figures/angles-before.png", "figures/angles-before.svg", "pages/units.html", "report.html", "report.json",
    ]  # fmt: skip
    assert all((tmp_path / "copy" / path).read_bytes() == (tmp_path / path).read_bytes() for path in files)


def test_the_json_has_the_promised_names_and_no_nan(report, tmp_path):
    report.write(tmp_path)
    told = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert {"paper", "slug", "scale", "settings", "environment", "claims", "baselines", "figures", "tables"} <= set(
        told
    )
    assert set(told["claims"][0]) == {
        "statement", "paper_value", "relation", "measured", "spread", "verdict", "note",
    }  # fmt: skip
    assert [claim["verdict"] for claim in told["claims"]] == ["holds", "fails", "not tested"]
    assert told["claims"][0]["spread"] == [0.98, 1.0]
    assert told["tables"][0]["rows"] == [[6, 0.5, True], [12, None, None]]
    assert told["baselines"][0]["metrics"] == {"r2": 0.25, "cosine": None}
    assert told["settings"]["layers"] == [6, 12]


def test_the_page_needs_nothing_beside_it_and_runs_nothing(report):
    page = _Page(report.to_html())
    names = [tag for tag, _ in page.tags]
    assert names.count("svg") == 1
    assert not {"script", "link", "iframe", "object", "b", "i", "img"} & set(names)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src", "xlink:href"):
            target = attributes.get(name) or "#"
            assert target.startswith("#") or (tag == "a" and target == "pages/units.html")
    for text in ("Atoms & <b>bold</b>", "holds <i>all</i>", "only two seeds", "0.98 to 1", "needs a cluster", "99 %"):
        assert text in page.text
    assert page.text.count("not tested") == 2  # its relation and its verdict


def test_the_page_is_served_under_a_policy_that_allows_its_own_stylesheet_alone(report):
    assert "default-src 'none'" in policy()
    assert "script-src" not in policy()
    sheet = report.to_html().split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy()


def test_the_command_repeats_the_run(report):
    words = shlex.split(command(report))
    assert words == [
        "seme", "run", "atoms", "--seed", "3", "--layers", "6", "12",
        "--name", "<img src=x onerror=alert(1)>", "--tied",
    ]  # fmt: skip


def test_the_terminal_shows_every_claim_with_its_verdict(report):
    out = StringIO()
    show(report, Console(file=out, width=200))
    text = out.getvalue()
    for claim in report.claims:
        line = next(line for line in text.splitlines() if claim.statement in line)
        assert line.startswith(claim.verdict)
    assert "random <dictionary>: r2 0.25, cosine –" in text
    assert "per layer" in text


@pytest.mark.parametrize("change", ["verdict", "figure", "name", "number", "svg", "relation", "cut", "page"])
def test_a_report_whose_files_contradict_each_other_is_refused(report, tmp_path, change):
    report.write(tmp_path)
    file = tmp_path / "report.json"
    told = json.loads(file.read_text())
    if change == "verdict":
        told["claims"][1]["verdict"] = "holds"
    elif change == "number":
        told["claims"][0]["measured"] = 0.1
    elif change == "relation":
        told["claims"][0]["relation"] = "good"
    elif change == "name":
        told["figures"][0]["file"] = "../figures/angles-before"
    elif change == "figure":
        (tmp_path / "figures" / "angles-before.svg").unlink()
    elif change == "page":
        (tmp_path / "pages" / "units.html").unlink()
    elif change == "svg":
        svg = tmp_path / "figures" / "angles-before.svg"
        svg.write_text(svg.read_text().replace("</svg>", "<script>alert(1)</script></svg>"))
    file.write_text(json.dumps(told) if change != "cut" else file.read_text()[:500])
    with pytest.raises(CorruptionError, match=r"report in|the claim"):
        Report.read(tmp_path)


def test_a_folder_without_a_report_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"no report\.json in"):
        Report.read(tmp_path)


def test_what_does_not_fit_is_refused(report):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    with pytest.raises(InputError, match="row 1 of the table 'x' has 1 cells for 2"):
        report.table("x", ["a", "b"], [(1, 2), (3,)])
    with pytest.raises(InputError, match="already"):
        report.figure("angles, before!", figure, "again")
    with pytest.raises(InputError, match="no caption"):
        report.figure("other", figure, " ")
    with pytest.raises(InputError, match="no metrics"):
        report.baseline("none", {})
    with pytest.raises(InputError, match="cannot hold"):
        report.table("x", ["a"], [(object(),)])


_WRITER = """
import sys
from seme.report import Claim, Report, compare
folder, count = sys.argv[1], 0
while True:
    count += 1
    report = Report(paper=1, slug="atoms", title=f"run {count}")
    report.claim(Claim.equal("counts", measured=count, value=count, tolerance=0))
    for page in range(8):
        report.page(f"page {page}", f"<p>{count}</p>" * 2000)
    report.write(folder)
    print(count, flush=True)
"""


def test_a_kill_while_it_is_written_leaves_no_report_or_a_whole_one(tmp_path):
    outcomes = set()
    for delay in (0.0, 0.003, 0.006, 0.009, 0.012, 0.015):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        try:
            read = Report.read(tmp_path)
        except NotFoundError:
            outcomes.add("none")
            continue
        outcomes.add("whole")
        number = read.title.removeprefix("run ")
        assert read.claims[0].measured == float(number)
        assert all(read._html[page.file].startswith(f"<p>{number}</p>") for page in read.pages)
    assert outcomes <= {"none", "whole"}


def test_reading_and_writing_need_neither_torch_nor_matplotlib(tmp_path):
    probe = (
        "import sys; sys.modules['torch'] = sys.modules['matplotlib'] = None\n"
        "from seme.report import Claim, Report\n"
        "report = Report(paper=2, slug='x', title='X')\n"
        "report.claim(Claim.at_least('a', measured=1, floor=0))\n"
        "report.write(sys.argv[1]); assert Report.read(sys.argv[1]) == report\n"
    )
    subprocess.run([sys.executable, "-c", probe, str(tmp_path)], check=True)


def test_adding_the_same_kind_of_claim_twice_keeps_the_order(report):
    report.claim(Claim.at_least("last", measured=1, floor=0))
    assert [claim.statement for claim in report.claims] == ["holds <i>all</i>", "rises", "scales", "last"]


def test_a_report_and_itself_differ_in_nothing(report):
    both = compare(report, report)
    assert [pair.name for pair in both.claims] == [claim.statement for claim in report.claims]
    assert all(pair.same for pair in [*both.claims, *both.figures])
    assert both.conditions == []
    assert [(pair.name, pair.a) for pair in both.figures] == [
        ("random <dictionary>: r2", 0.25),
        ("random <dictionary>: cosine", None),
        ("per layer: 6: r2", 0.5),
    ]


def test_two_reports_side_by_side_are_one_page(report, tmp_path):
    report.write(tmp_path)
    other = Report(paper=1, slug="atoms", title="Again")
    other.claim(Claim.at_least("holds <i>all</i>", measured=0.1, floor=0.5))
    page = _Page(render_comparison(compare(Report.read(tmp_path), other)))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "i", "b"} & set(names)
    image = next(attributes for tag, attributes in page.tags if tag == "img")
    png = base64.b64decode((image["src"] or "").removeprefix("data:image/png;base64,"))
    assert png == report.drawing("angles-before").png
    assert image["alt"] == "All angles & <their> medians"
    for text in ("holds <i>all</i>", "fails", "B has none.", "ratio", "per layer: 6: r2"):
        assert text in page.text
