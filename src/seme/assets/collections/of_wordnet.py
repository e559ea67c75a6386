"""Collections out of WordNet."""

from __future__ import annotations

from collections.abc import Iterator

from seme.assets.collections.collection import Collection, collect
from seme.assets.wordnet import Synset, synsets

_FEWEST = 5
"""Hyponyms that a word must have to be asked for."""
_SENTENCE = 4
"""Fewest words of an example."""


def terms() -> Collection:
    """Return definitions, and the words that they define: a dictionary used backwards."""
    return collect("wordnet-terms", ((one.definition, ", ".join(one.words)) for one in synsets() if _plain(one)))


def glosses() -> Collection:
    """Return words with their field, and glosses; a word with several senses in a field asks for all of them."""
    return collect("wordnet-glosses", ((f"{one.words[0]} ({one.file})", one.gloss) for one in synsets()))


def examples() -> Collection:
    """Return words with their definition, and the sentences that show them."""
    return collect(
        "wordnet-examples",
        (
            (f"{one.words[0]}: {one.definition}", example)
            for one in synsets()
            for example in one.examples
            if len(example.split()) >= _SENTENCE
        ),
    )


def hyponyms() -> Collection:
    """Return general words with their definition, and the glosses of all that they name directly."""
    return collect("wordnet-hyponyms", _hyponyms())


def _hyponyms() -> Iterator[tuple[str, str]]:
    known = {one.id: one for one in synsets("noun", "verb")}
    for one in known.values():
        if len(one.hyponyms) >= _FEWEST:
            for below in (known[other] for other in one.hyponyms):
                yield f"{one.words[0]}: {one.definition}", f"{below.words[0]}: {below.gloss}"


def _plain(one: Synset) -> bool:
    """Whether the definition does not name what it defines."""
    said = one.definition.casefold()
    return len(one.definition.split()) > 2 and not any(word.casefold() in said for word in one.words)
