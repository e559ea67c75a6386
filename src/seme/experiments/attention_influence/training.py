"""Weak to strong: small models trained from nothing on the corpus, and on the corpus with a selection more often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib.figure import Figure
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Document, Subject
from seme.experiments.attention_influence.selecting import CLASSIFIER, EASY, OURS, RANDOM
from seme.experiments.clear import clearly_above, paired
from seme.experiments.intervals import mean_interval
from seme.experiments.keeping import kept
from seme.report import Claim, Report
from seme.training import Budget, Trainer, linear
from seme.training.language_modelling import NextToken

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

_FULL = "corpus alone"
_LOOK_UP, _CODE, _LOSS = "accuracy on look-ups", "accuracy on code", "held-out loss"
_PAPER = "1.4 to 3.5 points on five benchmarks, a 7B model over a trillion tokens"
_HEADS, _LONGEST = 4, 512
_FEWEST = 100
_OTHERS = (_FULL, *(f"with {name}" for name in (RANDOM, EASY, CLASSIFIER)))
_SHORT = dict(
    zip(
        _OTHERS,
        (
            "corpus alone",
            "same with a random selection",
            "same with the texts of the lowest loss",
            "same with what a classifier of quality selects",
        ),
        strict=True,
    )
)
_TOO_SHORT = "{} steps teach too little to tell."


def add(
    report: Report,
    subject: Subject,
    selections: dict[str, list[Document]],
    settings: AttentionInfluenceSettings,
    context: Context,
) -> None:
    """Train on all mixtures and compare what was learned."""
    corpus = selections["full"]
    tokenizer = _tokenizer([one.text for one in corpus], settings)
    arms = {_FULL: corpus, **{f"with {name}": selections[name] for name in (OURS, RANDOM, EASY, CLASSIFIER)}}
    found: dict[str, list[dict[str, float]]] = {}
    for name, part in context.progress(arms.items(), "Pretraining", total=len(arms)):
        found[name] = [
            _kept(subject, tokenizer, corpus, part, seed, settings, context)
            for seed in context.progress(range(settings.seeds), name)
        ]
    if settings.steps < _FEWEST:
        report.claim(
            Claim.not_tested(
                "Training with what was selected by influence teaches more", _TOO_SHORT.format(settings.steps), _PAPER
            )
        )
    else:
        _claim(report, found)
    _add_baselines(report, found)
    _add_table(report, found, settings)
    _draw(report, found)


def _kept(
    subject: Subject,
    tokenizer: Tokenizer,
    corpus: Sequence[Document],
    part: Sequence[Document],
    seed: int,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> dict[str, float]:
    def measure() -> dict[str, Any]:
        return _measures(_trained(tokenizer, corpus, part, seed, settings, context), tokenizer, subject)

    sizes = (
        settings.steps,
        settings.layers,
        settings.width,
        settings.vocabulary,
        settings.block,
        settings.batch,
        settings.rate,
    )
    key = (
        "trained",
        [one.text for one in corpus],
        [one.text for one in part],
        seed,
        context.seed,
        sizes,
        [one.text for one in subject.questions],
    )
    return kept(context.cache, key, measure)


def _tokenizer(found: Sequence[str], settings: AttentionInfluenceSettings) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        special_tokens=["<|end|>"],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(found, trainer)
    return tokenizer


def _trained(
    tokenizer: Tokenizer,
    corpus: Sequence[Document],
    part: Sequence[Document],
    seed: int,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> LlamaForCausalLM:
    """Train on blocks of the corpus, every other of which is of the selection; all arms see as many tokens."""
    rng = context.rng("blocks", seed)
    streams = [_stream(tokenizer, documents, rng, settings) for documents in (corpus, part)]
    batches = [
        {"input_ids": torch.stack([streams[row % 2][step * settings.batch + row] for row in range(settings.batch)])}
        for step in range(settings.steps)
    ]
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=settings.width,
        intermediate_size=3 * settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=_LONGEST,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed + 1000 * seed)
        model: Any = LlamaForCausalLM(config)
    model.to(torch.device(context.device))
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.1)
    Trainer(
        model,
        NextToken(),
        batches,
        Budget(steps=settings.steps),
        seed=seed,
        optimizer=optimizer,
        clip_norm=1.0,
        schedule=linear(warmup=0.05, decay=0.2),
        device="cpu" if context.device == "cpu" else None,
    ).run()
    trained: LlamaForCausalLM = model.eval()
    return trained


def _stream(
    tokenizer: Tokenizer, documents: Sequence[Document], rng: np.random.Generator, settings: AttentionInfluenceSettings
) -> torch.Tensor:
    """Return blocks (steps times batch, tokens): documents in a new order each time round, joined."""
    ids = [[*tokenizer.encode(one.text).ids, 0] for one in documents]
    wanted = settings.steps * settings.batch * settings.block
    joined: list[int] = []
    while len(joined) < wanted:
        for one in rng.permutation(len(ids)):
            joined += ids[one]
    return torch.tensor(joined[:wanted]).view(-1, settings.block)


@torch.no_grad()
def _measures(model: LlamaForCausalLM, tokenizer: Tokenizer, subject: Subject) -> dict[str, Any]:
    right: list[bool] = []
    for question in subject.questions:
        encoded = tokenizer.encode(question.text)
        hits, _ = _next(model, encoded.ids[:_LONGEST])
        for start, end in question.answers:
            # What is known once a value has begun is memory of the value as much as of the text: its tokens all count.
            inside = [n for n, (a, b) in enumerate(encoded.offsets[:_LONGEST]) if a < end and b > start and n > 0]
            right += [bool(hits[n - 1]) for n in inside]
    code: list[bool] = []
    losses = []
    for kind, found in subject.held_out.items():
        for text in found:
            ids = tokenizer.encode(text).ids[:_LONGEST]
            if len(ids) > 1:
                hits, loss = _next(model, ids)
                losses.append(loss)
                code += hits.tolist() if kind == "code" else []
    return {_LOOK_UP: float(np.mean(right)), _CODE: float(np.mean(code)), _LOSS: float(np.mean(losses))}


def _next(model: Any, ids: Sequence[int]) -> tuple[Any, float]:
    """Return which tokens but the first were the most probable, and the mean loss."""
    tokens = torch.tensor([list(ids)], device=model.device)
    logits = model(input_ids=tokens).logits[0, :-1].float()
    loss = float(torch.nn.functional.cross_entropy(logits, tokens[0, 1:]))
    return (logits.argmax(-1) == tokens[0, 1:]).cpu().numpy(), loss


def _claim(report: Report, found: dict[str, list[dict[str, float]]]) -> None:
    def gains(measure: str, other: str) -> list[float]:
        return [a[measure] - b[measure] for a, b in zip(found[f"with {OURS}"], found[other], strict=True)]

    for other in _OTHERS:
        report.claim(
            paired(
                f"Training with what was selected by influence looks up more than the {_SHORT[other]} (gain in "
                "held-out accuracy)",
                gains(_LOOK_UP, other),
                paper_value=_PAPER,
                note=_note(found, _LOOK_UP, other),
            )
        )
    report.claim(
        paired(
            "It completes code better than a random selection does (gain in the next token's accuracy, held out)",
            gains(_CODE, f"with {RANDOM}"),
            paper_value="HumanEval + 3.5 points",
            note=_note(found, _CODE, f"with {RANDOM}"),
        )
    )
    worse = np.array([a[_LOSS] / b[_LOSS] - 1 for a, b in zip(found[f"with {OURS}"], found[_FULL], strict=True)])
    low, high = mean_interval(-worse)
    report.claim(
        clearly_above(
            "It is no more than 1 % worse on other text (relative fall of the held-out loss)",
            float(-worse.mean()),
            (low, high),
            floor=-0.01,
            note="Below 0, it is worse.",
        )
    )


def _note(found: dict[str, list[dict[str, float]]], measure: str, other: str) -> str:
    ours, theirs = (float(np.mean([one[measure] for one in found[name]])) for name in (f"with {OURS}", other))
    return f"{ours:.3f} against {theirs:.3f}, mean of {len(found[other])} seeds."


def _add_baselines(report: Report, found: dict[str, list[dict[str, float]]]) -> None:
    for other in _OTHERS:
        report.baseline(
            f"Trained: {other}",
            {name: float(np.mean([one[name] for one in found[other]])) for name in (_LOOK_UP, _CODE, _LOSS)},
        )


def _add_table(report: Report, found: dict[str, list[dict[str, float]]], settings: AttentionInfluenceSettings) -> None:
    rows = [
        [name, measure, float(np.mean(values)), min(values), max(values)]
        for name, runs in found.items()
        for measure in (_LOOK_UP, _CODE, _LOSS)
        for values in ([one[measure] for one in runs],)
    ]
    report.table("Small models trained from nothing", ["trained on", "measure", "mean", "lowest", "highest"], rows)
    tokens = settings.steps * settings.batch * settings.block
    report.note(
        f"Every model has {settings.layers} layers of {settings.width} dimensions and sees {tokens:,} tokens: every "
        "other block is of the selection, the rest of the whole corpus. Warm-up, constant rate, and linear decay over "
        "the last fifth. The scorer is larger than what is trained, so this is not weak to strong; it says whether the "
        "selected texts teach more."
    )


def _draw(report: Report, found: dict[str, list[dict[str, float]]]) -> None:
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    names = list(found)
    for panel, measure in zip(figure.subplots(1, 3), (_LOOK_UP, _CODE, _LOSS), strict=True):
        values = [[one[measure] for one in found[name]] for name in names]
        panel.plot([float(np.mean(one)) for one in values], np.arange(len(names)), "D", color="black", ms=5)
        for row, one in enumerate(values):
            panel.plot(one, [row] * len(one), "o", mfc="none", color="0.4", ms=5)
        panel.set_yticks(np.arange(len(names)), names if measure == _LOOK_UP else [""] * len(names), fontsize=8)
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.set_xlabel(measure, fontsize=8)
        panel.grid(axis="x", color="0.9")
    report.figure(
        "What was learned",
        figure,
        "A circle for each seed and a diamond for their mean: higher is better but for the loss.",
    )
