"""What is selected by the score, and by other means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score

from seme.experiment import Context
from seme.experiments.attention_influence.quality import quality
from seme.experiments.attention_influence.scorer import Document, Subject
from seme.experiments.attention_influence.scores import Scored
from seme.interp.influence import select_within
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

Numbers = npt.NDArray[np.int64]
OURS, RANDOM, EASY, CLASSIFIER = "influence", "random", "lowest loss", "classifier"
_CLUSTERS, _RESAMPLES = 12, 500


def add(
    report: Report, subject: Subject, scored: Scored, settings: AttentionInfluenceSettings, context: Context
) -> dict[str, list[Document]]:
    """Return the corpus under `full`, and what each way selects of it."""
    numbers = np.array([number for number, one in enumerate(subject.documents) if one.domain])
    corpus = [subject.documents[one] for one in numbers]
    domains = [str(one.domain) for one in corpus]
    scores, base = scored.scores[numbers], scored.base[numbers]
    graded, vectors = quality(report, [one.text for one in corpus], settings, context)
    ranked = {
        OURS: scores,
        RANDOM: context.rng("random selection").random(len(corpus)),
        EASY: -base,
        CLASSIFIER: graded,
    }
    chosen = {
        name: select_within(values, domains, settings.share, eligible=scored.eligible[numbers])
        for name, values in ranked.items()
    }
    _claim_hidden(report, corpus, scores, ranked, context)
    _add_table(report, corpus, chosen, ranked, _clusters(vectors, context))
    return {"full": corpus, **{name: [corpus[one] for one in part] for name, part in chosen.items()}}


def _claim_hidden(
    report: Report,
    corpus: Sequence[Document],
    scores: npt.NDArray[np.float64],
    ranked: dict[str, Any],
    context: Context,
) -> None:
    web = np.array([number for number, one in enumerate(corpus) if one.domain == "web"])
    truth = np.array([corpus[one].kind == "look-up" for one in web])
    others = {name: float(roc_auc_score(truth, values[web])) for name, values in ranked.items() if name != OURS}
    rng, areas = context.rng("hidden look-ups"), []
    wanted, rest = web[truth], web[~truth]
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([rng.choice(wanted, len(wanted)), rng.choice(rest, len(rest))])
        areas.append(roc_auc_score(np.arange(len(drawn)) < len(wanted), scores[drawn]))
    low, high = np.quantile(areas, [0.025, 0.975])
    report.claim(
        Claim.at_least(
            "Look-ups hidden among noise and boilerplate are found by their scores (area under the ROC curve)",
            measured=float(roc_auc_score(truth, scores[web])),
            floor=0.95,
            spread=(float(low), float(high)),
            note=", ".join(f"{name} {value:.2f}" for name, value in others.items()) + " by other means. "
            "Spread: 95 % interval over documents.",
        )
    )
    for name, value in others.items():
        report.baseline(f"Selection by {name}", {"area for hidden look-ups": value})


def _add_table(
    report: Report, corpus: Sequence[Document], chosen: dict[str, Numbers], ranked: dict[str, Any], clusters: Numbers
) -> None:
    rows = []
    for name, part in chosen.items():
        kinds = [corpus[one].kind for one in part if corpus[one].domain == "web"]
        shared = len(set(part) & set(chosen[OURS])) / len(part)
        words = [len(set(corpus[one].text.split())) for one in part]
        rho = float(spearmanr(ranked[name], ranked[OURS]).statistic)
        rows.append(
            [
                name,
                len(part),
                kinds.count("look-up") / max(1, len(kinds)),
                shared,
                rho,
                len(set(clusters[part])) / len(set(clusters)),
                float(np.mean(words)),
            ]
        )
    columns = [
        "by",
        "documents",
        "look-ups among those of the web",
        "shared with influence",
        "rank correlation with influence",
        "clusters covered",
        "different words in a document",
    ]
    report.table("What is selected within each domain", columns, rows)


def _clusters(vectors: npt.NDArray[np.float64], context: Context) -> Numbers:
    found: Numbers = KMeans(min(_CLUSTERS, len(vectors)), n_init=3, random_state=context.seed).fit_predict(vectors)
    return found
