"""Truth before it is told: which states go before a hallucinated object, and how decoding turns back in time.

Paper 48 (Duan et al. 2025, TruthPrInt). A detector is a function of states (n, d), and of logits (n, vocabulary) where
it reads those, to scores (n,): `TruthDetector`, `DirectionDetector`, and what they have to beat, `TokenProbability`,
`TokenEntropy` and `DirectionDetector(random_direction(d))`. `watching` scores what a user's own `generate` takes,
`decode` generates and intervenes, and `ComnHallu` takes a detector to another model or domain.
"""

from seme.interp.binary import auroc
from seme.interp.steering.arguments import Detector
from seme.interp.steering.baselines import TokenEntropy, TokenProbability
from seme.interp.steering.decoding import Caption, decode, read
from seme.interp.steering.detector import TruthDetector
from seme.interp.steering.direction import DirectionDetector, random_direction, shifted, truthful_direction
from seme.interp.steering.evaluation import caught_at, threshold_at
from seme.interp.steering.intervention import Intervention
from seme.interp.steering.mentions import Chair, Mention, ObjectNames, chair
from seme.interp.steering.stepping import Reading, Stepper
from seme.interp.steering.subspace import ComnHallu
from seme.interp.steering.watching import Watch, watching

__all__ = [
    "Caption",
    "Chair",
    "ComnHallu",
    "Detector",
    "DirectionDetector",
    "Intervention",
    "Mention",
    "ObjectNames",
    "Reading",
    "Stepper",
    "TokenEntropy",
    "TokenProbability",
    "TruthDetector",
    "Watch",
    "auroc",
    "caught_at",
    "chair",
    "decode",
    "random_direction",
    "read",
    "shifted",
    "threshold_at",
    "truthful_direction",
    "watching",
]
