"""Lines of authors as arXiv keeps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seme.papers.sources.arxiv_authors import parse_authors


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Lovelace", ["Ada Lovelace"]),
        ("A. One, B. Two and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One, B. Two, and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One (1 and 2), B. Two (2), ((1) There, (2) Elsewhere)", ["A. One", "B. Two"]),
        ("A. One (Far (very, far) away) & B. Two", ["A. One", "B. Two"]),
        ("The X Collaboration: A. One, B. Two", ["The X Collaboration", "A. One", "B. Two"]),
        ("P\\'al Erd\\H{o}s and Fran\\c{c}ois No\\\"el", ["Pál Erdős", "François Noël"]),
        ("Ada Day, Jr., B. Griffey Jr. and C. How, III", ["Ada Day Jr.", "B. Griffey Jr.", "C. How III"]),
        ("A. One, et al.", ["A. One"]),
        ("Alexander Andersson and Sandy Brandt", ["Alexander Andersson", "Sandy Brandt"]),
        ("A. One (unclosed, B. Two", ["A. One unclosed", "B. Two"]),
        ("", []),
        (" , ;", []),
    ],
)
def test_names_are_read_without_affiliations(line: str, names: list[str]) -> None:
    assert parse_authors(line) == tuple(names)


_NAME = st.from_regex(r"[A-Z]\. [A-Z][a-z]{2,8}(?:-[A-Z][a-z]{2,8})?", fullmatch=True)
_PLACE = st.from_regex(r"(?: \((?:[A-Z][a-z]{1,6}|[0-9], [0-9])\))?", fullmatch=True)


@given(
    st.lists(st.tuples(_NAME, _PLACE), min_size=1, max_size=8), st.sampled_from([", ", " and ", "; ", ", and ", " & "])
)
def test_what_is_joined_is_parted_again(people: list[tuple[str, str]], between: str) -> None:
    line = between.join(name + place for name, place in people)
    assert parse_authors(line) == tuple(name for name, _ in people)


@given(st.text(max_size=200) | st.text("(){}\\,;:&and JrA.$", max_size=200))
def test_any_line_gives_names_on_one_line(line: str) -> None:
    assert all(name == " ".join(name.split()) and name for name in parse_authors(line))
