"""Binary paragraph vectors: short codes of documents, learned from their words (Grzegorczyk and Kurdziel 2017).

`seme.retrieval.binary` packs, searches and judges such codes.
"""

from seme.embeddings.binary_paragraphs.estimator import BinaryParagraphVector
from seme.embeddings.binary_paragraphs.network import ParagraphNetwork, binarise
from seme.embeddings.binary_paragraphs.semantic_hashing import HashingSettings, SemanticHashing
from seme.embeddings.binary_paragraphs.settings import ParagraphSettings
from seme.embeddings.binary_paragraphs.terms import Documents, Terms

__all__ = [
    "BinaryParagraphVector",
    "Documents",
    "HashingSettings",
    "ParagraphNetwork",
    "ParagraphSettings",
    "SemanticHashing",
    "Terms",
    "binarise",
]
