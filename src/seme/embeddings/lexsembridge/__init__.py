"""Token-aware gates over dense vectors, and tasks that ask for detail (LexSemBridge, 2025)."""

from seme.embeddings.lexsembridge.bridge import (
    PARADIGMS,
    Bridge,
    BridgeConfig,
    Paradigm,
    effective_dimensions,
    token_ids,
)
from seme.embeddings.lexsembridge.encoder import BridgedEncoder, Inference, Side, tied_logits, word_embeddings
from seme.embeddings.lexsembridge.tasks import keyword_queries, span_queries
from seme.embeddings.lexsembridge.weights import (
    contextual_weights,
    learned_weights,
    raise_present,
    statistical_weights,
)

__all__ = [
    "PARADIGMS",
    "Bridge",
    "BridgeConfig",
    "BridgedEncoder",
    "Inference",
    "Paradigm",
    "Side",
    "contextual_weights",
    "effective_dimensions",
    "keyword_queries",
    "learned_weights",
    "raise_present",
    "span_queries",
    "statistical_weights",
    "tied_logits",
    "token_ids",
    "word_embeddings",
]
