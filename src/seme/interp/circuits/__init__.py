"""Paper 05: which attention heads are in a task's circuit, from the codes of a sparse autoencoder (arXiv 2405.12522).

`HeadAutoencoder` gives what each head says a code, `identify` scores heads and pairs of heads by the codes that
positive prompts alone have, and `activation_patching` is the slow ground truth beside it.
"""

from seme.interp.circuits.autoencoder import SILENT, HeadAutoencoder
from seme.interp.circuits.baselines import attribution_patching, mean_difference
from seme.interp.circuits.detection import Detection, detection
from seme.interp.circuits.identification import Identification, identify, training_prompts
from seme.interp.circuits.patching import Effects, activation_patching, logit_difference, remaining
from seme.interp.circuits.paths import path_patching
from seme.interp.circuits.planted import PlantedCircuit, planted_circuit
from seme.interp.circuits.prompts import PromptPairs
from seme.interp.circuits.scores import circuit, edge_scores, heads_of_edges, node_scores, predictions
from seme.interp.circuits.tasks import TASKS, docstring, greater_than, indirect_object

__all__ = [
    "SILENT",
    "TASKS",
    "Detection",
    "Effects",
    "HeadAutoencoder",
    "Identification",
    "PlantedCircuit",
    "PromptPairs",
    "activation_patching",
    "attribution_patching",
    "circuit",
    "detection",
    "docstring",
    "edge_scores",
    "greater_than",
    "heads_of_edges",
    "identify",
    "indirect_object",
    "logit_difference",
    "mean_difference",
    "node_scores",
    "path_patching",
    "planted_circuit",
    "predictions",
    "remaining",
    "training_prompts",
]
