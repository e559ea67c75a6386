"""What is selected by the score, and by other means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Document, Subject
from seme.experiments.attention_influence.scores import Scored
from seme.interp.influence import select_within
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

Numbers = npt.NDArray[np.int64]
OURS, RANDOM, EASY, CLASSIFIER = "influence", "random", "lowest loss", "classifier"
_CLUSTERS = 12


def add(
    report: Report, subject: Subject, scored: Scored, settings: AttentionInfluenceSettings, context: Context
) -> dict[str, list[Document]]:
    """Return the corpus under `full`, and what each way selects of it."""
    numbers = np.array([number for number, one in enumerate(subject.documents) if one.domain])
    corpus = [subject.documents[one] for one in numbers]
    domains = [str(one.domain) for one in corpus]
    scores, base = scored.scores[numbers], scored.base[numbers]
    quality = _quality(corpus, subject)
    ranked = {
        OURS: scores, RANDOM: context.rng("random selection").random(len(corpus)), EASY: -base, CLASSIFIER: quality,
    }  # fmt: skip
    chosen = {
        name: select_within(values, domains, settings.share, eligible=scored.eligible[numbers])
        for name, values in ranked.items()
    }
    _claim_hidden(report, corpus, scores, ranked)
    _add_table(report, corpus, chosen, ranked, context)
    report.note(
        "The classifier is a logistic regression of words, trained to tell documentation from code on texts that are "
        "not in the corpus: a stand-in for one of educational quality, which no package carries."
    )
    return {"full": corpus, **{name: [corpus[one] for one in part] for name, part in chosen.items()}}


def _quality(corpus: Sequence[Document], subject: Subject) -> npt.NDArray[np.float64]:
    good, other = subject.held_out["documentation"], subject.held_out["code"]
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=5000)
    model = LogisticRegression(C=10.0, max_iter=500)
    model.fit(words.fit_transform([*good, *other]), [1] * len(good) + [0] * len(other))
    found: npt.NDArray[np.float64] = model.decision_function(words.transform([one.text for one in corpus]))
    return found


def _claim_hidden(
    report: Report, corpus: Sequence[Document], scores: npt.NDArray[np.float64], ranked: dict[str, Any]
) -> None:
    web = np.array([number for number, one in enumerate(corpus) if one.domain == "web"])
    truth = [corpus[one].kind == "look-up" for one in web]
    others = {name: float(roc_auc_score(truth, values[web])) for name, values in ranked.items() if name != OURS}
    report.claim(
        Claim.at_least("Look-ups hidden among noise and boilerplate are found by their scores (area under the ROC "
                       "curve)", measured=float(roc_auc_score(truth, scores[web])), floor=0.95,
                       note=", ".join(f"{name} {value:.2f}" for name, value in others.items()) + " by other means.")
    )  # fmt: skip
    for name, value in others.items():
        report.baseline(f"Selection by {name}", {"area for hidden look-ups": value})


def _add_table(
    report: Report, corpus: Sequence[Document], chosen: dict[str, Numbers], ranked: dict[str, Any], context: Context
) -> None:
    clusters = _clusters(corpus, context)
    rows = []
    for name, part in chosen.items():
        kinds = [corpus[one].kind for one in part if corpus[one].domain == "web"]
        shared = len(set(part) & set(chosen[OURS])) / len(part)
        words = [len(set(corpus[one].text.split())) for one in part]
        rho = float(spearmanr(ranked[name], ranked[OURS]).statistic)
        rows.append([name, len(part), kinds.count("look-up") / max(1, len(kinds)), shared, rho,
                     len(set(clusters[part])) / len(set(clusters)), float(np.mean(words))])  # fmt: skip
    columns = ["by", "documents", "look-ups among those of the web", "shared with influence",
               "rank correlation with influence", "clusters covered", "different words in a document"]  # fmt: skip
    report.table("What is selected within each domain", columns, rows)


def _clusters(corpus: Sequence[Document], context: Context) -> Numbers:
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=5000)
    features = words.fit_transform([one.text for one in corpus])
    found: Numbers = KMeans(min(_CLUSTERS, len(corpus)), n_init=3, random_state=context.seed).fit_predict(features)
    return found
