"""Storing, merging, finding and following papers, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from seme.errors import InputError, NotFoundError, SemeError
from seme.papers.library import Library, Stored
from seme.papers.library.schema import metadata
from seme.papers.paper import Paper, PaperDate, title_id
from seme.papers.query import Query, Sort

NOW = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def paper(number: int, **fields: object) -> Paper:
    """Make a paper with an arXiv id."""
    values: dict[str, object] = {"title": f"On meaning {number}", "summary": "Text", "source": "arxiv", **fields}
    return Paper(id=f"2603.{number:05d}", **values)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def library(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Library]:
    """Open an empty library on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/library.sqlite3"
    else:
        url = request.getfixturevalue("postgres_url")
    with Library(url) as opened:
        yield opened
        if request.param == "postgres":
            with opened.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))


def test_storing_twice_changes_nothing(library: Library) -> None:
    papers = [paper(n, votes=n, authors=("Ada", "Bo"), published=PaperDate.parse("2026-03-01")) for n in range(7)]
    assert library.papers.store(papers, now=NOW) == Stored(added=7)
    before = [library.papers.revision(), *library.papers.all()]
    assert library.papers.store(papers, now=NOW + dt.timedelta(days=1)) == Stored(unchanged=7)
    assert [stored.revision for stored in library.papers.all()] == [stored.revision for stored in before[1:]]
    assert list(library.papers.all()) == before[1:]


def test_every_field_comes_back(library: Library) -> None:
    full = paper(
        1,
        authors=("Émile Ünal", "李"),
        author_count=2,
        published=PaperDate.parse("Sep 25"),
        listed=dt.date(2026, 3, 2),
        version=3,
        updated=dt.datetime(2026, 3, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        categories=("cs.CL", "cs.LG"),
        tags=("sparse-codes",),
        links={"abs": "https://arxiv.org/abs/2603.00001"},
        votes=4,
        comments=2,
        note="12 pages",
        doi="10.1/x",
        journal="J",
        withdrawn=True,
        method="atoms",
    )
    library.papers.store([full])
    assert library.papers.get(full.id).paper == full


def test_a_date_without_a_year_stays_without_one(library: Library) -> None:
    library.papers.store([paper(1, published=PaperDate.parse("Sep 25"))])
    published = library.papers.get("2603.00001").paper.published
    assert published is not None
    assert (published.year, published.precision, published.shown) == (None, "month-day", "Sep 25")


def test_an_older_version_never_replaces_a_newer_one(library: Library) -> None:
    library.papers.store([paper(1, version=3, summary="third")])
    library.papers.store([paper(1, version=1, summary="first")])
    stored = library.papers.get("2603.00001")
    assert (stored.paper.version, stored.paper.summary) == (3, "third")
    assert [(v.number, v.summary) for v in library.papers.versions("2603.00001")] == [(1, "first"), (3, "third")]


def test_a_title_meets_its_arxiv_record_and_keeps_the_old_address(library: Library) -> None:
    title = "A  study of Meaning"
    library.papers.store([Paper(id=title_id(title), title=title, source="saved-page", author_count=2, comments=5)])
    library.papers.store([paper(1, title="A study of meaning", authors=("A", "B"))])
    assert library.papers.count() == 1
    stored = library.papers.get(title_id(title))
    assert (stored.paper.id, stored.paper.comments, stored.paper.authors) == ("2603.00001", 5, ("A", "B"))


def test_two_arxiv_papers_of_one_title_stay_two(library: Library) -> None:
    library.papers.store([paper(1, title="Retraction"), paper(2, title="Retraction")])
    assert library.papers.count() == 2


def test_a_title_with_another_number_of_authors_is_another_paper(library: Library) -> None:
    library.papers.store([paper(1, title="Editorial", author_count=1)])
    library.papers.store([Paper(id=title_id("Editorial"), title="Editorial", source="saved-page", author_count=9)])
    assert library.papers.count() == 2


def test_weaker_sources_fill_gaps_only(library: Library) -> None:
    library.papers.store([paper(1, summary="the abstract", note="")])
    library.papers.store([paper(1, source="catalogue", summary="our words", note="kept", tags=("t",), votes=9)])
    found = library.papers.get("2603.00001").paper
    assert (found.summary, found.note, found.tags, found.votes) == ("the abstract", "kept", ("t",), 9)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), {1, 2, 3}),
        (Query(tag="CS.cl"), {1, 2}),
        (Query(tag="sparse-codes"), {3}),
        (Query(author="ada  lovelace"), {2}),
        (Query(min_votes=5), {3}),
        (Query(since=dt.date(2026, 3, 2)), {2, 3}),
        (Query(until=dt.date(2026, 3, 2)), {1, 2}),
        (Query(source="arxiv-feed"), {3}),
        (Query(tag="cs.CL' OR 1=1 --"), set()),
    ],
)
def test_conditions(library: Library, query: Query, expected: set[int]) -> None:
    library.papers.store(
        [
            paper(1, categories=("cs.CL",), listed=dt.date(2026, 3, 1)),
            paper(2, categories=("cs.CL", "cs.LG"), authors=("Ada Lovelace",), listed=dt.date(2026, 3, 2)),
            paper(3, tags=("sparse-codes",), votes=5, source="arxiv-feed", listed=dt.date(2026, 3, 3)),
        ]
    )
    found = {int(stored.paper.id[-2:]) for stored in library.papers.find(query, limit=10)}
    assert found == expected
    by_number = {number: int(paper_id[-2:]) for paper_id, number in library.papers.numbers().items()}
    if query.filtered:
        assert {by_number[key] for key in library.papers.keys(query).tolist()} == expected
    assert library.papers.count(query) == len(expected)


def test_order_by_votes_counts_both_kinds(library: Library) -> None:
    library.papers.store([paper(1, votes=1), paper(2, votes=2), paper(3)])
    for name in ("a@b.org", "c@d.org", "e@f.org"):
        library.votes.cast(library.people.by_email(name), "2603.00003")
    found = library.papers.find(Query(sort=Sort.VOTES), limit=3)
    assert [(stored.paper.id[-1], stored.votes) for stored in found] == [("3", 3), ("2", 2), ("1", 1)]


def test_removed_papers_are_hidden_and_can_come_back(library: Library) -> None:
    library.papers.store([paper(1), paper(2)])
    assert library.papers.remove(["2603.00001", "2603.09999"]) == 1
    assert library.papers.remove(["2603.00001"]) == 0
    assert library.papers.count() == 1
    assert library.papers.get("2603.00001").removed_at is not None
    library.papers.store([paper(1)])
    assert library.papers.count() == 2


def test_following_the_changes_misses_nothing(library: Library) -> None:
    library.papers.store([paper(n) for n in range(20)])
    seen: dict[str, int] = {}
    after = (0, 0)
    for step in range(40):
        page = library.papers.changes(after, limit=3)
        if not page:
            break
        seen.update({stored.paper.id: stored.paper.version for stored in page})
        after = (page[-1].revision, page[-1].key)
        if step < 3:
            library.papers.store([paper(step, version=step + 2, summary=f"edit {step}")])
    assert seen == {stored.paper.id: stored.paper.version for stored in library.papers.all()}
    assert library.papers.count_changes(after) == 0


def test_unknown_ids(library: Library) -> None:
    with pytest.raises(NotFoundError, match="nothing"):
        library.papers.get("nothing")
    assert library.papers.get_many(["nothing"]) == []


def test_the_schema_is_what_the_migrations_make(library: Library) -> None:
    with library.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_library_of_a_newer_version_is_refused(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/library.sqlite3"
    with Library(url) as library, library.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SemeError, match="newer version"):
        Library(url)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="database address"):
        Library("nonsense")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(["arxiv", "catalogue", "jsonl"])), max_size=12
    )
)
def test_any_order_of_batches_gives_what_one_batch_gives(news: list[tuple[int, int, str]]) -> None:
    papers = [paper(n, version=v, source=s, summary=f"{n} {v} {s}") for n, v, s in news]
    with Library("sqlite://") as one, Library("sqlite://") as many:
        one.papers.store(papers, now=NOW)
        for single in papers:
            many.papers.store([single], now=NOW)
        assert [s.paper for s in one.papers.all()] == [s.paper for s in many.papers.all()]


def test_a_snapshot_is_of_one_moment(library: Library) -> None:
    library.papers.store([Paper(id="p0", title="Before", source="test")])
    with (
        Library(library.engine.url.render_as_string(hide_password=False)) as other,
        library.snapshot(),
        library.snapshot(),
    ):
        assert library.papers.get("p0").paper.title == "Before"
        other.papers.store(
            [Paper(id="p0", title="After", source="test", version=2), Paper(id="p1", title="New", source="test")]
        )
        assert library.papers.get("p0").paper.title == "Before"
        assert library.papers.count() == 1
        assert set(library.papers.numbers()) == {"p0", "p1"}
    assert library.papers.get("p0").paper.title == "After"
    assert library.papers.count() == 2
