"""Categories of WordNet, and files in the form of the published norms."""

from __future__ import annotations

import math

import pytest

from seme.assets.categories import WORDNET_CATEGORIES, load_categories
from seme.errors import AssetError, InputError


def test_wordnets_categories_have_their_words():
    try:
        found = load_categories()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")
    placed = {one.item: one for one in found}
    assert {one.category for one in found} == set(WORDNET_CATEGORIES)
    for item, category in (("robin", "bird"), ("salmon", "fish"), ("sofa", "furniture"), ("truck", "vehicle")):
        assert placed[item].category == category
    assert "green" not in placed  # an adjective first of all
    assert len(placed) == len(found) > 1500
    assert {one.typicality for one in found} <= {float(-steps) for steps in range(1, 20)}


def test_a_file_of_norms_is_read(tmp_path):
    path = tmp_path / "norms.csv"
    rows = ["item,category,typicality,subdataset", "robin,bird,6.9,rosch", "robin,bird,6.9,rosch", "bat,bird,,rosch"]
    path.write_text("\n".join(rows))
    robin, bat = load_categories(str(path))
    assert (robin.item, robin.category, robin.typicality, robin.dataset) == ("robin", "bird", 6.9, "rosch")
    assert math.isnan(bat.typicality)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("item,category\nrobin,bird\n", "no column 'typicality'"),
        ("item,category,typicality\nrobin,,3\n", "line 2 .* no item or no category"),
        ("item,category,typicality\nrobin,bird,high\n", "line 2 .*typicality is 'high'"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, words):
    path = tmp_path / "norms.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        load_categories(str(path))


def test_what_is_not_there_is_named():
    with pytest.raises(AssetError, match="there are no categories 'rosch'"):
        load_categories("rosch")
