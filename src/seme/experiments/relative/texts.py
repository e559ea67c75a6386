"""Encoders of texts that have nothing in common: a classifier trained on one, used on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from seme.assets import WORD_VECTORS, load_language_model, load_sentence_encoder, load_texts, load_word_vectors
from seme.errors import InputError
from seme.experiment import Context
from seme.interp.activations import capture
from seme.interp.relative import RelativeRepresentation, select_anchors, stitch
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p55_relative import RelativeSettings

_KINDS = ("stdlib-docs", "stdlib-source", "library-docs")
_LONGEST = 600
_BATCH = 16


def add(report: Report, settings: RelativeSettings, context: Context) -> None:
    """Tell documentation, source and documentation of science apart, across encoders."""
    texts, labels = _labelled(settings.texts, context)
    half = len(texts) // 2
    codes = {name: _encode(name, texts, context) for name in context.progress(settings.encoders, "Encoding texts")}
    spaces = {name: (x[:half], x[half:]) for name, x in codes.items()}
    anchors = select_anchors(next(iter(codes.values()))[:half], min(settings.anchors, half // 2), seed=context.seed)

    def fit(x: np.ndarray) -> Any:
        return LogisticRegression(max_iter=2000).fit(x, labels[:half])

    def score(head: Any, x: np.ndarray) -> float:
        return float(head.score(x, labels[half:]))

    relative = {}
    for name, (train, test) in spaces.items():
        made = RelativeRepresentation(centre=True, unit=True).fit(train[anchors])
        relative[name] = made.transform(train), made.transform(test)
    found = {
        kind: stitch({n: a for n, (a, _) in given.items()}, {n: b for n, (_, b) in given.items()}, fit, score)
        for kind, given in (("absolute", spaces), ("relative", relative))
    }
    chance = float(np.bincount(labels[half:]).max() / (len(texts) - half))
    stitched = found["relative"]
    report.claim(
        Claim.at_least(
            "A classifier of one encoder's texts works on another's (accuracy, stitched over own, relative)",
            measured=stitched.index,
            floor=0.6,
            note=f"Own {stitched.own:.3f}, stitched {stitched.stitched:.3f}, commonest class {chance:.3f}. "
            "Three kinds of text stand in for the topics of WordNet's glosses.",
        )
    )
    report.baseline("Commonest class, texts", {"accuracy": chance})
    rows = [[name, *values] for name, values in zip(stitched.names, stitched.scores.tolist(), strict=True)]
    report.table("Accuracy of heads (rows) on encoders (columns), relative", ["head", *stitched.names], rows)


def _labelled(count: int, context: Context) -> tuple[list[str], np.ndarray]:
    each = count // len(_KINDS)
    texts = [text[:_LONGEST] for kind in _KINDS for text in load_texts(kind, each)]
    labels = np.repeat(np.arange(len(_KINDS)), each)
    order = context.rng("texts").permutation(len(texts))
    return [texts[i] for i in order], labels[order]


def _encode(name: str, texts: Sequence[str], context: Context) -> np.ndarray:
    if name == "minilm":
        return np.asarray(load_sentence_encoder(name, device=context.device).encode(list(texts), batch_size=_BATCH))
    if name in WORD_VECTORS:
        return _mean_of_words(name, texts)
    if name.startswith("lsa-"):
        if not name.removeprefix("lsa-").isdigit():
            raise InputError(f"--encoders has {name!r}, expected lsa-N, such as lsa-100")
        lsa = make_pipeline(
            TfidfVectorizer(sublinear_tf=True), TruncatedSVD(int(name.removeprefix("lsa-")), random_state=0)
        )
        return np.asarray(lsa.fit_transform(texts)) + 1e-9
    return _mean_hidden(name, texts, context)


def _mean_of_words(name: str, texts: Sequence[str]) -> np.ndarray:
    vectors, prefix = load_word_vectors(name), "▁" if name.startswith("wordllama") else ""
    words: Callable[[str], list[str]] = TfidfVectorizer().build_analyzer()
    rows = [[vectors.index[prefix + word] for word in words(text) if prefix + word in vectors.index] for text in texts]
    return np.stack([np.asarray(vectors.vectors[row or [0]], dtype=np.float64).mean(axis=0) for row in rows])


def _mean_hidden(name: str, texts: Sequence[str], context: Context) -> np.ndarray:
    loaded = load_language_model(name, device=context.device)
    site = f"resid.{int(loaded.model.config.num_hidden_layers) - 2}"
    rows = []
    for start in context.progress(range(0, len(texts), _BATCH), f"Encoding with {name}"):
        batch = loaded.batch(texts[start : start + _BATCH], longest=64)
        mask = batch["attention_mask"]
        hidden = capture(loaded.model, batch, site)[site].float().cpu() * mask[..., None]
        rows.append((hidden.sum(1) / mask.sum(1, keepdim=True)).numpy())
    return np.concatenate(rows)
