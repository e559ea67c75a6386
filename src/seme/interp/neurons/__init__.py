"""Paper 56: what feed-forward neurons stand for, read off their weights with the LM head (arXiv 2501.02688).

`neuron_map` labels every neuron of a model, `find_neurons` goes from a word to its neurons, `clamped` holds one at a
value, and `agreement` compares the maps of two checkpoints.
"""

from seme.interp.activations import unembedding
from seme.interp.neurons.agreement import Agreement, agreement
from seme.interp.neurons.clamping import (
    ClampEffect,
    ClampTrial,
    Place,
    clamped,
    largest_activation,
    next_token_log_probs,
)
from seme.interp.neurons.concepts import Found, find_neurons, most_specialised, token_forms
from seme.interp.neurons.mapping import NeuronMap, neuron_map
from seme.interp.neurons.null import random_specialisation
from seme.interp.neurons.projection import TopTokens, top_tokens
from seme.interp.neurons.readings import READINGS, Reading
from seme.interp.neurons.weights import KINDS, Kind, Neurons, layer_count, neurons

__all__ = [
    "KINDS",
    "READINGS",
    "Agreement",
    "ClampEffect",
    "ClampTrial",
    "Found",
    "Kind",
    "NeuronMap",
    "Neurons",
    "Place",
    "Reading",
    "TopTokens",
    "agreement",
    "clamped",
    "find_neurons",
    "largest_activation",
    "layer_count",
    "most_specialised",
    "neuron_map",
    "neurons",
    "next_token_log_probs",
    "random_specialisation",
    "token_forms",
    "top_tokens",
    "unembedding",
]
