"""A classifier of educational quality, trained here: what is selected without looking into a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from seme.assets import load_texts
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.attention_influence import texts
from seme.experiments.keeping import kept
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

Floats = npt.NDArray[np.float64]
LETTERS = "letters"
"""Names features of letters instead of an encoder."""
_SEEDS, _LONGEST, _GLOSSES = 3, 300, 5


def features(found: Sequence[str], settings: AttentionInfluenceSettings, context: Context) -> Floats:
    """Return a vector of unit norm for each text: of the sentence encoder, or of runs of letters."""
    if settings.encoder == LETTERS:
        counts = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 3), n_features=512)
        return np.asarray(counts.transform(found).toarray())

    def encode() -> dict[str, list[list[float]]]:
        encoder = TextEncoder.load(settings.encoder, device=context.device).eval()
        return {"vectors": encoder.encode(list(found)).round(6).tolist()}

    return np.array(kept(context.cache, ("vectors", settings.encoder, list(found)), encode)["vectors"])


def quality(
    report: Report, corpus: Sequence[str], settings: AttentionInfluenceSettings, context: Context
) -> tuple[Floats, Floats]:
    """Return how educational each text is, and the vectors that this was read from.

    Several classifiers are trained on parts of texts that are not in the corpus, and tested on the rest; their mean
    counts.
    """
    vectors = features(corpus, settings, context)
    good, poor = _labelled(settings, context)
    x, y = features([*good, *poor], settings, context), np.repeat([1, 0], [len(good), len(poor)])
    said, areas, accuracies = [], [], []
    for seed in range(_SEEDS):
        fit, test = train_test_split(np.arange(len(y)), test_size=0.4, random_state=context.seed + seed, stratify=y)
        model = LogisticRegressionCV(
            Cs=[0.1, 1.0, 10.0], cv=3, max_iter=500, use_legacy_attributes=False, l1_ratios=(0.0,)
        ).fit(x[fit], y[fit])
        areas.append(float(roc_auc_score(y[test], model.decision_function(x[test]))))
        accuracies.append(float(model.score(x[test], y[test])))
        said.append(model.decision_function(vectors))
    rows = [
        [name, float(np.mean(one)), min(one), max(one)]
        for name, one in (("area under the ROC curve", areas), ("accuracy", accuracies))
    ]
    report.table(
        f"The classifier on texts that it was not trained on ({_SEEDS} trainings)",
        ["measure", "mean", "lowest", "highest"],
        rows,
    )
    report.note(
        f"The classifier is a logistic regression on vectors ({settings.encoder}), its strength chosen within its "
        f"training part, that tells documentation and definitions ({len(good)} texts) from noise, notices and "
        f"documentation with its words shuffled ({len(poor)}), none of which is in the corpus. Ratings of educational "
        "quality, on which the paper's is trained, are in no package: the source of a text stands in for them."
    )
    return np.mean(said, axis=0), vectors


def _labelled(settings: AttentionInfluenceSettings, context: Context) -> tuple[list[str], list[str]]:
    """Return educational texts and others, cut to about the length of the documents."""
    count, rng = settings.graded, context.rng("graded texts")
    docs = [" ".join(text.split())[:_LONGEST] for text in load_texts("stdlib-docs", 4 * count, split="held-out")]
    docs = [text for text in docs if len(text) == _LONGEST][: 2 * count]
    glosses = load_texts("wordnet-glosses", _GLOSSES * count, split="held-out")
    defined = ["\n".join(glosses[start : start + _GLOSSES]) for start in range(0, len(glosses), _GLOSSES)]
    half = len(docs) // 2
    shuffled = [" ".join(rng.permutation(text.split())) for text in docs[half:]]
    junk = [text[:_LONGEST] for _ in range(count // 2) for text in (texts.noise(rng), texts.boilerplate(rng))]
    return [*docs[:half], *defined], [*shuffled, *junk]
