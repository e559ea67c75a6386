"""Whether everything is learned by gradients: one step of the second stage, looked at."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch

from seme.embeddings.disambiguated_skipgram import Lexicon, Stream
from seme.embeddings.disambiguated_skipgram.training import SenseModel, batches
from seme.embeddings.disambiguated_skipgram.weighing import OwnWeights, SharedWeights
from seme.experiment import Context
from seme.experiments.disambiguated_skipgram.corpus import Hidden
from seme.experiments.disambiguated_skipgram.measuring import sense_settings
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p19_disambiguated_skipgram import DisambiguatedSkipgramSettings


def add(report: Report, hidden: Hidden, settings: DisambiguatedSkipgramSettings, context: Context) -> None:
    """Count, of all numbers that a batch has to do with, those with a gradient other than zero."""
    lexicon = Lexicon.learn(hidden.texts, least=settings.least)
    stream = Stream.read(hidden.texts, lexicon)
    given, generator = sense_settings(settings), context.torch_generator("gradients")
    model = SenseModel(lexicon, given, generator)
    own = OwnWeights(SharedWeights(given.dim, given.senses, generator), stream.size, generator)
    ((places, windows),) = islice(batches(stream, given, context.rng("gradients")), 1)
    words, owners = np.unique(stream.words[places], return_inverse=True)
    tensors = [torch.from_numpy(one) for one in (words, owners, windows)]
    loss = model.loss(tensors[0], tensors[1], tensors[2], own, model.softmax.draw(generator), 0.0)
    loss.backward()
    seen = np.unique(windows[windows < stream.size])
    weight = model.softmax.weight.grad
    parts = {
        "sense vectors E": model.senses.gradient,
        "weights of senses A": own.matrix.gradient,
        "their biases a": own.bias.gradient,
        "output vectors O": None if weight is None else weight[seen],
    }
    shares = {name: 0.0 if one is None else float((one != 0).float().mean()) for name, one in parts.items()}
    report.claim(
        Claim.at_least(
            "All parameters of a batch receive gradients (least share of numbers that are not zero)",
            measured=min(shares.values()),
            floor=0.95,
            note="Of one step of the second stage.",
        )
    )
    report.table("Gradients", ["parameters", "share with a gradient"], [list(one) for one in shares.items()])
