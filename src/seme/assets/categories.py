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
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seme.assets.corpora import wordnet_folder
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
    first, nouns = _first_senses(), _chiefly_nouns()
    words, below = _taxonomy()
    placed: dict[str, CategoryItem] = {}
    for category in WORDNET_CATEGORIES:
        level, steps, seen = [first[category]], 0, {first[category]}
        while level := [one for above in level for one in below.get(above, ()) if one not in seen]:
            steps += 1
            seen.update(level)
            for synset in level:
                for word in words[synset]:
                    meant = word in nouns and first[word] == synset and word.isalpha()
                    if meant and (word not in placed or placed[word].typicality < -steps):
                        placed[word] = CategoryItem(word, category, float(-steps), "wordnet")
    yield from sorted(placed.values(), key=lambda one: (WORDNET_CATEGORIES.index(one.category), one.item))


def _first_senses() -> dict[str, str]:
    """Return the synset of each noun's most frequent sense."""
    with (wordnet_folder() / "index.noun").open(encoding="utf-8") as lines:
        rows = (line.split() for line in lines if not line.startswith(" "))
        return {row[0]: row[6 + int(row[3])] for row in rows}


def _chiefly_nouns() -> set[str]:
    """Return the nouns that texts use no more often as another part of speech, by WordNet's counts of tagged texts."""
    folder = wordnet_folder()
    lemmas: dict[str, set[str]] = {}
    for part in ("noun", "verb", "adj", "adv"):
        with (folder / f"index.{part}").open(encoding="utf-8") as lines:
            lemmas[part] = {line.partition(" ")[0] for line in lines if not line.startswith(" ")}
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    with (folder / "cntlist.rev").open(encoding="utf-8") as lines:
        for line in lines:
            key, _, count = line.split()
            word, _, sense = key.partition("%")
            counts[sense.startswith("1")][word] += int(count)
    others = lemmas["verb"] | lemmas["adj"] | lemmas["adv"]
    return {word for word in lemmas["noun"] if word not in others or counts[True][word] > counts[False][word]}


def _taxonomy() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the lower-case words and the hyponyms of every noun synset."""
    words: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    with (wordnet_folder() / "data.noun").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(" "):  # the licence
                continue
            fields = line.partition(" | ")[0].split()
            count = int(fields[3], 16)
            words[fields[0]] = [word for word in fields[4 : 4 + 2 * count : 2] if word.islower()]
            pointers = fields[5 + 2 * count :]
            below[fields[0]] = [
                target for symbol, target in zip(pointers[::4], pointers[1::4], strict=False) if symbol == "~"
            ]
    return words, below
