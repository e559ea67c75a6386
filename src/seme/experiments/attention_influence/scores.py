"""Losses of all documents with all heads, without the retrieval heads, and without as many others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Document, Subject
from seme.experiments.keeping import kept
from seme.interp.heads import Head, MaskedHeads, draw_heads, head_mask
from seme.interp.heads.retrieval import RetrievalScores
from seme.interp.influence import attention_influence, masked_losses

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

Floats = npt.NDArray[np.float64]
_TOGETHER = 24
_FACTORS = (0.5, 2.0)
"""Other numbers of heads, in units of the one that is masked elsewhere."""
CONTROLS = ("look-up", "documentation, tokens shuffled")
"""Kinds that are scored without random heads."""
ZEROED = (*CONTROLS, "code", "documentation")
"""Kinds that are scored with heads that are silent, too."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Of all documents: losses, and which documents are of which kind.

    Attributes
    ----------
    base, uniform
        (documents,): with all heads, and with the retrieval heads made uniform.
    eligible
        Which documents may be selected, (documents,).
    zero
        With these silent, by document; only some documents have it.
    random
        With as many random heads made uniform, by document: (draws,); only some documents have them.
    fewer
        With other numbers of the best heads made uniform: by their number, and by document; for those of `zero`.
    heads
        How many are masked elsewhere.
    passes
        Share of the model's blocks computed for each document in both passes.
    """

    base: Floats
    uniform: Floats
    eligible: npt.NDArray[np.bool_]
    zero: dict[int, float]
    random: dict[int, Floats]
    fewer: dict[int, dict[int, float]]
    heads: int
    passes: float
    kinds: tuple[str, ...]

    @property
    def scores(self) -> Floats:
        """AttentionInfluence of each document."""
        return np.asarray((self.uniform - self.base) / self.base)

    def of(self, kind: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the documents of a kind."""
        return np.flatnonzero([one == kind for one in self.kinds])


def score(
    subject: Subject,
    heads: Sequence[Head],
    found_by: RetrievalScores,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> Scored:
    """Score all documents without the heads, and some without others or other numbers of them."""
    documents = subject.documents
    parts = [documents[start : start + _TOGETHER] for start in range(0, len(documents), _TOGETHER)]
    found = [_losses(subject, part, heads, settings, context) for part in context.progress(parts, "Scoring documents")]
    base, uniform = (np.concatenate([one[name] for one in found]) for name in ("base", "uniform"))
    eligible = np.concatenate([np.array(one["eligible"], dtype=bool) for one in found])
    kinds = tuple(one.kind for one in documents)
    silenced, controls = (_first(kinds, names, settings.controls) for names in (ZEROED, CONTROLS))
    mask = head_mask(subject.model, heads)
    zero = _more(subject, silenced, [MaskedHeads(mask, "zero")], "zero", settings, context)[0]
    random = _more(subject, controls, _random_masks(subject, heads, settings, context), "random", settings, context)
    counts = sorted({max(1, round(factor * len(heads))) for factor in _FACTORS} - {len(heads)})
    patches = [MaskedHeads(head_mask(subject.model, found_by.top(count)), "uniform") for count in counts]
    other = _more(subject, silenced, patches, "counted", settings, context)
    fewer = {count: dict(zip(silenced, row.tolist(), strict=True)) for count, row in zip(counts, other, strict=True)}
    return Scored(
        base,
        uniform,
        eligible,
        dict(zip(silenced, zero.tolist(), strict=True)),
        dict(zip(controls, random.T, strict=True)),
        fewer,
        len(heads),
        float(found[0]["passes"]),
        kinds,
    )


def _losses(
    subject: Subject,
    part: Sequence[Document],
    heads: Sequence[Head],
    settings: AttentionInfluenceSettings,
    context: Context,
) -> dict[str, Any]:
    def measure() -> dict[str, Any]:
        found = attention_influence(subject.model, [one.ids for one in part], heads)
        return {
            "base": found.base.tolist(),
            "uniform": found.masked.tolist(),
            "passes": found.passes,
            "eligible": found.eligible().tolist(),
        }

    key = ("losses", settings.model, context.seed, tuple(heads), [one.ids for one in part])
    return kept(context.cache, key, measure)


def _first(kinds: Sequence[str], names: Sequence[str], count: int) -> list[int]:
    return [one for name in names for one in [n for n, kind in enumerate(kinds) if kind == name][:count]]


def _random_masks(
    subject: Subject, heads: Sequence[Head], settings: AttentionInfluenceSettings, context: Context
) -> list[MaskedHeads]:
    """Draw as many heads as are masked, none of which is among those."""
    config, rng = subject.model.config, context.rng("random heads")
    shape = (int(config.num_hidden_layers), int(config.num_attention_heads))
    drawn = [draw_heads(rng, shape, len(heads), excluded=heads) for _ in range(settings.draws)]
    return [MaskedHeads(head_mask(subject.model, one), "uniform") for one in drawn]


def _more(
    subject: Subject,
    chosen: Sequence[int],
    patches: Sequence[MaskedHeads],
    name: str,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> Floats:
    """Return the losses of some documents under each patch, (patches, documents)."""
    ids = [subject.documents[one].ids for one in chosen]
    parts = [ids[start : start + _TOGETHER] for start in range(0, len(ids), _TOGETHER)]
    masks = [patch.chosen.nonzero().tolist() for patch in patches]

    def losses(part: Sequence[tuple[int, ...]]) -> Any:
        def measure() -> dict[str, Any]:
            return {"losses": [one.tolist() for one in masked_losses(subject.model, part, patches)[1]]}

        key = (name, settings.model, context.seed, masks, part)
        return kept(context.cache, key, measure)["losses"]

    return np.concatenate([losses(part) for part in context.progress(parts, f"Heads {name}")], axis=1)
