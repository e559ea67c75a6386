"""Whether a model sees years as people see time (The Other Mind, 2025, paper 46).

`distances` has the three theories, `regression` and `reference` hold them against a matrix of similarities, `prompting`
asks a language model, `neurons` and `layers` look inside it, and `exposure` asks embeddings about the future.
"""

from seme.interp.temporal.distances import (
    edit_distance,
    linear_distance,
    log_distance,
    reference_distance,
    signed_log,
)
from seme.interp.temporal.exposure import ExposureGap, exposure_gap
from seme.interp.temporal.layers import LayerFit, Probe, layer_fits, probe, state_similarity
from seme.interp.temporal.neurons import Coding, TemporalNeurons, coding, matched_controls, temporal_neurons
from seme.interp.temporal.prompting import JUDGEMENT, Ratings, last_token_values, rate_pairs, year_prompts
from seme.interp.temporal.reference import HeldOut, Reference, find_reference, held_out, held_out_r2
from seme.interp.temporal.regression import DistanceFit, JointFit, fit_distance, fit_distances

__all__ = [
    "JUDGEMENT",
    "Coding",
    "DistanceFit",
    "ExposureGap",
    "HeldOut",
    "JointFit",
    "LayerFit",
    "Probe",
    "Ratings",
    "Reference",
    "TemporalNeurons",
    "coding",
    "edit_distance",
    "exposure_gap",
    "find_reference",
    "fit_distance",
    "fit_distances",
    "held_out",
    "held_out_r2",
    "last_token_values",
    "layer_fits",
    "linear_distance",
    "log_distance",
    "matched_controls",
    "probe",
    "rate_pairs",
    "reference_distance",
    "signed_log",
    "state_similarity",
    "temporal_neurons",
    "year_prompts",
]
