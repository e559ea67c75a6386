"""WordNet 3 (Miller 1995; Princeton; free licence), read from Debian's files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seme.assets.packages import install_command
from seme.errors import AssetError

PARTS = ("noun", "verb", "adj", "adv")
"""Parts of speech, as the files name them."""

FILES = (
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute",
    "noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant", "noun.possession",
    "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state", "noun.substance", "noun.time",
    "verb.body", "verb.change", "verb.cognition", "verb.communication", "verb.competition", "verb.consumption",
    "verb.contact", "verb.creation", "verb.emotion", "verb.motion", "verb.perception", "verb.possession",
    "verb.social", "verb.stative", "verb.weather", "adj.ppl",
)  # fmt: skip
"""Lexicographers' files by their number: the fields that WordNet sorts synsets into."""

_PLACES = tuple(Path(root) for root in ("/usr/share/wordnet", "/usr/local/share/wordnet"))
_EXAMPLE = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Synset:
    """Words that mean the same: `id` is the part of speech and the offset; `file` is one of `FILES`."""

    id: str
    file: str
    words: tuple[str, ...]
    gloss: str
    hypernyms: tuple[str, ...]
    hyponyms: tuple[str, ...]

    @property
    def definition(self) -> str:
        """The gloss without its examples."""
        return _EXAMPLE.sub("", self.gloss).strip(" ;:,\t\n") or self.gloss

    @property
    def examples(self) -> tuple[str, ...]:
        """The sentences in which the gloss shows the word."""
        return tuple(one.strip() for one in _EXAMPLE.findall(self.gloss))


def wordnet_folder() -> Path:
    """Return the folder of WordNet's files.

    Raises
    ------
    AssetError
        If it is not installed; it names the command that installs it.
    """
    folder = _folder()
    if folder is None:
        raise AssetError("WordNet is not installed", hint=f"Run: {install_command('wordnet')}")
    return folder


def has_wordnet() -> bool:
    """Return whether WordNet's files are there."""
    return _folder() is not None


def synsets(*parts: str) -> Iterator[Synset]:
    """Yield the synsets of some parts of speech, all four by default, in the order of the files."""
    folder = wordnet_folder()
    for part in parts or PARTS:
        with (folder / f"data.{part}").open(encoding="utf-8") as lines:
            for line in lines:
                if not line.startswith(" "):  # the licence is indented
                    yield _read(part, line)


def first_senses(part: str = "noun") -> dict[str, str]:
    """Return the id of the most frequent sense of each word of a part of speech, by its lower-case form."""
    with (wordnet_folder() / f"index.{part}").open(encoding="utf-8") as lines:
        rows = (line.split() for line in lines if not line.startswith(" "))
        return {row[0].replace("_", " "): f"{part}-{row[6 + int(row[3])]}" for row in rows}


def tag_counts() -> dict[str, Counter[str]]:
    """Return how often each word was tagged as each part of speech in WordNet's texts: part -> word -> count."""
    found: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    parts = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
    with (wordnet_folder() / "cntlist.rev").open(encoding="utf-8") as lines:
        for line in lines:
            key, _, count = line.split()
            word, _, sense = key.partition("%")
            found[parts[sense[0]]][word.replace("_", " ")] += int(count)
    return found


def _folder() -> Path | None:
    return next((root for root in _PLACES if (root / "data.noun").is_file()), None)


def _read(part: str, line: str) -> Synset:
    facts, _, gloss = line.partition(" | ")
    fields = facts.split()
    count = int(fields[3], 16)
    words = tuple(word.partition("(")[0].replace("_", " ") for word in fields[4 : 4 + 2 * count : 2])
    pointers = fields[5 + 2 * count : 5 + 2 * count + 4 * int(fields[4 + 2 * count])]
    related: dict[str, list[str]] = {"@": [], "~": []}
    for symbol, target in zip(pointers[::4], pointers[1::4], strict=True):
        if symbol in related:
            related[symbol].append(f"{part}-{target}")
    return Synset(
        f"{part}-{fields[0]}", FILES[int(fields[1])], words, gloss.strip(), tuple(related["@"]), tuple(related["~"])
    )
