"""Retrievers that learn from texts alone: crops of one chunk are drawn together (Contriever; Izacard et al. 2022)."""

from seme.embeddings.contriever.augmentation import AUGMENTATIONS, Augmentation, augment
from seme.embeddings.contriever.batches import ViewBatches, Views
from seme.embeddings.contriever.corpus import TokenCorpus, corpus_shares
from seme.embeddings.contriever.cropping import PAIRINGS, Pairing, crop, inverse_cloze, two_crops
from seme.embeddings.contriever.fine_tuning import FineTuneBatches, mine_negatives
from seme.embeddings.contriever.gathering import gather_rows
from seme.embeddings.contriever.in_batch import InBatchContrast
from seme.embeddings.contriever.moco import MomentumContrast

__all__ = [
    "AUGMENTATIONS",
    "PAIRINGS",
    "Augmentation",
    "FineTuneBatches",
    "InBatchContrast",
    "MomentumContrast",
    "Pairing",
    "TokenCorpus",
    "ViewBatches",
    "Views",
    "augment",
    "corpus_shares",
    "crop",
    "gather_rows",
    "inverse_cloze",
    "mine_negatives",
    "two_crops",
]
