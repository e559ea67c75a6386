"""Search over the catalogue: the judged queries, explanations, filters, and an index that follows the library."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from seme.assets.minilm import minilm_files
from seme.errors import AssetError
from seme.papers.catalogue import catalogue_number, catalogue_papers
from seme.papers.catalogue.vectors import digest, encode_new, shipped_vectors
from seme.papers.indexing import embedded_text, index_state, open_encoder, refresh_index
from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.papers.query import Query, Sort
from seme.papers.reader import Reader
from seme.papers.seeding import seed_catalogue
from seme.settings import Settings

try:
    minilm_files()
except AssetError as error:
    pytest.skip(str(error), allow_module_level=True)

QUERIES = [json.loads(line) for line in (Path(__file__).parent / "judged_queries.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Settings]]:
    """Index the catalogue once for all tests that only read."""
    made = Settings(home=tmp_path_factory.mktemp("home"), secret="x")
    with Library(made.database_url) as library:
        seed_catalogue(library)
        refresh_index(library, made)
        yield library, made


def test_vectors_that_ship_are_those_of_the_catalogue_and_of_nothing_else() -> None:
    """They are compared with freshly made ones; where this fails, run `python -m scripts.catalogue_vectors`."""
    encoder = open_encoder(Settings())
    texts = [embedded_text(paper) for paper in catalogue_papers()]
    known = shipped_vectors(encoder.name)
    assert set(known) == set(map(digest, texts))
    shipped = np.stack([known[digest(text)] for text in texts[::8]])
    assert (shipped * encoder.encode(texts[::8])).sum(axis=1).min() > 0.999
    assert shipped_vectors("another encoder") == {}
    asked: list[Sequence[str]] = []
    mixed = encode_new(lambda new: asked.append(new) or np.ones((len(new), 384)), encoder.name, 384, ["x", texts[1]])
    assert asked == [["x"]]
    assert mixed[0].tolist() == [1] * 384
    assert np.array_equal(mixed[1], known[digest(texts[1])])


def ranking(reader: Reader, text: str) -> list[str]:
    """Return the numbers of the ten best papers."""
    return [str(catalogue_number(e.stored.paper.id)) for e in reader.list(Query(text=text), limit=10)]


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Return nDCG@10 with exponential gains (Burges et al. 2005)."""
    gains = [2 ** relevant.get(number, 0) - 1 for number in ranked]
    ideal = sorted((2**grade - 1 for grade in relevant.values()), reverse=True)[:10]
    return _discounted(gains) / _discounted(ideal)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def measure(library: Library, settings: Settings) -> tuple[float, float]:
    """Return mean nDCG@10 and mean reciprocal rank over the judged queries."""
    reader = Reader(library, settings)
    ranked = [ranking(reader, query["query"]) for query in QUERIES]
    relevant = [query["relevant"] for query in QUERIES]
    reciprocal = [
        next((1 / place for place, number in enumerate(r, 1) if number in judged), 0.0)
        for r, judged in zip(ranked, relevant, strict=True)
    ]
    return sum(map(ndcg, ranked, relevant)) / len(ranked), sum(reciprocal) / len(ranked)


def test_hybrid_search_is_better_than_both_of_its_parts(service: tuple[Library, Settings]) -> None:
    library, settings = service
    quality = {w: measure(library, settings.model_copy(update={"lexical_weight": w})) for w in (0.0, 0.4, 1.0)}
    assert settings.lexical_weight == 0.4
    assert quality[0.4][0] > quality[1.0][0] > 0
    assert quality[0.4][0] > quality[0.0][0] > 0
    assert quality[0.4][1] >= 0.85


def test_what_the_benchmark_chose_is_not_worse_than_what_was_there_before(service: tuple[Library, Settings]) -> None:
    library, settings = service
    before = measure(library, settings.model_copy(update={"lexical_weight": 0.5, "feedback_hits": 0}))
    now = measure(library, settings)
    assert now[0] > before[0]
    assert now[1] >= before[1]


def test_the_smallest_units_of_meaning(service: tuple[Library, Settings]) -> None:
    entry = Reader(*service).list(Query(text="smallest units of meaning inside a language model"), limit=3)[0]
    assert catalogue_number(entry.stored.paper.id) == 1
    assert entry.why["lexical_rank"] is not None
    assert entry.why["dense_rank"] is not None
    assert "unit" in entry.why["matched"]


def test_filters_and_orders_of_a_search(service: tuple[Library, Settings]) -> None:
    reader = Reader(*service)
    tag = service[0].papers.labels("tag")[3][0]
    found = reader.list(Query(text="language model", tag=tag), limit=50)
    assert {tag} <= set.intersection(*(set(e.stored.paper.tags) for e in found))
    assert len(found) == service[0].papers.count(Query(tag=tag))
    votes = [e.stored.votes for e in reader.list(Query(text="retrieval", sort=Sort.VOTES), limit=10)]
    assert votes == sorted(votes, reverse=True)


def test_pages_of_a_search_follow_each_other(service: tuple[Library, Settings]) -> None:
    reader, query = Reader(*service), Query(text="sparse representations")
    pages = [e.stored.paper.id for start in (0, 10, 20) for e in reader.list(query, limit=10, offset=start)]
    assert pages == [e.stored.paper.id for e in reader.list(query, limit=30)]


def test_similar_papers(service: tuple[Library, Settings]) -> None:
    library = service[0]
    matryoshka = next(s.paper.id for s in library.papers.all() if s.paper.title.startswith("2D Matryoshka"))
    similar = Reader(*service).similar(matryoshka, limit=5)
    assert "Matryoshka Representation Learning" in [e.stored.paper.title for e in similar]
    assert matryoshka not in [e.stored.paper.id for e in similar]


def test_trending_shows_its_inputs() -> None:
    settings = Settings(secret="x")
    now = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    with Library("sqlite://") as library:
        days = {"2603.00001": (2, 9), "2603.00002": (2, 0), "2603.00003": (1, 9)}
        library.papers.store(
            [
                Paper(id=i, title=f"Title {i}", source="arxiv", votes=votes, listed=dt.date(2026, 3, day))
                for i, (day, votes) in days.items()
            ]
        )
        entries = Reader(library, settings).list(Query(sort=Sort.TRENDING), limit=3, now=now)
        assert [e.stored.paper.id[-1] for e in entries] == ["1", "3", "2"]
        first = entries[0]
        assert first.score == pytest.approx((1 + 9) / (24 + 2) ** 1.5)
        assert (first.why["votes"], first.why["age_hours"]) == (9, 24)


def test_recommendations_follow_what_was_saved(library: Library, settings: Settings) -> None:
    seed_catalogue(library)
    refresh_index(library, settings)
    me, reader = library.people.local(), Reader(library, settings)
    assert reader.recommended(me) == []
    liked = [s.paper.id for s in library.papers.all() if "Dense Retriev" in s.paper.title or "BiDR" in s.paper.summary]
    for paper_id in liked:
        library.shelves.save(me, paper_id)
    found = reader.recommended(me, limit=5)
    assert not set(liked) & {e.stored.paper.id for e in found}
    assert sum("retriev" in (e.stored.paper.title + e.stored.paper.summary).lower() for e in found) >= 4
    assert all(e.why["because"] for e in found)


def test_the_index_follows_edits_and_removals(library: Library, settings: Settings) -> None:
    papers = [Paper(id=f"2603.{n:05d}", title=f"Paper {n} about zebras", source="arxiv") for n in range(30)]
    library.papers.store(papers)
    assert refresh_index(library, settings).indexed == 30
    reader = Reader(library, settings)
    assert len(reader.list(Query(text="zebras"), limit=50)) == 30
    library.papers.remove(["2603.00003"])
    library.papers.store([Paper(id="2603.00004", title="Now about giraffes", source="arxiv", version=2)])
    assert index_state(library, settings).behind == 2
    done = refresh_index(library, settings)
    assert (done.indexed, done.removed, done.total) == (1, 1, 29)
    assert reader.list(Query(text="giraffes"), limit=1)[0].stored.paper.id == "2603.00004"
    assert "2603.00003" not in [e.stored.paper.id for e in reader.list(Query(text="zebras"), limit=50)]


def test_a_damaged_index_is_built_again(library: Library, settings: Settings) -> None:
    seed_catalogue(library)
    refresh_index(library, settings)
    next(settings.index_path.glob("lexical/s*/docs.npy")).write_bytes(b"")
    assert not index_state(library, settings).present
    assert refresh_index(library, settings).indexed == 57


def test_without_the_encoder_words_still_find(library: Library, settings: Settings, tmp_path: Path) -> None:
    seed_catalogue(library)
    refresh_index(library, settings)
    blind = settings.model_copy(update={"encoder_path": tmp_path})
    found = Reader(library, blind).list(Query(text="Matryoshka"), limit=2)
    assert all("Matryoshka" in e.stored.paper.title for e in found)
    assert found[0].why["dense_rank"] is None
