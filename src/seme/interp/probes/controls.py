"""What probes are held against: labels that mean nothing, words without a model, and a model without training."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import nn

from seme.errors import InputError
from seme.interp.probes.states import LayerStates

Model = TypeVar("Model", bound=nn.Module)


def shuffled_within(
    labels: npt.NDArray[Any], parts: Sequence[npt.NDArray[np.int64]], rng: np.random.Generator
) -> npt.NDArray[Any]:
    """Return labels shuffled within each part alone.

    Each part keeps its balance: labels shuffled over all would leave the test part with more of whatever the training
    part has less of, and a probe below chance.
    """
    found = np.array(labels)
    for part in parts:
        found[part] = found[rng.permutation(part)]
    return found


def bag_of_words(texts: Sequence[str], *, most: int = 2000) -> LayerStates:
    """Return which words are in each text, as the states of one layer.

    Parameters
    ----------
    texts
        What was given to the model.
    most
        Words that are kept, the most frequent.

    Raises
    ------
    InputError
        If no text has a word.
    """
    if most < 1:
        raise InputError(f"most is {most}, expected 1 or more")
    try:
        counts = CountVectorizer(binary=True, max_features=most, analyzer=_words).fit_transform(texts)
    except ValueError as error:
        raise InputError(f"texts has {len(texts)} entries without a word in them", hint="Give texts") from error
    return LayerStates.of(counts.toarray(), "bag of words")


def untrained(model: Model, seed: int = 0) -> Model:
    """Return a model of the same architecture with the random weights that its training would start from.

    Parameters
    ----------
    model
        A transformers model; it is left as it is.
    seed
        Of the weights.

    Raises
    ------
    InputError
        If it has no configuration to be made from.
    """
    config = getattr(model, "config", None)
    if config is None:
        raise InputError(f"model is {type(model).__name__}, expected a transformers model with a config")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(model)(copy.deepcopy(config))
    first = next(model.parameters())
    return fresh.to(device=first.device, dtype=first.dtype).eval()


def _words(text: str) -> list[str]:
    """Return words of any length, lower-case; scikit-learn's own pattern drops those of one letter."""
    return re.findall(r"\w+", text.lower())
