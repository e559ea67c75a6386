"""Scores of every token that a user's own `generate` takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import Site, edit, resolve
from seme.interp.activations.editing import Edit
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Detector


class Watch:
    """Scores that gather while a model generates."""

    def __init__(self) -> None:
        self._columns: list[Floats] = []

    @property
    def scores(self) -> Floats:
        """Of each text and generated token (batch, tokens), read before the token was taken.

        Columns after a text has ended belong to its padding, and mean nothing.

        Raises
        ------
        InputError
            If nothing was generated.
        """
        if not self._columns:
            raise InputError("nothing was generated, so there are no scores", hint="Call model.generate in the block")
        return np.stack(self._columns, axis=1)


@contextmanager
def watching(model: PreTrainedModel, site: str | Site, detector: Detector) -> Iterator[Watch]:
    """Score each token before it is taken, in whatever generation runs inside the block.

    What is generated is what it would be without. It may be sampled; with beams, rows are reordered between steps and
    the scores are of no text. Prompts are padded on the left, as `generate` wants them.

    Parameters
    ----------
    model
        A causal or vision-language model of transformers.
    site
        Whose states the detector reads, such as `resid.20`, or a module's path.
    detector
        A `TruthDetector`, `DirectionDetector`, `TokenProbability`, `TokenEntropy`, or any function of states (n, d) and
        logits (n, vocabulary).

    Raises
    ------
    InputError
        If the model has no such site, or no LM head.
    """
    place, head, watch = resolve(model, site), model.get_output_embeddings(), Watch()
    if head is None:
        raise InputError(f"{type(model).__name__} has no LM head", hint="Load it as AutoModelForCausalLM")
    path = next(name for name, module in model.named_modules() if module is head)
    newest: dict[str, Tensor] = {}

    def read(states: Tensor) -> Tensor:
        newest["states"] = states[:, -1]
        return states

    def score(logits: Tensor) -> Tensor:
        found = detector(newest["states"].float().cpu(), logits[:, -1].float().cpu())
        watch._columns.append(np.asarray(found, dtype=np.float64))
        return logits

    edits: dict[str | Site, Edit] = {place: read, path: score}
    with edit(model, edits):
        yield watch
