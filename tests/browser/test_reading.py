"""Reading, searching, voting and saving in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
ATOMS = "Towards Atoms of Large Language Models"
INTENT = "smallest units of meaning inside a language model"
PAGES = [
    "/",
    "/trending",
    "/search",
    f"/search?q={INTENT}",
    "/saved",
    "/subscribe",
    "/subscriptions",
    "/methods",
    "/about",
    "/papers/2509.20784",
    "/papers/2511.09999",
    "/papers/2511.09999/similar",
    "/sign-in",
]

pytestmark = pytest.mark.browser


def test_reading_today(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("article")).to_have_count(58)
    title = page.locator(".card h2 a", has_text=ATOMS)
    title.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ATOMS)
    expect(page.locator(".summary")).to_contain_text("smallest units")
    expect(page.locator("aside .like li")).to_have_count(6)


def test_hits_appear_while_one_types(open_page: Open) -> None:
    page = open_page("/about")
    page.get_by_role("searchbox").press_sequentially(INTENT)
    first = page.locator("#suggestions a").first
    expect(first).to_have_text(ATOMS)
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/papers/2509.20784$"))
    page.go_back()
    page.get_by_role("searchbox").fill(INTENT)
    page.keyboard.press("Enter")
    expect(page.locator(".card h2").first).to_have_text(ATOMS)
    expect(page.locator(".why").first).to_contain_text("by meaning: no. 1")


def test_the_search_page_follows_what_is_typed(open_page: Open) -> None:
    page = open_page("/search")
    page.get_by_role("searchbox").press_sequentially("matryoshka")
    expect(page.locator(".card h2").first).to_contain_text("Matryoshka")
    expect(page).to_have_url(re.compile(r"/search\?q=matryoshka$"))
    page.get_by_role("searchbox").fill("hallucination of vision language models")
    expect(page.locator("#found")).to_contain_text("TruthPrInt")
    titles = page.locator(".card h2").all_text_contents()
    page.reload()
    expect(page.locator(".card h2")).to_have_text(titles)


def test_conditions_narrow_a_search(open_page: Open) -> None:
    page = open_page("/search?q=attention")
    page.get_by_text("Conditions and order").click()
    page.get_by_label("Topic").select_option("hallucination")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("tag=hallucination"))  # a click does not wait for the page that it asks for
    expect(page.locator(".card").first).to_be_visible()
    expect(page.locator(".card").filter(has_not=page.locator(".tags", has_text="hallucination"))).to_have_count(0)


def test_a_vote_counts_once_and_can_be_taken_back(open_page: Open) -> None:
    page = open_page("/?tag=hallucination")
    vote = page.locator(".vote").first
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(vote).to_have_text("1")
    page.reload()
    expect(vote).to_have_text("1")
    vote.click()
    expect(vote).to_have_text("0")
    page.reload()
    expect(vote).to_have_attribute("aria-pressed", "false")


def test_saving_with_a_note(open_page: Open) -> None:
    page = open_page("/papers/2509.20784")
    page.get_by_label("Note, only for you").fill("Try <this> first.\nThen the rest.")
    page.get_by_label("Collections").fill("Reading group, Sparse")
    page.get_by_role("button", name="Save with note").click()
    expect(page.locator(".keep")).to_have_text("Saved")
    page.get_by_role("link", name="Saved").click()
    page.get_by_role("navigation", name="Collections").get_by_text("Reading group").click()
    expect(page.locator(".noted")).to_have_text("Try <this> first.\nThen the rest.")
    page.get_by_label("Search your papers and notes").fill("zebra")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_be_visible()


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page("/?tag=segmentation")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    card = page.locator(".card").first
    expect(card).to_be_focused()
    page.keyboard.press("j")
    card = page.locator(".card").nth(1)
    expect(card).to_be_focused()
    page.keyboard.press("s")
    expect(card.locator(".keep")).to_have_text("Saved")
    page.keyboard.press("v")
    expect(card.locator(".vote")).to_have_text("1")
    title = card.locator("h2").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_everything_works_without_javascript(open_page: Open) -> None:
    page = open_page("/?tag=retrieval", java_script_enabled=False)
    card = page.locator(".card", has_text="Dense Text Retrieval based on Pretrained")
    card.locator(".vote").click()
    expect(page).to_have_url(re.compile(r"/\?tag=retrieval$"))
    expect(card.locator(".vote")).to_have_text("1")
    card.locator(".keep").click()
    expect(card.locator(".keep")).to_have_text("Saved")
    page.get_by_role("searchbox").fill(INTENT)
    page.keyboard.press("Enter")
    expect(page.locator(".card h2").first).to_have_text(ATOMS)
    page.locator(".card h2 a").first.click()
    page.get_by_label("Comment, for everybody").fill("Read it twice.")
    page.get_by_role("button", name="Comment").click()
    comment = page.locator(".comment", has_text="Read it twice.")
    expect(comment).to_be_visible()
    comment.get_by_role("button", name="delete").click()
    expect(comment).to_have_count(0)


@pytest.mark.parametrize(("scheme", "low", "high"), [("light", 0.8, 1.0), ("dark", 0.0, 0.15)])
def test_the_pages_follow_the_readers_colours(open_page: Open, scheme: str, low: float, high: float) -> None:
    page = open_page(color_scheme=scheme)
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    assert low <= 0.2126 * red + 0.7152 * green + 0.0722 * blue <= high


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone(open_page: Open, width: int) -> None:
    page = open_page(width=width, has_touch=True, device_scale_factor=2)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        targets = page.locator(".bar a:visible, button:not(.plain):visible, .pages a, .topics a")
        small = targets.evaluate_all("all => all.filter(e => e.offsetHeight < 24).map(e => e.outerHTML)")
        assert small == [], path
