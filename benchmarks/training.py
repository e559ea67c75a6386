"""`python -m benchmarks.training`: batches per second of our losses beside sentence-transformers'.

Contrastive and Matryoshka losses, each forward and backward: first alone, over vectors that are there already, then in
whole training steps of MiniLM. Both sides have the same vectors or weights and batches, and the losses and gradients
are compared before. They run in turns, each first every other time; figures are over the turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from benchmarks.writing import Section, start, write
from seme.assets import load_sentence_encoder, load_texts
from seme.embeddings.contrastive import ContrastiveLoss
from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka import MatryoshkaLoss, nested_dims

_SCALE = 20.0
_WIDTH = 384
Step = Callable[[], torch.Tensor]
"""A forward and backward pass; it returns the loss."""


class Vectors(nn.Module):
    """What sentence-transformers' losses ask of a model, for vectors that are there already."""

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the vectors."""
        return {"sentence_embedding": features["vectors"]}

    def get_embedding_dimension(self) -> int:
        """Return their width."""
        return _WIDTH


def ours(dims: Sequence[int] | None) -> nn.Module:
    base = ContrastiveLoss(temperature=1 / _SCALE)
    return base if dims is None else MatryoshkaLoss(base, dims)


def theirs(model: Any, dims: Sequence[int] | None) -> nn.Module:
    from sentence_transformers.sentence_transformer import losses

    base = losses.MultipleNegativesRankingLoss(model, scale=_SCALE)
    return base if dims is None else losses.MatryoshkaLoss(model, base, list(dims))


def turns(steps: dict[str, Step], rounds: int, each: int) -> dict[str, list[float]]:
    """Return the batches per second of each turn; a turn makes the step `each` times."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):  # the first one warms up
        for name in sorted(steps, reverse=bool(turn % 2)):
            began = time.perf_counter()
            for _ in range(each):
                steps[name]()
            if turn:
                found[name].append(each / (time.perf_counter() - began))
    return found


def row(
    loss: str, batch: int, steps: dict[str, Step], losses: dict[str, float], apart: float, rounds: int, each: int
) -> dict[str, Any]:
    rates = turns(steps, rounds, each)
    ratios = [a / b for a, b in zip(rates["Seme"], rates["sentence-transformers"], strict=True)]
    told: dict[str, Any] = {"loss": loss, "batch": batch}
    for name, own in rates.items():
        low, middle, high = statistics.quantiles(own, n=4)
        told |= {f"{name}, batches/s": f"{middle:.3g} ({low:.3g} to {high:.3g})"}
    low, middle, high = statistics.quantiles(ratios, n=4)
    told["ratio"] = f"{middle:.2f} ({low:.2f} to {high:.2f})"
    told["losses"] = " and ".join(f"{one:.6f}" for one in losses.values())
    return told | {"gradients apart by": f"{apart:.0e}"}


def backward(loss: Callable[[], torch.Tensor], parameters: Sequence[torch.Tensor]) -> Step:
    def step() -> torch.Tensor:
        for one in parameters:
            one.grad = None
        found = loss()
        found.backward()
        return found

    return step


def checked(steps: dict[str, Step], parameters: dict[str, list[torch.Tensor]]) -> tuple[dict[str, float], float]:
    """Return the loss of both, and how far their gradients are apart, as a share of the largest."""
    losses = {name: step().item() for name, step in steps.items()}
    first, second = (
        torch.cat([one.grad.flatten() for one in own if one.grad is not None]) for own in parameters.values()
    )
    apart = float((first - second).abs().max() / first.abs().max())
    low, high = sorted(losses.values())
    assert high - low < 1e-5 * max(1.0, high), losses
    assert apart < 1e-4, apart
    return losses, apart


def alone(batches: Sequence[int], dims: Sequence[int], rounds: int) -> Section:
    rows = []
    for batch in batches:
        for name, sizes in (("contrastive", None), (f"Matryoshka, {len(dims)} sizes", dims)):
            generator = torch.Generator().manual_seed(batch)
            pair = [torch.randn(batch, _WIDTH, generator=generator) for _ in range(2)]
            own, other = ([one.clone().requires_grad_() for one in pair] for _ in range(2))
            mine, peer = ours(sizes), theirs(Vectors(), sizes)
            labels = torch.zeros(batch)
            steps = {
                "Seme": backward(lambda mine=mine, own=own: mine(*own), own),
                "sentence-transformers": backward(
                    lambda peer=peer, other=other, labels=labels: peer([{"vectors": one} for one in other], labels),
                    other,
                ),
            }
            losses, apart = checked(steps, {"Seme": own, "sentence-transformers": other})
            rows.append(row(name, batch, steps, losses, apart, rounds, max(3, 2000 // batch)))
    return Section(
        "The loss alone, forward and backward", rows, [f"Vectors of {_WIDTH} float32 numbers; sizes {list(dims)}."]
    )


def whole(batches: Sequence[int], dims: Sequence[int], rounds: int, longest: int) -> Section:
    encoder, model = TextEncoder.load("minilm", longest=longest).eval(), load_sentence_encoder("minilm")
    model.max_seq_length = longest
    texts = [text for text in load_texts("stdlib-docs") if len(text) > 200]
    rows = []
    for batch in batches:
        columns = [[text[:100] for text in texts[:batch]], [text[100:400] for text in texts[:batch]]]
        mine = [encoder.tokenise(one) for one in columns]
        peers = [model.preprocess(one) if hasattr(model, "preprocess") else model.tokenize(one) for one in columns]
        for name, sizes in (("contrastive", None), (f"Matryoshka, {len(dims)} sizes", dims)):
            loss, peer = ours(sizes), theirs(model, sizes)
            own, other = [dict(part.named_parameters()) for part in (encoder.model, model[0].model)]
            shared = sorted(own.keys() & other.keys())
            parameters = {"Seme": [own[key] for key in shared], "sentence-transformers": [other[key] for key in shared]}
            steps = {
                "Seme": backward(
                    lambda loss=loss, mine=mine: loss(*(encoder(one) for one in mine)), parameters["Seme"]
                ),
                "sentence-transformers": backward(
                    lambda peer=peer, peers=peers, batch=batch: peer([dict(one) for one in peers], torch.zeros(batch)),
                    parameters["sentence-transformers"],
                ),
            }
            losses, apart = checked(steps, parameters)
            rows.append(row(name, batch, steps, losses, apart, rounds, 1))
    remarks = [f"Pairs of texts of up to {longest} tokens, tokenised before; dropout is off; float32."]
    return Section("A training step of MiniLM without the optimiser's", rows, remarks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 128, 512], help="of the losses alone")
    parser.add_argument("--pairs", type=int, nargs="+", default=[16], help="batches of the whole steps")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--longest", type=int, default=64, help="tokens")
    parser.add_argument("--name", default="training", help="of the files in benchmarks/results; empty writes none")
    parser.add_argument("--quick", action="store_true", help="small batches, few rounds: shows that it runs")
    given = parser.parse_args()
    if given.quick:
        given.batches, given.pairs, given.rounds, given.longest, given.name = [16], [2], 3, 16, ""
    surroundings = start()
    dims = nested_dims(_WIDTH, 12)
    sections = [alone(given.batches, dims, given.rounds), whole(given.pairs, dims, given.rounds, given.longest)]
    print(write(given.name, "Training throughput", "python -m benchmarks.training", surroundings, sections))


if __name__ == "__main__":
    main()
