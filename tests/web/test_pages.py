"""Pages, forms, API and feeds over a real library, through the whole application."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from defusedxml import ElementTree
from fastapi.testclient import TestClient

from seme.errors import InputError
from seme.papers.library import Library
from seme.papers.paper import Paper
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
    ["/", "/trending", "/search", "/search?q=sparse", "/saved", "/subscribe", "/subscriptions", "/about", ATOMS,
     f"{ATOMS}/similar", "/papers/week/2026-W10", "/papers/month/2026-03", "/papers/date/2026-03-03", "/sign-in"],
)  # fmt: skip
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
    assert "meaning rank 1" in text


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


@pytest.mark.parametrize("name", ["latest", "trending", "search", "day/2026-03-03", "week/2026-W10", "month/2026-03"])
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
