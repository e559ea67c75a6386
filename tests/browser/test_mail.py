"""From the form to the inbox and out again: a browser, the commands, and a real SMTP exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]

pytestmark = pytest.mark.browser


def link_in(mail: EmailMessage, path: str) -> str:
    """Return the link of a mail's text that leads to a path."""
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(rf"http://\S+{path}\S+", str(part.get_content()))
    assert found is not None
    return found[0]


def subscribe(page: Page, service: Any, email: str, what: str) -> EmailMessage:
    """Fill in the form and return the mail that asks for confirmation."""
    page.goto("/subscribe")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label(what).check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    mail: EmailMessage = service.mails[-1]
    assert mail["To"] == email
    return mail


def confirm(page: Page, mail: EmailMessage) -> None:
    """Follow the link of a mail, and confirm."""
    page.goto(link_in(mail, "/subscriptions/confirm"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("Confirmed")


def test_subscribing_reading_the_digest_and_leaving(open_page: Open, service: Any) -> None:
    page = open_page("/")
    mail = subscribe(page, service, "ada@example.org", "The day's trending papers")
    confirm(page, mail)
    assert json.loads(service.seme("digest", "daily", "-n", "7", "--json")) == {
        "queued": 1,
        "sent": 1,
        "failed": 0,
        "uncertain": 0,
    }
    digest = service.mails[-1]
    assert digest["To"] == "ada@example.org"
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page.goto(link_in(digest, "/papers/"))
    title = page.get_by_role("heading", level=1).inner_text()
    html = digest.get_body(("html",))
    assert html is not None
    page.goto("about:blank")
    page.set_content(str(html.get_content()))
    expect(page.get_by_role("heading", level=2)).to_have_count(7)
    expect(page.get_by_role("link", name=title)).to_be_visible()
    stop = digest["List-Unsubscribe"].strip("<>")
    visitor = open_page(stop)
    expect(visitor.get_by_role("button", name="Unsubscribe")).to_be_visible()
    assert httpx.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    visitor.goto("/subscriptions")
    expect(visitor.get_by_role("row", name="ada@example.org")).to_contain_text("stopped")


def test_leaving_by_the_page_of_the_link(open_page: Open, service: Any) -> None:
    page = open_page("/", java_script_enabled=False)
    confirm(page, subscribe(page, service, "grace@example.org", "The week's trending papers"))
    service.seme("digest", "weekly", "-n", "3")
    digest = service.mails[-1]
    assert digest["To"] == "grace@example.org"
    page.goto(link_in(digest, "/subscriptions/stop"))
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_contain_text("unsubscribed")


def test_a_search_becomes_an_alert_that_its_page_stops(open_page: Open, service: Any) -> None:
    page = open_page("/search?q=sparse+autoencoders")
    page.get_by_role("link", name="Mail me new ones").click()
    expect(page.get_by_label("Words")).to_have_value("sparse autoencoders")
    expect(page.get_by_label("New papers of the search below")).to_be_checked()
    page.get_by_label("E-mail address").fill("emmy@example.org")
    page.get_by_role("button", name="Subscribe").click()
    confirm(page, service.mails[-1])
    page.goto("/subscriptions")
    row = page.get_by_role("row", name="emmy@example.org")
    expect(row).to_contain_text("on")
    row.get_by_role("button").click()
    expect(row).to_contain_text("stopped")
    row.get_by_role("link", name="Subscribe again").click()
    expect(page.get_by_label("Words")).to_have_value("sparse autoencoders")


def test_signing_in_by_mail(open_page: Open, serve: Callable[..., Any]) -> None:
    service = serve(SEME_SIGN_IN="mail")
    page = open_page("/papers/2509.20784", at=service, java_script_enabled=False)
    page.locator(".vote").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    link = link_in(service.mails[-1], "/sign-in")
    page.goto(urlsplit(link)._replace(scheme="", netloc="").geturl())
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("footer")).to_contain_text("ada@example.org")
    page.goto("/papers/2509.20784")
    page.locator(".vote").click()
    expect(page.locator(".vote")).to_have_attribute("aria-pressed", "true")
    other = open_page("/papers/2509.20784", at=service, fails=True)
    expect(other.locator(".vote")).to_have_text("1")
    expect(other.locator(".vote")).to_have_attribute("aria-pressed", "false")
    other.goto(link)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_be_visible()  # a link works once
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
