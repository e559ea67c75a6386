"""`python -m benchmarks.multivector`: our multi-vector index beside PLAID (fast-plaid) and BM25 with re-ranking.

Tokens of real documents by MiniLM; what is right for a query is the ten best by exact MaxSim over float32. Every system
that prunes is set to the cheapest of some settings that finds `--recall` of them on half of the queries; times and
recall are of the other half, in turns. A peer that is not installed, or does not load beside this PyTorch, is left out
and named. fast-plaid wants another PyTorch than Seme's environment has:

    python -m venv peers && peers/bin/pip install fast-plaid
    (a .pth file in its site-packages names those of Seme's environment) && peers/bin/python -m benchmarks.multivector
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.timing import folder_bytes, interleaved
from benchmarks.writing import Section, start, write
from seme.assets.collections import load_collection
from seme.retrieval import BM25Index
from seme.retrieval.multivector import Codebook, MultiVectorIndex, Packed, pack

K = 10
_CACHE = Path(__file__).parent.parent / ".bench"
_DEPTHS = (20, 50, 100, 200, 400, 800)
_PROBES = (1, 2, 4, 8, 16)
_KEEPS = (32, 128, 512, 1024, 2048, 4096)

Search = Callable[[Sequence[int]], list[set[int]]]
"""From the numbers of queries to the numbers of the ten best documents of each."""


@dataclass(slots=True)
class Task:
    """Texts and token vectors of documents and queries, and a name for what is made of them."""

    name: str
    documents: list[str]
    queries: list[str]
    tokens: Packed
    asked: list[np.ndarray]


@dataclass(slots=True)
class System:
    """One index: ways to search it, from cheap to dear, and its bytes per document."""

    name: str
    ways: dict[str, Search]
    size: float


def load(collection: str, documents: int, queries: int, longest: int, dim: int = 0) -> Task:
    """Encode a collection with MiniLM, or take what was encoded before; keep `dim` principal components (0 for all)."""
    found = load_collection(collection, documents=documents)
    texts, asked = list(found.documents.values()), list(found.queries.values())[:queries]
    file = _CACHE / f"tokens-{collection}-{len(texts)}-{len(asked)}-{longest}.npz"
    if not file.is_file():
        from seme.embeddings.crisp import MultiVectorEncoder
        from seme.embeddings.encoder import TextEncoder

        encoder = MultiVectorEncoder(TextEncoder.load("minilm", longest=longest)).eval()
        parts = {"document": encoder.encode(texts, "document"), "query": encoder.encode(asked, "query", longest=32)}
        _CACHE.mkdir(exist_ok=True)
        np.savez(
            file, **{f"{side}_{name}": one for side, part in parts.items() for name, one in part._asdict().items()}
        )
    with np.load(file) as kept:
        tokens = Packed(kept["document_vectors"], kept["document_offsets"])
        vectors = list(Packed(kept["query_vectors"], kept["query_offsets"]).texts())
    if dim:
        rotation = principal(tokens.vectors, dim)
        tokens = Packed(cut(tokens.vectors, rotation), tokens.offsets)
        vectors = [cut(one, rotation) for one in vectors]
    return Task(f"{collection}-{len(texts)}-{longest}-{dim or 'whole'}", texts, asked, tokens, vectors)


def principal(vectors: np.ndarray, dim: int) -> np.ndarray:
    """Return the directions (width, dim) of most energy, in falling order."""
    sample = vectors[:: max(1, len(vectors) // 100_000)].astype(np.float64)
    return np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :dim].astype(np.float32)


def cut(vectors: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Return the vectors' components, of unit length again."""
    found = vectors @ rotation
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def seme(task: Task, folder: Path, centroids: int) -> list[System]:
    """Return our index: exact, in fewer bits, and pruned."""
    sample = task.tokens.vectors[:: max(1, len(task.tokens.vectors) // max(60_000, 20 * centroids))]
    coarse = Codebook.fit(sample, bits=4, centroids=centroids or None)
    books = {4: coarse, 2: Codebook.fit(sample, bits=2, centroids=coarse.centroids)}
    made = []
    for precision in ("float32", "float16", "4bit", "2bit"):
        bits = int(precision[0]) if precision.endswith("bit") else None
        index = MultiVectorIndex(
            task.tokens.vectors.shape[1], encoder="minilm", precision=precision, codebook=books.get(bits or 0)
        )
        index.add([str(i) for i in range(len(task.documents))], *task.tokens)
        place = folder / precision
        index.save(place)
        opened = MultiVectorIndex.open(place)
        made.append(System(f"seme {precision}, all texts", {"all": ours(opened, task)}, bytes_of(place, task)))
        if bits:
            ways = {f"probes {p}, keep {k}": ours(opened, task, probes=p, keep=k) for p in _PROBES for k in _KEEPS}
            made.append(System(f"seme {precision}, pruned", ways, bytes_of(place, task)))
    return made


def ours(index: MultiVectorIndex, task: Task, **more: Any) -> Search:
    def search(numbers: Sequence[int]) -> list[set[int]]:
        hits = index.search(*pack([task.asked[i] for i in numbers]), K, **more)
        return [set(map(int, one.ids)) for one in hits]

    return search


def reranked(task: Task, folder: Path) -> list[System]:
    """Return BM25 whose first hits are scored by MaxSim over float16."""
    words = BM25Index()
    ids = [str(i) for i in range(len(task.documents))]
    words.add(ids, task.documents)
    words.save(folder / "words")
    index = MultiVectorIndex.open(folder / "float16")

    def way(depth: int) -> Search:
        def search(numbers: Sequence[int]) -> list[set[int]]:
            first = words.search([task.queries[i] for i in numbers], depth)
            found = []
            for i, hits in zip(numbers, first, strict=True):
                best = index.search(*pack([task.asked[i]]), K, allowed=index.mask(hits.ids))
                found.append(set(map(int, best[0].ids)))
            return found

        return search

    size = bytes_of(folder / "words", task) + bytes_of(folder / "float16", task)
    depths = [depth for depth in _DEPTHS if depth < len(ids)] or [len(ids)]
    return [System("BM25, re-ranked by MaxSim (float16)", {f"depth {depth}": way(depth) for depth in depths}, size)]


def plaid(task: Task, folder: Path) -> list[System]:
    """Return fast-plaid with 4 and 2 bits; its indexes are kept, for it takes half an hour to make them."""
    from fast_plaid.search import FastPlaid

    made = []
    for bits in (4, 2):
        place = _CACHE / f"plaid-{version('fast-plaid')}-{task.name}-{bits}"
        if not place.is_dir():
            FastPlaid(index=str(folder / f"plaid-{bits}"), device="cpu").create(
                [torch.from_numpy(one.copy()) for one in task.tokens.texts()], nbits=bits
            )
            (folder / f"plaid-{bits}").rename(place)
        index = FastPlaid(index=str(place), device="cpu")

        def way(probes: int, full: int, index: Any = index) -> Search:
            def search(numbers: Sequence[int]) -> list[set[int]]:
                asked = [torch.from_numpy(task.asked[i].copy()) for i in numbers]
                # One query at a time, as ours: a batch would have to be padded to one length.
                hits = [
                    index.search(one[None], top_k=K, n_ivf_probe=probes, n_full_scores=full, show_progress=False)[0]
                    for one in asked
                ]
                return [{int(row) for row, _ in one} for one in hits]

            return search

        ways = {f"probes {p}, keep {k}": way(p, k) for p in _PROBES for k in (64, 256, 1024, 4096)}
        made.append(System(f"fast-plaid {version('fast-plaid')} {bits}bit", ways, bytes_of(place, task)))
    return made


def bytes_of(folder: Path, task: Task) -> float:
    return folder_bytes(folder) / len(task.documents)


def truth(task: Task) -> list[set[int]]:
    """Return the ten best of every query, in float64."""
    starts, wide = task.tokens.offsets[:-1], task.tokens.vectors.astype(np.float64)
    found = []
    for one in task.asked:
        scores = np.maximum.reduceat(wide @ one.astype(np.float64).T, starts, axis=0).sum(axis=1)
        found.append(set(np.argsort(-scores, kind="stable")[:K].tolist()))
    return found


def recall(found: Sequence[set[int]], right: Sequence[set[int]], numbers: Sequence[int]) -> float:
    return float(np.mean([len(one & right[i]) / len(right[i]) for one, i in zip(found, numbers, strict=True)]))


def chosen(system: System, right: list[set[int]], numbers: list[int], target: float) -> tuple[str, Search]:
    """Return the fastest way that finds enough, or the one that finds most."""
    if len(system.ways) == 1:
        return next(iter(system.ways.items()))
    reached = {name: recall(way(numbers), right, numbers) for name, way in system.ways.items()}
    enough = {name: (lambda name=name: system.ways[name](numbers)) for name, one in reached.items() if one >= target}
    if not enough:
        best = max(reached, key=reached.__getitem__)
        return best, system.ways[best]
    seconds = interleaved(enough, repeats=3)
    fastest = min(seconds, key=seconds.__getitem__)
    return fastest, system.ways[fastest]


def compare(task: Task, systems: Sequence[System], target: float, repeats: int) -> list[dict[str, Any]]:
    """Return a row for each system."""
    right = truth(task)
    tuning, asked = list(range(0, len(task.asked), 2)), list(range(1, len(task.asked), 2))
    ways = {one.name: chosen(one, right, tuning, target) for one in systems}
    seconds = interleaved({name: (lambda way=way: way(asked)) for name, (_, way) in ways.items()}, repeats=repeats)
    return [
        {
            "system": one.name,
            "setting": ways[one.name][0],
            f"recall@{K}": recall(ways[one.name][1](asked), right, asked),
            "queries/s": len(asked) / seconds[one.name],
            "bytes/document": one.size,
        }
        for one in systems
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", default="library-docs")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--longest", type=int, default=64, help="tokens of a document")
    parser.add_argument("--dim", type=int, default=0, help="principal components that are kept of a token; 0 for all")
    parser.add_argument("--centroids", type=int, default=0, help="of our codebook; 0: four times the root of a sample")
    parser.add_argument("--recall", type=float, default=0.9)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--name", default="multivector", help="of the files in benchmarks/results; empty writes none")
    parser.add_argument("--quick", action="store_true", help="100 plots of films: shows that it runs")
    given = parser.parse_args()
    if given.quick:
        given.collection, given.documents, given.queries = "film-plots", 100, 12
        given.longest, given.repeats, given.name = 32, 1, ""
    surroundings = start()
    task = load(given.collection, given.documents, given.queries, given.longest, given.dim)
    missing = []
    with tempfile.TemporaryDirectory(dir=_CACHE) as place:
        systems = [*seme(task, Path(place), given.centroids), *reranked(task, Path(place))]
        try:
            systems += plaid(task, Path(place))
        except (ImportError, PackageNotFoundError) as error:
            missing.append(f"fast-plaid ({error})")
        rows = compare(task, systems, given.recall, given.repeats)
    size = f"{task.tokens.lengths.mean():.1f} vectors of {task.tokens.vectors.shape[1]} numbers each"
    remarks = [
        f"{len(task.documents)} documents of {given.collection}, {size}; {len(task.asked)} queries.",
        *(
            [f"Vectors are the first {given.dim} principal components of MiniLM's, of unit length."]
            if given.dim
            else []
        ),
        "Half of the queries are for the settings, the other half is measured.",
        f"Settings are the fastest that find {given.recall:g} of the ten best by exact MaxSim; else the best ones.",
        "Bytes are those of the files; PLAID's files hold no ids.",
        *(f"Left out: {one}." for one in missing),
    ]
    name = "" if missing else given.name  # figures without peers do not replace those with them
    print(
        write(
            name,
            "Multi-vector search beside PLAID",
            "python -m benchmarks.multivector",
            surroundings,
            [Section("Equal recall", rows, remarks)],
        )
    )


if __name__ == "__main__":
    main()
