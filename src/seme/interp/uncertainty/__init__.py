"""Scores of a language model's uncertainty from samples: semantic volume and what it is compared with.

Every score is a callable: `score(samples)` gives one number for each question of a batch of `Samples`, larger where
less is certain.
"""

from seme.interp.binary import auroc
from seme.interp.uncertainty.clustering import MeaningCount, Meanings, SemanticEntropy
from seme.interp.uncertainty.deciding import best_threshold, decision_quality, mixture_threshold
from seme.interp.uncertainty.dispersion import EigenScore, MeanDistance
from seme.interp.uncertainty.judging import AMBIGUOUS, P_TRUE, Judgement
from seme.interp.uncertainty.lexical import LexicalDissimilarity, rouge_l
from seme.interp.uncertainty.likelihood import LastTokenEntropy, LengthNormalisedEntropy, PredictiveEntropy
from seme.interp.uncertainty.samples import Samples, Score
from seme.interp.uncertainty.sampling import Drawing, Generation, sample
from seme.interp.uncertainty.volume import SemanticVolume, gaussian_entropy, log_scatter, log_volume

__all__ = [
    "AMBIGUOUS",
    "P_TRUE",
    "Drawing",
    "EigenScore",
    "Generation",
    "Judgement",
    "LastTokenEntropy",
    "LengthNormalisedEntropy",
    "LexicalDissimilarity",
    "MeanDistance",
    "MeaningCount",
    "Meanings",
    "PredictiveEntropy",
    "Samples",
    "Score",
    "SemanticEntropy",
    "SemanticVolume",
    "auroc",
    "best_threshold",
    "decision_quality",
    "gaussian_entropy",
    "log_scatter",
    "log_volume",
    "mixture_threshold",
    "rouge_l",
    "sample",
]
