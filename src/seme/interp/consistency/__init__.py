"""Internal consistency: how far the answers decoded from a model's middle layers agree with its last (Xie et al. 2024).

A confidence is a callable: `confidence(paths)` gives one weight for each reasoning path of a batch of `Paths`, and
`vote` sums them.
"""

from seme.interp.consistency.balanced import Balanced
from seme.interp.consistency.confidence import Confidence, Even, InternalConsistency, Margin, Soft, agreement
from seme.interp.consistency.latent import latent_predictions
from seme.interp.consistency.modules import Writings, attention_mass, read_modules
from seme.interp.consistency.paths import Paths
from seme.interp.consistency.voting import Votes, vote
from seme.interp.consistency.weights import LayerWeights

__all__ = [
    "Balanced",
    "Confidence",
    "Even",
    "InternalConsistency",
    "LayerWeights",
    "Margin",
    "Paths",
    "Soft",
    "Votes",
    "Writings",
    "agreement",
    "attention_mass",
    "latent_predictions",
    "read_modules",
    "vote",
]
