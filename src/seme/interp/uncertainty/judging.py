"""Asking the model itself: P(True) of its answer, or whether a question is ambiguous (Kadavath et al. 2022)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from seme.errors import InputError
from seme.interp.uncertainty.prompts import option_ids, read_prompts
from seme.interp.uncertainty.samples import Floats, Samples

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

P_TRUE = "Question: {question}\nProposed answer: {answer}\nIs the proposed answer True or False? It is"
AMBIGUOUS = "Request: {question}\nIs this request ambiguous, with several meanings? Answer Yes or No:"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much a model says, asked in words, that a question is uncertain.

    Parameters
    ----------
    model, tokenizer
        A causal language model of transformers.
    template
        What it is asked, with `{question}` and, if it is to judge an answer, `{answer}`: the commonest sample.
    certain, uncertain
        The words that would continue the prompt, with the space before them.
    batch
        Prompts at a time.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    template: str = P_TRUE
    certain: str = " True"
    uncertain: str = " False"
    batch: int = 32

    def __post_init__(self) -> None:
        if "{question}" not in self.template:
            raise InputError(f"template is {self.template!r}, expected '{{question}}' in it")

    def __call__(self, samples: Samples) -> Floats:
        """Return the probability (questions,) of the uncertain word, of the two."""
        ids = option_ids(self.tokenizer, [self.certain, self.uncertain])
        prompts = [
            self.template.replace("{question}", question).replace("{answer}", _commonest(row))
            for question, row in zip(samples.questions, samples.texts, strict=True)
        ]
        rows = [self.tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
        logits = [
            read_prompts(self.model, rows[start : start + self.batch]).logits[:, ids].float()
            for start in range(0, len(rows), self.batch)
        ]
        found: Floats = torch.cat(logits).softmax(-1)[:, 1].double().cpu().numpy()
        return found


def _commonest(row: Sequence[str]) -> str:
    return Counter(row).most_common(1)[0][0]


def agreement_with_commonest(samples: Samples) -> Floats:
    """Return 1 - the share of samples (questions,) that are the commonest text, letter by letter."""
    return np.array([1 - Counter(row).most_common(1)[0][1] / len(row) for row in samples.texts])
