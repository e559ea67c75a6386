"""Paper 07: how much worse a small model predicts a document without its retrieval heads (AttentionInfluence, 2025).

`lookup_prompts` makes the synthetic task by which the heads are found (`seme.interp.heads.retrieval` scores them),
`attention_influence` scores documents, and `select_within` takes the best of each domain.
"""

from seme.interp.influence.choosing import near_duplicates, select_within
from seme.interp.influence.proxy import lookup_prompts
from seme.interp.influence.scoring import Influence, attention_influence, masked_losses, top_share

__all__ = [
    "Influence",
    "attention_influence",
    "lookup_prompts",
    "masked_losses",
    "near_duplicates",
    "select_within",
    "top_share",
]
