"""Two scripts: each document is learned in one of them, and then asked for in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.experiments.collecting import digest
from seme.experiments.contriever.judging import ranked
from seme.experiments.contriever.material import token_corpus
from seme.experiments.contriever.scripts import Script, TwoScripts
from seme.experiments.contriever.students import Variant, new_student, pretrain
from seme.retrieval import BM25Index
from seme.retrieval.evaluation import Run, evaluate, recall
from seme.retrieval.pipelines import Lexical, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seme.embeddings.encoder import TextEncoder
    from seme.experiments.contriever.material import Material
    from seme.experiments.p23_contriever import ContrieverSettings

DEPTH = 10
WITH, WITHOUT, SAME = "names shared", "no name shared", "same script"
"""Queries in the other script, as they are or of words alone; and queries in the documents' script."""


def measure(material: Material, settings: ContrieverSettings, seed: int) -> dict[str, float]:
    """Return Recall@10 of documents in the first script, mean of the collections, by system and kind of query."""
    script = Script(material.documents)
    tokenizer = TwoScripts(material.base, material.documents)
    student = new_student(tokenizer, settings, seed)
    found = _judge(material, script, student.eval(), "untrained")
    corpora = []
    for corpus in material.corpora.values():
        # No text is there in both scripts, as no corpus of the paper's is a translation of another.
        sides: tuple[list[str], list[str]] = ([], [])
        for one, text in corpus.documents.items():
            side = digest(f"script {one}")[0] % 2
            sides[side].append(script.write(text) if side else text)
        corpora += [token_corpus(side, tokenizer) for side in sides]
    pretrain(student.train(), corpora, Variant("two scripts", settings.queue), seed, settings, steps=settings.crossed)
    return {**found, **_judge(material, script, student, "trained"), **_lexical(material, script)}


def _judge(material: Material, script: Script, student: TextEncoder, name: str) -> dict[str, float]:
    def search(documents: Mapping[str, str], queries: Mapping[str, str]) -> Run:
        ids = list(documents)
        vectors = [student.encode(list(texts.values()), batch_size=64) for texts in (queries, documents)]
        found = ranked(vectors[0], vectors[1])
        return {one: {ids[row]: score for row, score in best[:DEPTH]} for one, best in zip(queries, found, strict=True)}

    return _recalls(material, script, name, search)


def _lexical(material: Material, script: Script) -> dict[str, float]:
    def search(documents: Mapping[str, str], queries: Mapping[str, str]) -> Run:
        index = BM25Index()
        index.add(list(documents), list(documents.values()))
        return run(Lexical(index), queries, k=DEPTH)

    return _recalls(material, script, "BM25", search)


def _recalls(
    material: Material, script: Script, name: str, search: Callable[[Mapping[str, str], Mapping[str, str]], Run]
) -> dict[str, float]:
    kinds: dict[str, Callable[[str], str]] = {
        WITH: script.write,
        WITHOUT: lambda text: script.write(script.words(text)),
        SAME: lambda text: text,
    }
    found = {}
    for kind, change in kinds.items():
        values = []
        for corpus in material.corpora.values():
            asked = corpus.parts["test"]
            # Queries of names alone cannot be asked without them.
            queries = {one: change(text) for one, text in asked.queries.items() if script.words(text)}
            judgements = {one: grades for one, grades in asked.judgements.items() if one in queries}
            values.append(evaluate(judgements, search(corpus.documents, queries), recall(DEPTH)))
        found[f"{name}, {kind}"] = float(np.mean(values))
    return found


def chance(material: Material) -> float:
    """Return the expected Recall@10 of a random ranking, mean of the collections."""
    return float(np.mean([min(1.0, DEPTH / len(corpus.documents)) for corpus in material.corpora.values()]))
