from __future__ import annotations

import pytest

from seme.errors import NotFoundError
from seme.report import Report, best_report, find_report, own_reports, shipped_reports
from seme.report.shelf import shipped_root


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Return a function that writes a report, of one's own or as if it shipped, on shelves of the test's own."""
    (tmp_path / "shipped" / "01-older-format").mkdir(parents=True)
    monkeypatch.setattr("seme.report.shelf.shipped_root", lambda: tmp_path / "shipped")

    def put(title, *, shipped=False, scale="full"):
        folder = tmp_path / "shipped" / "01-atoms" if shipped else tmp_path / "home" / "runs" / "atoms" / title
        Report(paper=1, slug="atoms", title=title, scale=scale).write(folder)
        return folder

    return put


def test_one_s_own_full_report_comes_before_what_ships_and_that_before_quick_ones(shelf, tmp_path):
    home = tmp_path / "home"
    with pytest.raises(NotFoundError, match="no report of 'atoms'"):
        best_report("atoms", home)
    quick = shelf("quick", scale="quick")
    assert best_report("atoms", home).folder == quick
    shipped = shelf("shipped", shipped=True)
    assert best_report("atoms", home).folder == shipped
    assert [(number, slug) for number, slug, _ in shipped_reports()] == [(1, "atoms")]
    full = shelf("full")
    newest = shelf("newest", scale="quick")
    assert best_report("atoms", home).folder == full
    assert [one.folder for one in own_reports("atoms", home)] == [newest, full, quick]


def test_a_report_is_found_by_folder_by_name_and_by_where_it_comes_from(shelf, tmp_path):
    home = tmp_path / "home"
    shipped, full = shelf("shipped", shipped=True), shelf("full")
    assert find_report(str(full), home).folder == full
    assert find_report("atoms", home).folder == full
    assert find_report("atoms@shipped", home).folder == shipped
    assert find_report("atoms@own", home).read().title == "full"
    for name in ("atoms@mine", "circuits@own", "circuits", str(tmp_path)):
        with pytest.raises(NotFoundError):
            find_report(name, home)


def test_the_reports_of_the_checkout_are_those_that_ship():
    assert (shipped_root() / "README.md").is_file()
