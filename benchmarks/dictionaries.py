"""Training of TopK and JumpReLU dictionaries beside sae-lens, dictionary_learning and sparsify, on the same rows.

    python -m benchmarks.dictionaries STORE [--multiple 4] [--steps 100]

STORE is the folder of a site, as `seme.interp.activations.record` leaves it. All systems see the same batches of the
same rows, scaled to a mean length of the root of the width, with Adam at the same rate, which falls in the last fifth.
Printed are rows per second and the fraction of variance unexplained on rows that were held out. Peers that are not
installed are left out. sparsify's own trainer runs a language model beside, so its layer stands in a plain loop here.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.timing import once
from seme.interp.activations import Store
from seme.interp.dictionaries import JumpReLU, TopK
from seme.training import RowBatches

BATCH, RATE, SEED = 1024, 1e-3, 0
Reconstruct = Callable[[torch.Tensor], torch.Tensor]


def batches(rows: torch.Tensor) -> Iterator[torch.Tensor]:
    return RowBatches(rows, BATCH, seed=SEED).starting_at(0)


def seme_topk(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    dictionary = TopK(units, k=k, learning_rate=RATE, batch_size=BATCH, steps=steps, seed=SEED, device="cpu").fit(rows)
    return lambda x: torch.from_numpy(dictionary.reconstruct(x))


def seme_jumprelu(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    del k
    settings = {"learning_rate": RATE, "batch_size": BATCH, "steps": steps, "seed": SEED}
    dictionary = JumpReLU(units, device="cpu", **settings).fit(rows)
    return lambda x: torch.from_numpy(dictionary.reconstruct(x))


def dictionary_learning_topk(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    from dictionary_learning.trainers.top_k import TopKTrainer

    trainer = TopKTrainer(
        steps=steps,
        activation_dim=rows.shape[1],
        dict_size=units,
        k=k,
        layer=0,
        lm_name="",
        lr=RATE,
        warmup_steps=max(1, steps // 50),
        decay_start=steps * 4 // 5,
        seed=SEED,
        device="cpu",
    )
    for step, batch in zip(range(steps), batches(rows), strict=False):
        trainer.update(step, batch)
    return trainer.ae


def sae_lens_fit(sae, rows: torch.Tensor, steps: int) -> Reconstruct:
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    config = SAETrainerConfig(
        total_training_samples=steps * BATCH,
        train_batch_size_samples=BATCH,
        lr=RATE,
        lr_end=RATE / 10,
        lr_warm_up_steps=max(1, steps // 50),
        lr_decay_steps=steps // 5,
    )
    SAETrainer(config, sae, batches(rows)).fit()
    return sae.eval()


def sae_lens_topk(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig

    config = TopKTrainingSAEConfig(d_in=rows.shape[1], d_sae=units, k=k)
    return sae_lens_fit(TopKTrainingSAE(config), rows, steps)


def sae_lens_jumprelu(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    from sae_lens import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig

    del k
    config = JumpReLUTrainingSAEConfig(d_in=rows.shape[1], d_sae=units, l0_warm_up_steps=steps // 10)
    return sae_lens_fit(JumpReLUTrainingSAE(config), rows, steps)


def sparsify_topk(rows: torch.Tensor, units: int, k: int, steps: int) -> Reconstruct:
    from sparsify import SparseCoder, SparseCoderConfig

    coder = SparseCoder(rows.shape[1], SparseCoderConfig(num_latents=units, k=k))
    coder.b_dec.data = rows.mean(dim=0)
    optimizer = torch.optim.Adam(coder.parameters(), lr=RATE, fused=True)
    for step, batch in zip(range(steps), batches(rows), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (steps - step) / (steps / 5))
        coder.set_decoder_norm_to_unit_norm()
        coder(batch).fvu.backward()
        coder.remove_gradient_parallel_to_decoder_directions()
        optimizer.step()
        optimizer.zero_grad()
    return lambda x: coder(x).sae_out


SYSTEMS = {
    "TopK": {
        "seme": ("seme", seme_topk),
        "sae-lens": ("sae_lens", sae_lens_topk),
        "dictionary_learning": ("dictionary_learning", dictionary_learning_topk),
        "sparsify": ("sparsify", sparsify_topk),
    },
    "JumpReLU": {"seme": ("seme", seme_jumprelu), "sae-lens": ("sae_lens", sae_lens_jumprelu)},
}


@torch.no_grad()
def unexplained(reconstruct: Reconstruct, rows: torch.Tensor) -> float:
    return float((reconstruct(rows) - rows).square().sum() / (rows - rows.mean(dim=0)).square().sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--method", choices=SYSTEMS, default="TopK")
    parser.add_argument("--multiple", type=int, default=4, help="units per dimension")
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    store = Store.open(given.store)
    rows = torch.from_numpy(store.rows(np.random.default_rng(SEED).permutation(len(store))[:40_000]))
    rows *= rows.shape[1] ** 0.5 / rows.norm(dim=1).mean()
    held_out, rows = rows[:2048], rows[2048:]
    units = given.multiple * rows.shape[1]
    systems = {
        name: train
        for name, (module, train) in SYSTEMS[given.method].items()
        if importlib.util.find_spec(module) is not None
    }
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    reached: dict[str, float] = {}
    for turn in range(given.repeats + 1):  # the first turn warms up
        for name, train in systems.items():
            torch.manual_seed(SEED)
            found: list[Reconstruct] = []
            steps = given.steps if turn else 10
            taken = once(lambda train=train, found=found, steps=steps: found.append(train(rows, units, given.k, steps)))
            if turn:
                seconds[name].append(taken)
                reached[name] = unexplained(found[0], held_out)
    print(
        f"{given.method}, {len(rows)} rows of {store.site}, {rows.shape[1]} x {units}, k={given.k}, {given.steps} steps"
    )
    for name, taken in seconds.items():
        rate = given.steps * BATCH / statistics.median(taken)
        print(f"{name:22s} {rate:10.0f} rows/s   FVU {reached[name]:.4f}")


if __name__ == "__main__":
    main()
