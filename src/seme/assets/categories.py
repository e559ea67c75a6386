"""Things by the category that people put them in, with how typical of it they are.

`wordnet`
    Words below a category in WordNet's taxonomy (Princeton; free licence). It has no ratings: what stands in for them
    is how few steps a word is below its category.
a file of one's own
    CSV with the columns `item`, `category`, `typicality` (larger is more typical) and, if there are several studies in
    it, `subdataset`: the form in which the norms of Rosch (1973, 1975) and McCloskey and Glucksberg (1978) go round.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seme.assets.wordnet import PARTS, first_senses, synsets, tag_counts
from seme.errors import AssetError, InputError

WORDNET_CATEGORIES = (
    "bird", "fish", "insect", "mammal", "tree", "flower", "fruit", "vegetable", "beverage", "furniture", "vehicle",
    "weapon", "tool", "clothing", "toy", "sport", "building", "fabric", "musical_instrument", "disease",
)  # fmt: skip
"""Categories whose first sense in WordNet is the one that is meant."""

_COLUMNS = ("item", "category", "typicality")


@dataclass(frozen=True, slots=True)
class CategoryItem:
    """A thing in a category; `typicality` grows with it, and is NaN where nobody rated it."""

    item: str
    category: str
    typicality: float
    dataset: str


def load_categories(name: str = "wordnet") -> list[CategoryItem]:
    """Load categorised items, each once in a category of a study.

    Parameters
    ----------
    name
        `wordnet`, or a CSV file.

    Raises
    ------
    AssetError
        If there is no such file, or WordNet is not installed.
    InputError
        If a row of the file cannot be used; it names the line.
    """
    if name == "wordnet":
        return list(_wordnet())
    path = Path(name).expanduser()
    if not path.is_file():
        raise AssetError(f"there are no categories {name!r}", hint="It may be wordnet, or a CSV file")
    return list(_own(path))


def _own(path: Path) -> Iterator[CategoryItem]:
    seen = set()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if absent := [column for column in _COLUMNS if column not in (rows.fieldnames or ())]:
            raise InputError(f"{path} has no column {absent[0]!r}, expected {', '.join(_COLUMNS)}")
        for row in rows:
            one = _read_row(row, f"line {rows.line_num} of {path}")
            if (key := (one.item, one.category, one.dataset)) not in seen:
                seen.add(key)
                yield one


def _read_row(row: Mapping[str, str | None], where: str) -> CategoryItem:
    item, category, text = ((row[column] or "").strip() for column in _COLUMNS)
    if not item or not category:
        raise InputError(f"{where} has no item or no category")
    try:
        typicality = float(text) if text else math.nan
    except ValueError as error:
        raise InputError(f"{where}: typicality is {text!r}, expected a number or nothing") from error
    return CategoryItem(item, category, typicality, (row.get("subdataset") or "").strip())


def _wordnet() -> Iterator[CategoryItem]:
    """Yield single words, chiefly nouns, whose first sense lies below a category; the nearest category has a word."""
    first, nouns = first_senses(), _chiefly_nouns()
    known = {one.id: one for one in synsets("noun")}
    placed: dict[str, CategoryItem] = {}
    for category in WORDNET_CATEGORIES:
        level, steps = [known[first[category.replace("_", " ")]]], 0
        seen = {level[0].id}
        while level := [known[one] for above in level for one in above.hyponyms if one not in seen]:
            steps += 1
            seen.update(one.id for one in level)
            for one in level:
                for word in one.words:
                    meant = word.islower() and word.isalpha() and word in nouns and first[word] == one.id
                    if meant and (word not in placed or placed[word].typicality < -steps):
                        placed[word] = CategoryItem(word, category, float(-steps), "wordnet")
    yield from sorted(placed.values(), key=lambda one: (WORDNET_CATEGORIES.index(one.category), one.item))


def _chiefly_nouns() -> set[str]:
    """Return the nouns that texts use no more often as another part of speech, by WordNet's counts of tagged texts."""
    counts = tag_counts()
    lemmas = {part: set(first_senses(part)) for part in PARTS}
    others = lemmas["verb"] | lemmas["adj"] | lemmas["adv"]
    return {
        word
        for word in lemmas["noun"]
        if word not in others or counts["noun"][word] > sum(counts[part][word] for part in PARTS[1:])
    }
