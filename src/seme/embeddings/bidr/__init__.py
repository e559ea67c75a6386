"""Progressively trained codes and dense vectors of the bi-granular index (BiDR, WWW 2022)."""

from seme.embeddings.bidr.head import Head, project
from seme.embeddings.bidr.objectives import CodesObjective, DenseObjective, dead_codewords
from seme.embeddings.bidr.opq import fit_opq
from seme.embeddings.bidr.quantiser import ContrastiveQuantiser
from seme.embeddings.bidr.sampling import GENERATORS, BatchGenerator, Proximity, epoch_batches
from seme.embeddings.bidr.training import BidrBatches, Pool

__all__ = [
    "GENERATORS",
    "BatchGenerator",
    "BidrBatches",
    "CodesObjective",
    "ContrastiveQuantiser",
    "DenseObjective",
    "Head",
    "Pool",
    "Proximity",
    "dead_codewords",
    "epoch_batches",
    "fit_opq",
    "project",
]
