"""Head outputs with a known circuit, made without a model: what the method must find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlantedCircuit:
    """Outputs of heads of which some say something on positive prompts alone.

    Attributes
    ----------
    positive, negative
        Outputs, (prompts, layers, heads, d).
    truth
        The heads of the circuit, bool (layers, heads).
    """

    positive: Floats
    negative: Floats
    truth: npt.NDArray[np.bool_]


def planted_circuit(
    rng: np.random.Generator,
    *,
    prompts: int = 100,
    layers: int = 12,
    heads: int = 12,
    circuit: int = 26,
    width: int = 64,
    strength: float = 1.0,
    noise: float = 0.3,
) -> PlantedCircuit:
    """Draw heads that say now and then something more: circuit heads on positive prompts, the others on any.

    Every head has four directions of its own and says one of them on each prompt, at random, with noise. On half of the
    prompts it adds one of four further directions: a head of the circuit on the positive ones, another head on prompts
    of either side. So both kinds say the same things as often, and with shuffled sides nothing tells them apart.

    Parameters
    ----------
    rng
        Of everything.
    prompts
        Of each side.
    layers, heads
        12 x 12 as in GPT-2 small.
    circuit
        Heads in the circuit.
    width
        Numbers in an output.
    strength
        Length of what heads add, against 1 for what they say on each prompt.
    noise
        Length of the noise.

    Raises
    ------
    InputError
        If a number is below 1 or the circuit is not a part of the heads.
    """
    for name, value in (("prompts", prompts), ("layers", layers), ("heads", heads), ("width", width)):
        if value < 1:
            raise InputError(f"{name} is {value}; it may be 1 or more")
    if not 1 <= circuit < layers * heads:
        raise InputError(f"circuit is {circuit}; it may be 1 to {layers * heads - 1} of the {layers * heads} heads")
    truth = np.zeros(layers * heads, dtype=bool)
    truth[rng.choice(layers * heads, circuit, replace=False)] = True
    usual, added = (_directions(rng, layers * heads, width) for _ in range(2))
    more = np.argsort(rng.random((2 * prompts, layers * heads)), axis=0) < prompts
    more[:, truth] = (np.arange(2 * prompts) < prompts)[:, None]
    said = _chosen(rng, usual, 2 * prompts) + strength * more[..., None] * _chosen(rng, added, 2 * prompts)
    said += noise * rng.normal(size=said.shape) / width**0.5
    positive, negative = said.reshape(2, prompts, layers, heads, width)
    return PlantedCircuit(positive, negative, truth.reshape(layers, heads))


def _directions(rng: np.random.Generator, heads: int, width: int, each: int = 4) -> Floats:
    drawn = rng.normal(size=(heads, each, width))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=2, keepdims=True))


def _chosen(rng: np.random.Generator, directions: Floats, prompts: int) -> Floats:
    choice = rng.integers(directions.shape[1], size=(prompts, len(directions)))
    return directions[np.arange(len(directions)), choice]
