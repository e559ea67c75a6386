"""Embeddings of the pool: recorded once, then encoded by dictionaries of several K, seeds and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.experiments.selection.losses import Losses, measure_losses
from seme.experiments.selection.pooling import Pool, batches
from seme.interp.activations import Store, record
from seme.interp.dictionaries import Dictionary, TopK, load_dictionary, train_together
from seme.interp.selection import embed_activations, embed_codes
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings


_SCORED = 8192
"""Tokens that reconstruction is judged by."""


class Kind(NamedTuple):
    """Which dictionary: its layer, its K and its seed."""

    layer: int
    k: int
    seed: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings of a pool.

    Attributes
    ----------
    main
        The dictionary that the method is judged by.
    codes
        Mean codes by dictionary, (samples, units) each.
    summed
        Codes of the main dictionary, summed over the tokens instead.
    activations
        Mean activations by layer, (samples, width) each.
    losses
        Of the model on the answers.
    """

    main: Kind
    codes: Mapping[Kind, csr_array]
    summed: csr_array
    activations: Mapping[int, npt.NDArray[np.float32]]
    losses: Losses


def embed(
    report: Report, language_model: LanguageModel, pool: Pool, settings: SelectionSettings, context: Context
) -> Embedded:
    """Record all layers in one pass, train the dictionaries, and embed the pool."""
    depth = int(language_model.model.config.num_hidden_layers)
    main = Kind(depth - 2 if settings.layer is None else settings.layer, settings.k, context.seed)
    layers = sorted({*settings.other_layers, main.layer, depth - 1})
    recorded = record(
        language_model.model,
        batches(language_model, pool.samples),
        [f"resid.{layer}" for layer in layers],
        folder=context.folder / "activations",
        dtype="bfloat16",
        name=settings.model,
        progress=context.progress,
    )
    # What all samples begin with would have a share in every dictionary, and says nothing.
    stores = {site: one.part(np.flatnonzero(one.index[:, 1] >= pool.first)) for site, one in recorded.items()}
    dictionaries = _train(stores, main, settings, context)
    codes = {
        kind: embed_codes(one, stores[f"resid.{kind.layer}"], first=pool.first)
        for kind, one in context.progress(dictionaries.items(), "Embedding the pool", total=len(dictionaries))
    }
    _add_table(report, dictionaries, codes, stores)
    site = f"resid.{main.layer}"
    summed = embed_codes(dictionaries[main], stores[site], pooling="sum", first=pool.first)
    activations = {layer: embed_activations(stores[f"resid.{layer}"], first=pool.first) for layer in layers}
    losses = measure_losses(language_model, pool, recorded[f"resid.{depth - 1}"], context)
    return Embedded(main, codes, summed, activations, losses)


def _train(
    stores: Mapping[str, Store], main: Kind, settings: SelectionSettings, context: Context
) -> dict[Kind, Dictionary]:
    """Train those of one layer and seed in one pass; a run that was broken off finds those it had."""
    groups: list[list[Kind]] = [[main, *(main._replace(k=k) for k in settings.others if k != main.k)]]
    groups += [[main._replace(seed=context.seed + number)] for number in range(1, settings.seeds)]
    groups += [[main._replace(layer=layer)] for layer in settings.other_layers if layer != main.layer]
    trained: dict[Kind, Dictionary] = {}
    for group in context.progress(groups, "Training dictionaries"):
        folders = {kind: context.folder / "dictionaries" / "-".join(map(str, kind)) for kind in group}
        if not all(folder.is_dir() for folder in folders.values()):
            store = stores[f"resid.{group[0].layer}"]
            made = {kind: _dictionary(kind, store.width, settings, context) for kind in group}
            train_together(list(made.values()), store)
            for kind, folder in folders.items():
                made[kind].save(folder)
        trained |= {kind: load_dictionary(folder) for kind, folder in folders.items()}
    return trained


def _dictionary(kind: Kind, width: int, settings: SelectionSettings, context: Context) -> TopK:
    return TopK(
        settings.expansion * width,
        k=kind.k,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        steps=settings.steps,
        revive_every=max(1, settings.steps // 4),
        seed=kind.seed,
        device="cpu" if context.device == "cpu" else None,
    )


def _add_table(
    report: Report,
    dictionaries: Mapping[Kind, Dictionary],
    codes: Mapping[Kind, csr_array],
    stores: Mapping[str, Store],
) -> None:
    rows: list[Sequence[Any]] = []
    for kind, one in sorted(dictionaries.items()):
        store = stores[f"resid.{kind.layer}"]
        found = one.score(store.rows(np.linspace(0, len(store) - 1, min(len(store), _SCORED)).astype(np.int64)))
        dead = float(np.mean(np.bincount(codes[kind].indices, minlength=len(one.atoms_)) == 0))
        rows.append([kind.layer, kind.k, kind.seed, len(one.atoms_), found["l0"], found["r2"], dead, len(store)])
    columns = ["layer", "K", "seed", "units", "active per token", "R2", "share of units that are dead", "tokens"]
    report.table("Dictionaries, on the tokens that they were trained on", columns, rows)
