"""How strongly a network represents features that it computes equally well (Lampinen et al. 2024, paper 06).

`tasks` makes data whose features are known, independent and balanced; `networks` and `training` train small networks on
them, several seeds at once; `variance` asks how much of a layer each feature explains, and `probing` what that does to
whoever analyses the layer: flips, principal components, similarity of models, classifiers.
"""

from seme.interp.feature_bias.networks import Cnn, Ensemble, Mlp, Sequencer
from seme.interp.feature_bias.probing import (
    Flips,
    component_accuracy,
    downstream_agreement,
    flip_thresholds,
    representational_similarity,
)
from seme.interp.feature_bias.tasks import BitFeature, BitTask, ImageTask, Task, WordTask
from seme.interp.feature_bias.training import FeatureBatches, Recipe, Represented, Trained, outputs, represent, train
from seme.interp.feature_bias.variance import Density, Explained, unit_density, variance_explained

__all__ = [
    "BitFeature",
    "BitTask",
    "Cnn",
    "Density",
    "Ensemble",
    "Explained",
    "FeatureBatches",
    "Flips",
    "ImageTask",
    "Mlp",
    "Recipe",
    "Represented",
    "Sequencer",
    "Task",
    "Trained",
    "WordTask",
    "component_accuracy",
    "downstream_agreement",
    "flip_thresholds",
    "outputs",
    "represent",
    "representational_similarity",
    "train",
    "unit_density",
    "variance_explained",
]
