"""axe-core over the main pages, in light and in dark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
PAPER = "/papers/2509.20784"

COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules whose outcome can differ between the colour schemes."""

pytestmark = pytest.mark.browser


def assert_no_barrier(page: Page) -> None:
    """Check a page in both colour schemes."""
    for scheme, rules in (("light", {}), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options={"resultTypes": ["violations"], **rules})
        assert results.violations_count == 0, f"{scheme}: {results.generate_report()}"


PAGES = [
    "/",
    "/papers/week/2026-W10",
    f"/papers/month/{dt.datetime.now(dt.UTC):%Y-%m}?tag=retrieval",
    "/trending?tag=vision",
    PAPER,
    f"{PAPER}/similar?tag=neurons",
    "/search",
    "/search?q=units+of+meaning&tag=embeddings&sort=newest",
    "/saved",
    "/subscribe",
    "/subscriptions",
    "/methods",
    "/about",
    "/sign-in",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_barrier(open_page: Open, path: str) -> None:
    assert_no_barrier(open_page(path))


def test_a_page_in_use_has_no_barrier(open_page: Open) -> None:
    page = open_page("/papers/2507.04886")
    page.get_by_label("Note, only for you").fill("A note.")
    page.get_by_role("button", name="Save with note").click()
    expect(page.locator(".keep")).to_have_text("Saved")
    page.get_by_label("Comment, for everybody").fill("A comment.")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment", has_text="A comment.")).to_be_visible()
    page.locator(".vote").click()
    page.get_by_role("searchbox").fill("sparse")
    page.locator("#suggestions a").first.wait_for()
    assert_no_barrier(page)
    page.goto("/saved")
    page.keyboard.press("j")
    assert_no_barrier(page)


@pytest.mark.parametrize("path", ["/papers/none", "/subscriptions/stop?token=forged", "/papers/week/none"])
def test_an_error_has_no_barrier(open_page: Open, path: str) -> None:
    page = open_page(path, fails=True)
    expect(page.get_by_role("alert")).to_be_visible()
    assert_no_barrier(page)
