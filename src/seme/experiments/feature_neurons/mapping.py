"""The map of the model: exact, fast, and beside what random vectors give."""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.interp.neurons import (
    Found,
    NeuronMap,
    layer_count,
    most_specialised,
    neuron_map,
    neurons,
    random_specialisation,
    top_tokens,
    unembedding,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p56_feature_neurons import FeatureNeuronsSettings

_PERCENTILE = 0.999


def add(report: Report, language_model: LanguageModel, settings: FeatureNeuronsSettings, context: Context) -> NeuronMap:
    """Map the model and add what the map shows."""
    model = language_model.model
    began = time.perf_counter()
    mapped = neuron_map(
        model,
        reading=settings.reading,
        layers=settings.layers,
        progress=lambda layers: context.progress(list(layers), "Mapping layers"),
    )
    seconds = time.perf_counter() - began
    _add_cost(report, language_model, mapped, seconds)
    _add_equality(report, language_model, mapped, settings, context)
    _add_specialisation(report, language_model, mapped, settings, context)
    _add_writing(report, language_model, mapped)
    return mapped


def _add_cost(report: Report, language_model: LanguageModel, mapped: NeuronMap, seconds: float) -> None:
    head, _ = unembedding(language_model.model)
    count = mapped.tokens.numel()
    operations = 2 * count * head.numel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    read = sum(neurons(language_model.model, layer).rows.nbytes for layer in mapped.layers) + head.nbytes
    report.table(
        "Cost of the map",
        ["layers", "neurons", "tokens", "time, s", "GFLOP", "GFLOP/s", "weights read, MB", "peak memory, GB"],
        [
            [
                len(mapped.layers),
                count,
                len(head),
                seconds,
                operations / 1e9,
                operations / 1e9 / seconds,
                read / 1e6,
                peak / 1e9,
            ]
        ],
    )
    whole = len(mapped.layers) == layer_count(language_model.model)
    statements = (
        ("The whole model is mapped in three minutes (seconds)", seconds, 180.0, "< 15 min for an 8B model"),
        ("The map needs at most 4 GiB of memory (GB)", peak / 1e9, 4.295, ""),
    )
    for statement, measured, ceiling, paper in statements:
        if whole:
            report.claim(Claim.at_most(statement, measured=measured, ceiling=ceiling, paper_value=paper))
        else:
            report.claim(Claim.not_tested(statement, "Only some layers were mapped.", paper))


def _add_equality(
    report: Report, language_model: LanguageModel, mapped: NeuronMap, settings: FeatureNeuronsSettings, context: Context
) -> None:
    """Project a sample of neurons one by one: the same tokens, and how much slower."""
    head, _ = unembedding(language_model.model)
    rng = context.rng("sample")
    rows = rng.integers(len(mapped.layers), size=settings.sample)
    columns = rng.integers(mapped.tokens.shape[1], size=settings.sample)
    same, k = 0, mapped.ids.shape[-1]
    plain = settings.reading == "plain"
    weights = {row: neurons(language_model.model, mapped.layers[row]).rows for row in set(rows.tolist())}
    began = time.perf_counter()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        logits = head @ weights[row][column]
        probabilities = logits.softmax(0)
        same += int(torch.equal(probabilities.topk(k).indices.cpu(), mapped.ids[row, column]))
    alone = (time.perf_counter() - began) / settings.sample
    rows_of_layer = neurons(language_model.model, mapped.layers[0]).rows
    began = time.perf_counter()
    top_tokens(rows_of_layer, head, k)
    tiled = (time.perf_counter() - began) / len(rows_of_layer)
    if plain:
        report.claim(
            Claim.at_least(
                "Mapping in tiles names the same ten tokens as a product per neuron (share of a sample)",
                measured=same / settings.sample,
                floor=1.0,
            )
        )
    report.claim(
        Claim.ratio_at_least(
            "A batched product maps ten times faster than one neuron at a time (time per neuron)",
            measured=alone,
            baseline=tiled,
            factor=10.0,
            paper_value="15 min to under 10 s, v1 to v2",
        )
    )
    report.baseline("One neuron at a time", {"time per neuron, ms": 1e3 * alone})


def _add_specialisation(
    report: Report, language_model: LanguageModel, mapped: NeuronMap, settings: FeatureNeuronsSettings, context: Context
) -> None:
    chance = random_specialisation(
        language_model.model, settings.null, context.torch_generator("null"), reading=mapped.reading
    )
    edge = float(chance.quantile(_PERCENTILE))
    above = float((mapped.z > edge).double().mean())
    report.claim(
        Claim.at_least(
            "More neurons stand out with their best token than random vectors do: how many times as many as expected "
            "lie above the 99.9th percentile of the random ones",
            measured=above / (1 - _PERCENTILE),
            floor=5.0,
        )
    )
    report.baseline(
        "Random vectors", {"median z of the best token": float(chance.median()), "99.9th percentile of z": edge}
    )

    def others(one: Found) -> str:
        ids = mapped.ids[mapped.layers.index(one.layer), one.neuron, 1:5].tolist()
        return " ".join(repr(tokenizer.decode([token])) for token in ids)

    tokenizer = language_model.tokenizer
    best = most_specialised(mapped, 20)
    report.table(
        "The neurons that stand out most",
        ["layer", "neuron", "best token", "z", "margin", "next tokens"],
        [[one.layer, one.neuron, repr(tokenizer.decode([one.token])), one.z, one.margin, others(one)] for one in best],
    )
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    bins = torch.linspace(2, max(12.0, float(mapped.z.quantile(0.9999))), 80).tolist()
    axes.hist(mapped.z.flatten().tolist(), bins=bins, density=True, histtype="step", label="neurons")
    axes.hist(chance.tolist(), bins=bins, density=True, histtype="step", label="random vectors")
    axes.axvline(edge, color="0.5", lw=0.8)
    axes.set(yscale="log", xlabel="z of the best token", ylabel="density")
    axes.legend(frameon=False)
    report.figure(
        "Neurons and chance",
        figure,
        "How far the best token of a neuron stands above its mean logit, in standard deviations, beside random "
        "vectors; the line is the 99.9th percentile of the random ones.",
    )


def _add_writing(report: Report, language_model: LanguageModel, mapped: NeuronMap) -> None:
    """Set what a neuron reads beside what it writes: a label by reading need not be the token that it raises."""
    rows = [[mapped.kind, mapped.reading, float(mapped.z.median()), float((mapped.z > 6).double().mean()), 1.0]]
    layers = mapped.layers[:: max(1, len(mapped.layers) // 6)]
    own = torch.stack([mapped.tokens[mapped.layers.index(layer)] for layer in layers])
    for kind in ("gate", "down"):
        other = neuron_map(language_model.model, kind=kind, reading="plain", layers=layers, k=1)
        same = float((other.tokens == own).double().mean())
        rows.append([kind, "plain", float(other.z.median()), float((other.z > 6).double().mean()), same])
    if mapped.reading != "read-gain":
        other = neuron_map(language_model.model, reading="read-gain", layers=layers, k=1)
        same = float((other.tokens == own).double().mean())
        rows.append(["up", "read-gain", float(other.z.median()), float((other.z > 6).double().mean()), same])
    columns = ["projection", "reading", "median z", "share above z = 6", "same token as the map"]
    report.table(f"What neurons read and what they write (layers {', '.join(map(str, layers))})", columns, rows)
