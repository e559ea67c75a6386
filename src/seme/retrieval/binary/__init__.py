"""Search by short binary codes: packed bits, Hamming distances, an index, and measures that ties do not sway."""

from seme.retrieval.binary.codes import hamming, pack, unpack
from seme.retrieval.binary.hyperplanes import RandomHyperplanes
from seme.retrieval.binary.index import BinaryIndex
from seme.retrieval.binary.ties import tied_average_precision, tied_ndcg, tied_precision

__all__ = [
    "BinaryIndex",
    "RandomHyperplanes",
    "hamming",
    "pack",
    "tied_average_precision",
    "tied_ndcg",
    "tied_precision",
    "unpack",
]
