"""The same model asked outright: which of the labels would it write next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.capturing import on_device
from seme.interp.probes.recording import padded

Floats = npt.NDArray[np.float64]


@torch.no_grad()
def label_scores(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[int],
    *,
    batch: int = 16,
    progress: Callable[..., Iterator[Any]] | None = None,
) -> Floats:
    """Return the log-probability of each label as the next token of each prompt.

    Scoring the labels is fairer to a small model than reading what it writes: it cannot answer with none of them.

    Parameters
    ----------
    model
        A transformers causal language model in evaluation mode.
    prompts
        Token numbers of each prompt.
    labels
        The first token of each label; no two the same.
    batch
        Prompts that are run together; they are sorted by length first.
    progress
        Called as `progress(batches, label, total)`.

    Returns
    -------
    ndarray of shape (prompts, labels)
        Normalised over the labels: `exp` of a row sums to 1.

    Raises
    ------
    InputError
        If there is no prompt, one is empty, fewer than two labels, or two begin with the same token.
    """
    if not prompts or not all(len(one) for one in prompts):
        raise InputError(f"prompts has {len(prompts)} entries, expected one or more, none without tokens")
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InputError(
            f"labels is {list(labels)}, expected two or more different tokens",
            hint="Choose words for the labels that begin with different tokens",
        )
    head: Any = model.get_output_embeddings()  # type: ignore[operator]
    base: Any = model.base_model
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    parts = [order[start : start + batch] for start in range(0, len(order), batch)]
    found = np.zeros((len(prompts), len(labels)))
    shown = parts if progress is None else progress(parts, "Asking", len(parts))
    for part in shown:
        inputs = on_device(padded([prompts[number] for number in part]), model)
        states = base(**inputs, use_cache=False).last_hidden_state
        last = inputs["attention_mask"].sum(1) - 1
        logits = head(states[torch.arange(len(part), device=last.device), last])[:, list(labels)].float()
        found[part] = logits.log_softmax(-1).double().cpu().numpy()
    return found


def corrected(scores: npt.ArrayLike) -> Floats:
    """Return scores less each label's mean over the texts, so that no label is named for its frequency alone.

    The correction uses no labels (batch calibration, Zhou et al. 2024).

    Raises
    ------
    InputError
        If there are fewer than two texts or labels, or a score is not finite.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2 or not np.isfinite(values).all():
        raise InputError(f"scores has the shape {values.shape}, expected finite (texts, labels), two or more of each")
    less: Floats = values - values.mean(axis=0)
    return less
