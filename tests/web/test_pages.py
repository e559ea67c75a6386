"""Pages, forms, API and feeds over a real library, through the whole application."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from defusedxml import ElementTree
from fastapi.testclient import TestClient

from seme.errors import InputError
from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.papers.sources.base import Batch
from seme.papers.sources.catalogue import CatalogueSource
from seme.settings import Settings
from seme.web.app import create_app

ATOMS = "/papers/2509.20784"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def client(catalogue: Library, settings: Settings) -> Iterator[TestClient]:
    """Open a browser without JavaScript on a fresh install."""
    with TestClient(create_app(settings, library=catalogue), base_url="http://127.0.0.1") as opened:
        yield opened


def token(client: TestClient, path: str = "/") -> str:
    """Read the form token of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def test_a_fresh_install_lists_the_57_papers(client: TestClient) -> None:
    first, second = client.get("/").text, client.get("/?page=2").text
    titles = re.findall(r"<h2><a href=\"(/papers/[^\"]+)\"", first + second)
    assert len(titles) == len(set(titles)) == 57
    assert "57 papers" in first
    assert "Sep 25<" in first + second


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/trending",
        "/search",
        "/search?q=sparse",
        "/saved",
        "/subscribe",
        "/subscriptions",
        "/about",
        ATOMS,
        f"{ATOMS}/similar",
        "/papers/week/2026-W10",
        "/papers/month/2026-03",
        "/papers/date/2026-03-03",
        "/sign-in",
        "/methods",
    ],
)
def test_every_page_answers_with_a_strict_policy(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", answer.text)
    assert answer.text.count("<h1") == 1


def test_search_finds_by_meaning_and_says_why(client: TestClient) -> None:
    text = client.get("/search", params={"q": "smallest units of meaning inside a language model"}).text
    assert text.index("Towards Atoms of Large Language Models") < text.index("</article>")
    assert "by meaning: no.&nbsp;1<" in text


def test_what_a_page_loads_is_there_and_kept(client: TestClient) -> None:
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
    style = client.get(next(path for path in loaded if ".css" in path)).text
    fonts = [f"/static/{name}" for name in re.findall(r"url\(([^)]+)\)", style)]
    assert set(loaded) & set(fonts)
    for path in {*loaded, *fonts}:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert sum(len(client.get(path).content) for path in loaded) < 100_000


def test_voting_counts_once(client: TestClient) -> None:
    for _ in range(2):
        answer = client.post(
            f"{ATOMS}/vote", data={"csrf": token(client), "up": "1", "back": "/"}, follow_redirects=False
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/api" + ATOMS).json()["paper"]["upvotes"] == 1
    answer = client.post(
        f"{ATOMS}/vote", data={"csrf": token(client), "up": "0"}, headers={"accept": "application/json"}
    )
    assert answer.json() == {"votes": 0, "voted": False}


def test_saving_with_a_note(client: TestClient) -> None:
    form = {"csrf": token(client, ATOMS), "note": "read <again>", "collections": "To read, Sparse"}
    client.post(f"{ATOMS}/save", data=form)
    text = client.get("/saved").text
    assert "read &lt;again&gt;" in text
    assert "To read" in text
    assert "You may like" in text
    assert "Towards Atoms" in client.get("/saved?collection=sparse&q=again").text
    assert "1 paper" not in client.get("/saved?q=zebra").text


def test_a_listing_narrows_to_a_topic_and_its_feed_with_it(client: TestClient) -> None:
    text = client.get("/?tag=sparse-autoencoders").text
    found = re.search(r"<span>(\d+) papers</span>", text)
    assert found is not None
    assert 0 < int(found[1]) == text.count("<article") < 57
    feed = re.search(r'type="application/feed\+json"[^>]*href="([^"]+)"', text)
    assert feed is not None
    items = client.get(feed[1]).json()["items"]
    assert [item["url"].partition("/papers/")[2] for item in items] == re.findall(
        r'<h2><a href="/papers/([^"]+)"', text
    )


def test_one_stops_ones_own_subscriptions(client: TestClient, catalogue: Library) -> None:
    person = catalogue.people.by_email("reader@example.org")
    one = catalogue.subscriptions.confirm(catalogue.subscriptions.create(person, "daily").id)
    assert "reader@example.org" in client.get("/subscriptions").text
    assert client.post(f"/subscriptions/{one.id}/stop", data={"csrf": "wrong"}).status_code == 422
    form = {"csrf": token(client)}
    assert "Subscribe again" in client.post(f"/subscriptions/{one.id}/stop", data=form).text
    assert catalogue.subscriptions.get(one.id).state == "stopped"
    assert client.post("/subscriptions/none/stop", data=form).status_code == 404


def test_nobody_stops_what_is_not_theirs(catalogue: Library, settings: Settings) -> None:
    one = catalogue.subscriptions.create(catalogue.people.by_email("other@example.org"), "daily")
    one = catalogue.subscriptions.confirm(one.id)
    signed = settings.model_copy(update={"sign_in": "mail"})
    with TestClient(create_app(signed, library=catalogue), base_url="http://127.0.0.1") as client:
        link = catalogue.people.start_sign_in("reader@example.org")
        path, form = f"/subscriptions/{one.id}/stop", {"csrf": token(client)}
        answer = client.post(path, data=form, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert "reader@example.org" in client.post("/sign-in", data={**form, "token": link}).text
        assert client.post(path, data=form).status_code == 404
        assert "Sign in" in client.post("/sign-out", data=form).text
        assert client.post(path, data=form, follow_redirects=False).status_code == 303
    assert catalogue.subscriptions.get(one.id).state == "active"


@pytest.mark.parametrize("path", [f"{ATOMS}/vote", f"{ATOMS}/save", f"{ATOMS}/comment", "/subscribe", "/sign-in"])
def test_forms_without_the_token_do_nothing(client: TestClient, path: str) -> None:
    client.get("/")
    for sent in ("", "wrong", "a.b"):
        assert client.post(path, data={"csrf": sent, "up": "1"}).status_code == 422
    assert client.get("/api" + ATOMS).json()["paper"]["upvotes"] == 0


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\r\nX: y"])
def test_no_redirect_leads_out(client: TestClient, back: str) -> None:
    form = {"csrf": token(client), "up": "1", "back": back}
    assert client.post(f"{ATOMS}/vote", data=form, follow_redirects=False).headers["location"] == ATOMS


def test_an_author_leads_to_the_authors_papers(client: TestClient, catalogue: Library) -> None:
    papers = [
        Paper(f"2603.0000{n}", f"Number {n}", "arxiv", authors=("Zoë O'Neil & Sons", f"Other {n}")) for n in (1, 2)
    ]
    catalogue.papers.store([*papers, Paper("2603.00003", "Number 3", "arxiv", authors=("Zoë",))])
    link = re.search(r'href="(/search\?author=[^"]+)"', client.get("/papers/2603.00001").text)
    assert link is not None
    found = re.findall(r'<h2><a href="/papers/([^"]+)"', client.get(link[1].replace("&amp;", "&")).text)
    assert sorted(found) == ["2603.00001", "2603.00002"]


@pytest.mark.parametrize(("hours", "warned"), [(3, False), (60, True)])
def test_a_list_says_when_it_is_stale(client: TestClient, catalogue: Library, hours: int, warned: bool) -> None:
    assert "last harvest" not in client.get("/").text
    harvest = catalogue.harvests.begin(CatalogueSource())
    catalogue.harvests.finish(harvest)
    catalogue.harvests.advance(harvest, Batch(()), now=dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours))
    found = re.search(r"<span([^>]*)>last harvest ([^<]+)</span>", client.get("/").text)
    assert found is not None
    assert ("warn" in found[1]) is warned


def test_hostile_text_stays_text(client: TestClient, catalogue: Library) -> None:
    catalogue.papers.store(
        [
            Paper(
                id="2603.00666",
                title="<script>alert(1)</script> \u202eevil",
                summary="<img src=x onerror=alert(1)> $x<y$",
                source="arxiv",
            )
        ]
    )
    text = client.get("/papers/2603.00666").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "$x&lt;y$" in text


def test_the_api_has_the_shape_people_know(client: TestClient) -> None:
    first = client.get("/api/daily_papers?limit=3").json()
    assert len(first) == 3
    assert {"paper", "publishedAt", "title", "numComments"} <= set(first[0])
    assert {"id", "title", "summary", "authors", "upvotes"} <= set(first[0]["paper"])
    found = client.get("/api/papers/search", params={"q": "hallucination of vision language models", "limit": 5}).json()
    assert any("TruthPrInt" in entry["title"] for entry in found)
    assert client.get(f"/api{ATOMS}/similar?limit=4").json()[0]["score"] > 0.3
    assert client.get("/api/papers/none").status_code == 404
    assert client.get("/api/daily_papers?week=2026-W99").status_code == 422
    assert client.get(f"{ATOMS}.md").text.startswith("# Towards Atoms of Large Language Models")


@pytest.mark.parametrize(
    "name", ["latest", "trending", "search", "day/2026-03-03", "week/2026-W10", "month/2026-03", "similar/2509.20784"]
)
def test_every_view_is_a_feed(client: TestClient, name: str) -> None:
    answer = client.get(f"/feeds/{name}.atom?tag=sparse-autoencoders")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    assert all(entry.findtext(f"{ATOM}id").startswith("tag:") for entry in root.iter(f"{ATOM}entry"))
    again = client.get(answer.request.url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    feed = client.get(f"/feeds/{name}.json").json()
    assert feed["version"].endswith("1.1")
    assert client.get(f"/feeds/{name}.exe").status_code == 404


def test_a_feed_of_a_search_carries_what_it_finds(client: TestClient) -> None:
    feed = client.get("/feeds/search.json", params={"q": "matryoshka", "min_votes": 0}).json()
    assert "Matryoshka" in feed["items"][0]["title"]


def test_limits(library: Library, settings: Settings) -> None:
    tight = settings.model_copy(update={"rate_per_minute": 5})
    with TestClient(create_app(tight, library=library), base_url="http://127.0.0.1") as client:
        assert client.get("/search?q=" + "x" * 5000).status_code == 414
        assert client.post("/subscribe", content=b"x" * (2 << 20)).status_code == 413
        codes = [client.get("/healthz").status_code for _ in range(8)]
        assert codes[:4] == [200] * 4
        assert codes[-1] == 429


def test_without_sign_in_no_other_machine_is_served(settings: Settings) -> None:
    with pytest.raises(InputError, match="share one account"):
        create_app(settings.model_copy(update={"host": "0.0.0.0"}))  # noqa: S104
