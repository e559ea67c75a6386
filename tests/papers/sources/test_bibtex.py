"""References: what people's files hold, what our own export wrote, and what nobody should have written."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.papers.archive import export_library
from seme.papers.archive.bibtex import bibtex_entry
from seme.papers.harvesting import run_harvest
from seme.papers.latex import from_latex, to_latex
from seme.papers.library import Library
from seme.papers.paper import Paper, PaperDate, squeeze, title_id
from seme.papers.query import Query
from seme.papers.seeding import seed_catalogue
from seme.papers.sources.bibtex import KEYWORDS, LARGEST_FILE, BibtexSource

REFERENCES = r"""
% what reference managers and web sites write
@string{jmlr = "Journal of " # "Learning"}
@comment{not an entry}
@article{vaswani, title={Attention is all you need}, author={Vaswani, Ashish and others},
  journal={arXiv preprint arXiv:1706.03762}, year={2017}}
@misc{zotero_2024, title = {{BERT} for 50\% of the {\"O}ztürks \& 1--2 of $O(n^2)$},
  author = {Bal{\'a}zs, C. AND {The {Open} Team}
  and \'Etienne Ander and van der Berg, Jr., Jan}, month = jan # "~12", year = 2024,
  url = {http://arxiv.org/abs/2401.01234v2}, keywords = {Language Models, NLP; nlp},
  abstract = {About 50% of
     all}, }
@article{dblp, title = "A {Q}uote", journal = jmlr, volume = {7}, date = {2019-03}, doi = {https://doi.org/10.1000/X_y},
  url = {https://example.org/~a/b\_c?d=1%20}}
@article{DBLP:old, title={Old one}, eprint={0102536}, archivePrefix={arXiv}, primaryClass={cond-mat.dis-nn}, year=2001}
@article{DBLP:corr, title={Corr}, journal={CoRR}, volume={abs/1810.04805}, year={2018}, month=10}
@book{vaswani, title={The same key again}, year={in press}, eprint={1706.03762}, archiveprefix={JSTOR}}
@inproceedings{both, title={First}, title={Second}, booktitle={Proc.}, doi={10.48550/arXiv.2101.00001}}
@misc{none, author={Nobody}}
@misc(parens, title={In parentheses})
@misc{broken, title={never closed
@misc{last, title={Last}, month=feb, day={30}, year={2023}}
"""


def read(text: str | bytes, tmp_path: Path) -> tuple[list[Paper], list[str]]:
    path = tmp_path / "refs.bib"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    batches = list(BibtexSource(path).batches())
    return [paper for batch in batches for paper in batch.papers], [line for one in batches for line in one.skipped]


def test_what_reference_managers_write(tmp_path: Path) -> None:
    papers, skipped = read(REFERENCES, tmp_path)
    by_title = {paper.title: paper for paper in papers}
    assert by_title["Attention is all you need"].id == "1706.03762"
    assert by_title["Attention is all you need"].journal == ""
    assert by_title["Attention is all you need"].authors == ("Ashish Vaswani",)
    assert by_title["Attention is all you need"].author_count is None  # "and others"
    bert = by_title["BERT for 50% of the Öztürks & 1–2 of $O(n^2)$"]
    assert (bert.id, bert.version, str(bert.published)) == ("2401.01234", 2, "2024-01-12")
    assert bert.authors == ("C. Balázs", "The Open Team", "Étienne Ander", "Jan van der Berg Jr.")
    assert (bert.author_count, bert.tags) == (4, ("language-models", "nlp"))
    assert bert.summary == "About 50% of all"
    quote = by_title["A Quote"]
    assert (quote.id, quote.doi, quote.journal) == ("doi:10.1000/x_y", "10.1000/X_y", "Journal of Learning")
    assert (str(quote.published), quote.links["abs"]) == ("2019-03", "https://example.org/~a/b_c?d=1%20")
    assert (by_title["Old one"].id, by_title["Old one"].categories) == ("cond-mat/0102536", ("cond-mat.dis-nn",))
    assert (by_title["Corr"].id, str(by_title["Corr"].published)) == ("1810.04805", "2018-10")
    assert by_title["The same key again"].id == title_id("The same key again")
    assert by_title["The same key again"].published is None
    assert (by_title["First"].id, by_title["First"].doi, by_title["First"].journal) == ("2101.00001", "", "Proc.")
    assert str(by_title["Last"].published) == "2023-02"  # there is no 30 February
    assert [line.split(":")[0] for line in skipped] == ["line 19", "line 21"]
    assert "closing" in skipped[1]
    assert by_title["In parentheses"].id == title_id("In parentheses")
    assert len(papers) == len(by_title) == 9


def test_a_second_import_changes_nothing_and_an_older_encoding_is_read(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_bytes("@misc{a, title={Über Größen}, year=1999}".encode("cp1252"))
    assert run_harvest(library, BibtexSource(path)).added == 1
    assert library.papers.find(Query(), limit=1)[0].paper.title == "Über Größen"
    again = run_harvest(library, BibtexSource(path))
    assert (again.added, again.changed) == (0, 0)


def test_our_own_export_comes_back(library: Library, tmp_path: Path) -> None:
    seed_catalogue(library)
    export_library(library, tmp_path / "export")
    papers, skipped = read((tmp_path / "export" / "papers.bib").read_bytes(), tmp_path)
    assert (len(papers), skipped) == (57, [])
    before = library.papers.revision()
    harvest = run_harvest(library, BibtexSource(tmp_path / "refs.bib"))
    assert (harvest.added, library.papers.count()) == (0, 57)
    assert before <= library.papers.revision()


_CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
_TEXT = st.text(_CHARACTERS, max_size=40) | st.text("\\{}$%&~^#_`'\"-<>,!?@= ab\né", max_size=40)
_LINE = _TEXT.map(squeeze).filter(bool)


@given(_TEXT)
def test_any_text_survives_latex(text: str) -> None:
    assert from_latex(to_latex(text)) == squeeze(text)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _LINE,
    _TEXT,
    st.lists(_LINE, max_size=4),
    st.dates(),
    st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), max_size=2 * KEYWORDS),
)
def test_what_the_export_writes_is_what_is_read(
    tmp_path: Path, title: str, summary: str, names: list[str], day: object, tags: list[str]
) -> None:
    record = {
        "id": "2401.00001",
        "title": title,
        "authors": names,
        "published": str(day),
        "journal": "",
        "doi": "10.1000/a_b",
        "categories": ["cs.CL"],
        "links": {"abs": "https://arxiv.org/abs/2401.00001"},
        "summary": summary,
        "note": title,
        "tags": tags,
    }
    papers, skipped = read(bibtex_entry(record, set()), tmp_path)
    assert skipped == []
    (paper,) = papers
    assert (paper.id, paper.title, paper.note, paper.summary) == ("2401.00001", title, title, squeeze(summary))
    assert (paper.authors, paper.published) == (tuple(names), PaperDate.parse(str(day)))
    kept = tuple(dict.fromkeys(tags))[:KEYWORDS]
    assert (paper.tags, paper.doi, paper.categories) == (kept, "10.1000/a_b", ("cs.CL",))


HOSTILE = {
    "deep braces": "@misc{a, title={" + "{" * 50_000 + "x" + "}" * 50_000 + "}}",
    "never closed": "@misc{a, title={" + "{" * 50_000,
    "doubling macros": "".join(f"@string{{s{i} = s{i - 1} # s{i - 1}}}\n" for i in range(1, 80))
    + "@misc{a, title=s79}",
    "many fields": "@misc{a," + ",".join(f"f{i}={{x}}" for i in range(20_000)) + "}",
    "many pieces": "@misc{a, title=" + " # ".join(['"a"'] * 50_000) + "}",
    "quotes": '@misc{a, title="' + '"' * 50_000,
    "many names": "@misc{a, title={a}, author={" + " and ".join(["A B"] * 20_000) + "}}",
    "environments": "@misc{a, title={" + "\\begin{b}" * 5_000 + "}}",
    "at signs": "@" * 100_000,
    "unfinished entries": "\n".join(f"@misc{{k{i}, title={{a" for i in range(3_000)),
    "macro definitions": r"@misc{a, title={\def\a{\a\a}\a \input{/etc/passwd} \csname x}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_or_refused_soon(name: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    with contextlib.suppress(InputError):
        papers, _ = read(HOSTILE[name], tmp_path)
        assert all("root:" not in paper.title and len(paper.title) <= 1_000 for paper in papers)
    assert time.monotonic() - begun < 10


def test_a_file_too_large_or_without_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no BibTeX entries"):
        read("nothing here", tmp_path)
    with (tmp_path / "large.bib").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(InputError, match="bytes"):
        BibtexSource(tmp_path / "large.bib")


@given(st.binary(max_size=200) | st.text("@miscarticle{}=\"\\#,%()$ \n1a'", max_size=300).map(str.encode))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_crash_the_reader(tmp_path: Path, content: bytes) -> None:
    with contextlib.suppress(InputError):
        read(content, tmp_path)
