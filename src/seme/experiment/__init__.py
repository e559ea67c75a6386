"""Experiments: a paper's method applied to real models and data, with a report as the result.

An experiment is a function `run(settings, context) -> Report` under the decorator `@experiment`, in a module
`seme/experiments/pNN_slug.py` that imports PyTorch and the like inside its functions only: then it can be listed, and
its settings shown, without them.
"""

from seme.experiment.context import Context
from seme.experiment.registry import Experiment, experiment, experiments, find_experiment
from seme.experiment.running import run_experiment
from seme.experiment.settings import ExperimentSettings

__all__ = [
    "Context",
    "Experiment",
    "ExperimentSettings",
    "experiment",
    "experiments",
    "find_experiment",
    "run_experiment",
]
