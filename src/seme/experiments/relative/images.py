"""Networks that were trained apart on handwritten digits: heads and decoders used on each other's codes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from seme.experiment import Context
from seme.interp.relative import RelativeRepresentation, Stitched, select_anchors, stitch
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p55_relative import RelativeSettings

_ROUNDS = 40
Codes = Mapping[str, tuple[np.ndarray, np.ndarray]]


def add(report: Report, settings: RelativeSettings, context: Context) -> None:
    """Stitch classifiers and autoencoders, and use likeness as a proxy of accuracy."""
    pixels, labels = load_digits(return_X_y=True)
    split = train_test_split(pixels / 16.0, labels, test_size=0.4, random_state=context.seed, stratify=labels)
    heads, decoders = [], []
    # The matrices are small: threads would only wait for each other. The rounds are few on purpose, too.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for seed in context.progress(range(settings.seeds), "Stitching digits"):
            heads.append(_stitched_heads(split, settings, context.seed + 10 * seed))
            decoders.append(_stitched_decoders(split, settings, context.seed + 10 * seed))
        _add_heads(report, heads)
        _add_decoders(report, decoders)
        _add_proxy(report, split, settings, context)


def _stitched_heads(split: list[np.ndarray], settings: RelativeSettings, seed: int) -> dict[str, Stitched]:
    train, test, train_labels, test_labels = split
    nets = {f"net {number}": _classifier(train, train_labels, 32, seed + number) for number in range(3)}
    codes = {name: (_hidden(net, train), _hidden(net, test)) for name, net in nets.items()}

    def fit(x: np.ndarray) -> Any:
        return LogisticRegression(max_iter=2000).fit(x, train_labels)

    return _both(codes, settings, seed, fit, lambda head, x: float(head.score(x, test_labels)))


def _stitched_decoders(split: list[np.ndarray], settings: RelativeSettings, seed: int) -> dict[str, Stitched]:
    train, test = split[:2]
    nets = {f"net {number}": _regressor((64, 16, 64), seed + number).fit(train, train) for number in range(2)}
    codes = {name: (_hidden(net, train, depth=2), _hidden(net, test, depth=2)) for name, net in nets.items()}

    def fit(x: np.ndarray) -> Any:
        return _regressor((128,), seed).fit(x, train)

    return _both(codes, settings, seed, fit, lambda head, x: float(((head.predict(x) - test) ** 2).mean()))


def _both(
    codes: Codes,
    settings: RelativeSettings,
    seed: int,
    fit: Callable[[np.ndarray], Any],
    score: Callable[[Any, np.ndarray], float],
) -> dict[str, Stitched]:
    """Stitch codes as they are, and relative to the same samples."""
    first = next(iter(codes.values()))[0]
    anchors = select_anchors(first + 1e-9, min(settings.anchors, len(first)), seed=seed)
    relative = {name: _relative(train, test, anchors) for name, (train, test) in codes.items()}
    return {
        kind: stitch({n: a for n, (a, _) in spaces.items()}, {n: b for n, (_, b) in spaces.items()}, fit, score)
        for kind, spaces in (("absolute", codes), ("relative", relative))
    }


def _relative(train: np.ndarray, test: np.ndarray, anchors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    made = RelativeRepresentation(centre=True).fit(train[anchors])
    return made.transform(train), made.transform(test)


def _classifier(x: np.ndarray, y: np.ndarray, width: int, seed: int, **options: Any) -> MLPClassifier:
    given = {"max_iter": _ROUNDS, "learning_rate_init": 3e-3, **options}
    return MLPClassifier(hidden_layer_sizes=(64, width), activation="tanh", random_state=seed, **given).fit(x, y)


def _regressor(widths: tuple[int, ...], seed: int) -> MLPRegressor:
    given: dict[str, Any] = {"max_iter": 2 * _ROUNDS, "learning_rate_init": 3e-3}
    return MLPRegressor(hidden_layer_sizes=widths, activation="tanh", random_state=seed, **given)


def _hidden(net: Any, x: np.ndarray, depth: int = 2) -> np.ndarray:
    """Return what the hidden layer of a depth says."""
    for weights, bias in list(zip(net.coefs_, net.intercepts_, strict=True))[:depth]:
        x = np.tanh(x @ weights + bias)
    return x


def _add_heads(report: Report, found: list[dict[str, Stitched]]) -> None:
    relative = [one["relative"].index for one in found]
    absolute = [one["absolute"].stitched for one in found]
    report.claim(
        Claim.at_least(
            "A head works on another network's digits as on its own (accuracy, stitched over own, relative)",
            measured=float(np.mean(relative)),
            floor=0.95,
            spread=(min(relative), max(relative)),
        )
    )
    report.claim(
        Claim.at_most(
            "Without anchors it is lost (accuracy of stitched heads, absolute; chance is 0.1)",
            measured=float(np.mean(absolute)),
            ceiling=0.3,
            spread=(min(absolute), max(absolute)),
        )
    )
    report.baseline("Absolute codes, digits", {"accuracy of stitched heads": float(np.mean(absolute))})
    columns = ["codes", "own head", "stitched head", "index"]
    rows = [
        [kind, *(float(np.mean([getattr(one[kind], name) for one in found])) for name in ("own", "stitched", "index"))]
        for kind in ("absolute", "relative")
    ]
    report.table("Classifying digits with the heads of other networks (accuracy, mean over runs)", columns, rows)


def _add_decoders(report: Report, found: list[dict[str, Stitched]]) -> None:
    relative = [one["relative"].index for one in found]
    absolute = [one["absolute"].index for one in found]
    report.claim(
        Claim.at_most(
            "A decoder restores another autoencoder's digits (squared error, stitched over own, relative)",
            measured=float(np.mean(relative)),
            ceiling=2.0,
            spread=(min(relative), max(relative)),
        )
    )
    report.claim(
        Claim.at_least(
            "Without anchors it does not (squared error, stitched over own, absolute)",
            measured=float(np.mean(absolute)),
            floor=5.0,
            spread=(min(absolute), max(absolute)),
        )
    )


def _add_proxy(report: Report, split: list[np.ndarray], settings: RelativeSettings, context: Context) -> None:
    statement = "Likeness to a good network tells how accurate a network is (Spearman correlation)"
    if settings.proxies < 3:
        report.claim(Claim.not_tested(statement, "No networks were asked for."))
        return
    train, test, train_labels, test_labels = split
    anchors = select_anchors(train + 1e-9, settings.anchors, seed=context.seed)
    reference = _relative_test(_classifier(train, train_labels, 32, context.seed + 99), train, test, anchors)
    rng, likeness, accuracy = context.rng("proxy"), [], []
    for number in context.progress(range(settings.proxies), "Training networks of all qualities"):
        rounds, rate = int(rng.integers(1, 30)), float(10 ** rng.uniform(-4.5, -2.5))
        net = _classifier(
            train, train_labels, 32, context.seed + 100 + number, max_iter=rounds, learning_rate_init=rate
        )
        likeness.append(float((_relative_test(net, train, test, anchors) * reference).sum(axis=1).mean()))
        accuracy.append(float(net.score(test, test_labels)))
    found = float(spearmanr(likeness, accuracy).statistic)
    report.claim(Claim.at_least(statement, measured=found, floor=0.7, note=f"{settings.proxies} networks."))


def _relative_test(net: Any, train: np.ndarray, test: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    made = RelativeRepresentation(centre=True, unit=True).fit(_hidden(net, train)[anchors])
    return np.asarray(made.transform(_hidden(net, test)))
