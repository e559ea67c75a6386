"""Reasoning paths: what every layer would answer at the end of each, and which question it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.consistency.latent import latent_predictions

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_FEWEST_LAYERS = 3


@dataclass(frozen=True, slots=True)
class Paths:
    """Several paths of each of a batch of questions.

    `probs` (paths, layers, labels) are latent predictions: the first layer is the embeddings, the last the model's own.
    `questions` (paths,) is the number of the question that each answers. Make one with `Paths.of` or `Paths.read`.
    """

    probs: Floats
    questions: Ints

    @classmethod
    def of(cls, probs: npt.ArrayLike, questions: npt.ArrayLike | None = None) -> Self:
        """Check latent predictions; without `questions`, each path is a question of its own.

        Raises
        ------
        InputError
            If there are fewer than three layers (the embeddings, one between, the last) or two labels, probabilities do
            not sum to 1 or are not finite, or questions are not whole numbers, one for each path.
        """
        found = np.asarray(probs, dtype=np.float64)
        if found.ndim != 3 or not len(found) or found.shape[1] < _FEWEST_LAYERS or found.shape[2] < 2:
            raise InputError(
                f"probs has the shape {found.shape}, expected (paths, layers, labels), 3 layers and 2 labels or more",
                hint="latent_predictions(model, tokenizer, prompts, labels) gives them for all layers",
            )
        if not np.isfinite(found).all() or (found < 0).any() or not np.allclose(found.sum(axis=2), 1, atol=1e-4):
            raise InputError("probs are not probabilities: finite, not below 0, and 1 in sum over the labels")
        asked = np.arange(len(found)) if questions is None else np.asarray(questions)
        if asked.shape != found.shape[:1] or not np.issubdtype(asked.dtype, np.integer):
            raise InputError(
                f"questions is {asked.dtype} of the shape {asked.shape}, expected a whole number for each of the "
                f"{len(found)} paths"
            )
        return cls(found, asked.astype(np.int64))

    @classmethod
    def read(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        prompts: Sequence[str],
        questions: npt.ArrayLike | None = None,
        labels: Sequence[str | Sequence[str]] = (" True", " False"),
        **options: Any,
    ) -> Self:
        """Read what each layer would answer after each prompt; see `latent_predictions` for the options."""
        return cls.of(latent_predictions(model, tokenizer, prompts, labels, groups=questions, **options), questions)

    def select(self, paths: npt.ArrayLike) -> Self:
        """Return some of the paths, by their places or by a mask."""
        places = np.arange(len(self.probs))[np.asarray(paths)]
        if not len(places):
            raise InputError("no path is selected")
        return type(self)(self.probs[places], self.questions[places])

    @property
    def last(self) -> Floats:
        """The model's own probabilities (paths, labels)."""
        return self.probs[:, -1]
