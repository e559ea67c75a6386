"""Trainers of sparse autoencoders: Seme's, and those of sae-lens, dictionary_learning and sparsify.

All see the same batches of the same rows, scaled to a mean length of the root of the width, with Adam at the same rate,
which rises over the first fiftieth of the steps and falls over the last fifth. All start with rows of unit length in
the decoder; sae-lens, whose default length of 0.1 learns far slower, is told to. sparsify's own trainer runs a language
model beside, so its layer stands in a plain loop here.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from seme.interp.dictionaries import JumpReLU, SparseAutoencoder, TopK
from seme.training import RowBatches

os.environ["TQDM_DISABLE"] = "1"  # a bar per trainer would be drawn between the figures

BATCH, RATE, SEED = 1024, 1e-3, 0
SPARSITY, BANDWIDTH = 3e-3, 0.2
"""Of JumpReLU: price of an active unit beside an error of about 1, and width of the kernel over the threshold."""
START_L0 = 32
"""Active units per row that JumpReLU starts with."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained autoencoder: rows (n, d) to their reconstructions, and to the codes."""

    reconstruct: Callable[[torch.Tensor], torch.Tensor]
    encode: Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Task:
    """What is trained: on which rows (n, d), how many units, how many of them active (TopK), and for how long."""

    rows: torch.Tensor
    units: int
    k: int
    steps: int


Train = Callable[[Task], Fitted]


def installed(method: str) -> tuple[dict[str, Train], list[str]]:
    """Return the trainers of a method that can be run here, and the names of the others."""
    found = {name: train for name, (module, train) in SYSTEMS[method].items() if importlib.util.find_spec(module)}
    return found, [name for name in SYSTEMS[method] if name not in found]


def batches(rows: torch.Tensor) -> Iterator[torch.Tensor]:
    return RowBatches(rows, BATCH, seed=SEED).starting_at(0)


def seme(dictionary: SparseAutoencoder, task: Task) -> Fitted:
    dictionary.set_params(learning_rate=RATE, batch_size=BATCH, steps=task.steps, seed=SEED, device="cpu")
    dictionary.fit(task.rows)
    return Fitted(
        lambda x: torch.from_numpy(dictionary.reconstruct(x)), lambda x: torch.from_numpy(dictionary.encode(x).values)
    )


def seme_topk(task: Task) -> Fitted:
    return seme(TopK(task.units, k=task.k), task)


def seme_jumprelu(task: Task) -> Fitted:
    return seme(JumpReLU(task.units, sparsity=SPARSITY, bandwidth=BANDWIDTH), task)


def dictionary_learning_topk(task: Task) -> Fitted:
    from dictionary_learning.trainers.top_k import TopKTrainer

    trainer = TopKTrainer(
        steps=task.steps,
        activation_dim=task.rows.shape[1],
        dict_size=task.units,
        k=task.k,
        layer=0,
        lm_name="",
        lr=RATE,
        warmup_steps=max(1, task.steps // 50),
        decay_start=task.steps * 4 // 5,
        seed=SEED,
        device="cpu",
    )
    for step, batch in zip(range(task.steps), batches(task.rows), strict=False):
        trainer.update(step, batch)
    return Fitted(trainer.ae, trainer.ae.encode)


def sae_lens_fit(sae, task: Task) -> Fitted:
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    config = SAETrainerConfig(
        total_training_samples=task.steps * BATCH,
        train_batch_size_samples=BATCH,
        lr=RATE,
        lr_end=RATE / 10,
        lr_warm_up_steps=max(1, task.steps // 50),
        lr_decay_steps=task.steps // 5,
    )
    SAETrainer(config, sae, batches(task.rows)).fit()
    sae.eval()
    return Fitted(sae, sae.encode)


def sae_lens_topk(task: Task) -> Fitted:
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig

    config = TopKTrainingSAEConfig(d_in=task.rows.shape[1], d_sae=task.units, k=task.k, decoder_init_norm=1.0)
    return sae_lens_fit(TopKTrainingSAE(config), task)


@torch.no_grad()
def sae_lens_jumprelu(task: Task) -> Fitted:
    """Start as Seme does, with the threshold that makes some 32 units active, and with the same price for each."""
    from sae_lens import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig

    width = task.rows.shape[1]
    given = {"d_in": width, "d_sae": task.units, "l0_coefficient": SPARSITY * width, "decoder_init_norm": 1.0}
    given["l0_warm_up_steps"] = task.steps // 10
    sae = JumpReLUTrainingSAE(JumpReLUTrainingSAEConfig(**given))
    values = sae.encode_with_hidden_pre(task.rows[:BATCH])[1]
    threshold = float(values.flatten().topk(START_L0 * len(values)).values[-1])
    given |= {"jumprelu_init_threshold": threshold, "jumprelu_bandwidth": BANDWIDTH * threshold}
    with torch.enable_grad():
        return sae_lens_fit(JumpReLUTrainingSAE(JumpReLUTrainingSAEConfig(**given)), task)


def sparsify_topk(task: Task) -> Fitted:
    from sparsify import SparseCoder, SparseCoderConfig

    coder = SparseCoder(task.rows.shape[1], SparseCoderConfig(num_latents=task.units, k=task.k))
    coder.b_dec.data = task.rows.mean(dim=0)
    optimizer = torch.optim.Adam(coder.parameters(), lr=RATE, fused=True)
    warm, fall = max(1, task.steps // 50), task.steps / 5
    for step, batch in zip(range(task.steps), batches(task.rows), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / warm, (task.steps - step) / fall)
        coder.set_decoder_norm_to_unit_norm()
        coder(batch).fvu.backward()
        coder.remove_gradient_parallel_to_decoder_directions()
        optimizer.step()
        optimizer.zero_grad()
    return Fitted(lambda x: coder(x).sae_out, lambda x: coder.encode(x).top_acts)


SYSTEMS: dict[str, dict[str, tuple[str, Train]]] = {
    "TopK": {
        "seme": ("seme", seme_topk),
        "sae-lens": ("sae_lens", sae_lens_topk),
        "dictionary_learning": ("dictionary_learning", dictionary_learning_topk),
        "sparsify": ("sparsify", sparsify_topk),
    },
    "JumpReLU": {"seme": ("seme", seme_jumprelu), "sae-lens": ("sae_lens", sae_lens_jumprelu)},
}
