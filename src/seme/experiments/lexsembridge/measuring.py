"""How well each system finds the passage that a query is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.lexsembridge.corpus import Texts
from seme.experiments.lexsembridge.features import Encoded
from seme.experiments.lexsembridge.training import enhanced, train
from seme.report import Claim, Report
from seme.retrieval import BM25Index
from seme.retrieval.evaluation import ndcg, per_query
from seme.retrieval.significance import holm, paired_t

if TYPE_CHECKING:
    from seme.experiments.p53_lexsembridge import LexSemBridgeSettings

_K = 10
_GATES = ("slr", "llr", "clr")
_CONTROLS = ("constant", "map")
_LABELS = {
    "plain": "Plain",
    "bm25": "BM25",
    "constant": "Constant gate",
    "map": "Linear map",
    "slr": "SLR",
    "llr": "LLR",
    "clr": "CLR",
}

Values = dict[str, dict[str, float]]
"""Task -> query -> nDCG@10."""


def add(report: Report, texts: Texts, encoded: Encoded, settings: LexSemBridgeSettings, context: Context) -> None:
    """Measure BM25, plain vectors, and all that is trained, and hold them against each other."""
    keys = list(texts.passages)
    plain = {
        name: _dense(one.vectors, encoded.passages, keys, texts.tasks[name]) for name, one in encoded.tasks.items()
    }
    trained = _trained(texts, encoded, keys, settings, context)
    means = {"bm25": [_means(_lexical(texts))], "plain": [_means(plain)]}
    means |= {kind: [_means(one) for one in runs] for kind, runs in trained.items()}
    _add_diagnosis(report, means)
    for kind in _GATES:
        _add_improvement(report, kind, means)
    report.claim(
        Claim.not_tested(
            "Snippets of images find their images better with a gate over patches (recall@1)",
            "No image encoder with patch tokens and visual tokens of its own comes in a package; the "
            "library's weights take places of patches as ids.",
        )
    )
    spans = [name for name in texts.tasks if name.startswith("pop-")]
    report.claim(
        Claim.ordered(
            "Longer spans are found better (plain vectors, nDCG@10)",
            {name: means["plain"][0][name] for name in spans},
            strict=False,
        )
    )
    _add_tables(report, means, plain, trained)
    _draw(report, means)
    report.note(
        "The backbone is frozen, so that fine-tuning it, the paper's baseline, leaves the plain vectors; the constant "
        "gate and a linear map have the same data, batches and steps, and see no token. A gate compares with the "
        "better of plain vectors and the constant gate. Inference without the gate, as the released evaluation does, "
        "gives the plain vectors here."
    )
    report.note("MiniLM has no head for masked words: CLR uses the word vectors as one (h E^T at the first token).")
    report.note(f"Queries are cut to {settings.longest} tokens; keywords are those of the largest tf-idf.")


def _trained(
    texts: Texts, encoded: Encoded, keys: list[str], settings: LexSemBridgeSettings, context: Context
) -> dict[str, list[Values]]:
    number = {key: i for i, key in enumerate(keys)}
    places = torch.tensor([number[key] for _, key in texts.pairs])
    found: dict[str, list[Values]] = {}
    for kind in (*_CONTROLS, *_GATES):
        for seed in range(settings.seeds):
            model = train(kind, seed, encoded, places, settings, context)
            with torch.no_grad():
                values = {
                    name: _dense(enhanced(model, encoded, one), encoded.passages, keys, texts.tasks[name])
                    for name, one in encoded.tasks.items()
                }
            found.setdefault(kind, []).append(values)
    return found


def _dense(
    queries: torch.Tensor, passages: torch.Tensor, keys: list[str], asked: Mapping[str, str]
) -> dict[str, float]:
    scores, rows = (queries @ passages.T).topk(min(_K, len(keys)), dim=1)
    run = {
        query: {keys[row]: score for row, score in zip(at, found, strict=True)}
        for query, at, found in zip(asked, rows.tolist(), scores.tolist(), strict=True)
    }
    return per_query({query: {query: 1} for query in asked}, run, ndcg(_K))


def _lexical(texts: Texts) -> Values:
    index = BM25Index()
    index.add(list(texts.passages), list(texts.passages.values()))
    values = {}
    for name, asked in texts.tasks.items():
        hits = index.search(list(asked.values()), _K)
        run = {
            query: dict(zip(one.ids, one.scores.tolist(), strict=True)) for query, one in zip(asked, hits, strict=True)
        }
        values[name] = per_query({query: {query: 1} for query in asked}, run, ndcg(_K))
    return values


def _means(values: Values) -> dict[str, float]:
    return {task: float(np.mean(list(one.values()))) for task, one in values.items()}


def _fine(means: Mapping[str, float]) -> float:
    wanted = [value for task, value in means.items() if task in ("keyword", "pop-16", "pop-32")]
    return float(np.mean(wanted or list(means.values())))


def _add_diagnosis(report: Report, means: Mapping[str, list[dict[str, float]]]) -> None:
    dense, lexical = means["plain"][0], means["bm25"][0]
    for task in (task for task in ("keyword", "pop-16") if task in dense):
        report.claim(
            Claim.ordered(
                f"Off-the-shelf vectors fall behind BM25 where details are asked for ({task}, nDCG@10)",
                {"vectors": dense[task], "BM25": lexical[task]},
            )
        )
    report.claim(
        Claim.ordered(
            "They are as good where meaning is asked for (first sentences, nDCG@10)",
            {"BM25": lexical["query"], "vectors": dense["query"]},
            strict=False,
        )
    )
    report.baseline("BM25, nDCG@10", lexical)
    report.baseline("Plain vectors, nDCG@10", dense)


def _add_improvement(report: Report, kind: str, means: Mapping[str, list[dict[str, float]]]) -> None:
    plain = means["plain"][0]
    pairs = list(zip(means[kind], means["constant"], strict=True))
    gains = [_fine(one) - max(_fine(plain), _fine(control)) for one, control in pairs]
    losses = [one["query"] - max(plain["query"], control["query"]) for one, control in pairs]
    spread = (min(gains), max(gains))
    label = _LABELS[kind]
    report.claim(
        Claim.at_least(
            f"{label} finds details better than the same training without tokens (nDCG@10, difference over "
            "keywords and short spans)",
            measured=float(np.mean(gains)),
            floor=1e-6,
            spread=spread,
        )
    )
    report.claim(
        Claim.at_least(
            f"{label} keeps what vectors do well (nDCG@10 of first sentences, difference)",
            measured=float(np.mean(losses)),
            floor=-0.01,
            spread=(min(losses), max(losses)),
        )
    )


def _add_tables(
    report: Report, means: Mapping[str, list[dict[str, float]]], plain: Values, trained: Mapping[str, list[Values]]
) -> None:
    tasks = list(plain)
    rows = [
        [
            _LABELS[kind],
            *(float(np.mean([run[task] for run in runs])) for task in tasks),
            float(np.std([_fine(run) for run in runs])),
        ]
        for kind, runs in means.items()
    ]
    report.table("nDCG@10 of each task, mean over seeds", ["system", *tasks, "sd over seeds, details"], rows)
    tests = {}
    for kind in _GATES:
        for task in tasks:
            mean = {q: float(np.mean([run[task][q] for run in trained[kind]])) for q in plain[task]}
            tests[kind, task] = paired_t(plain[task], mean)
    corrected = holm([one.p for one in tests.values()])
    report.table(
        "Gate less plain vectors, paired over queries",
        ["gate", "task", "difference", "p (t, Holm)"],
        [
            [_LABELS[kind], task, one.difference, p]
            for ((kind, task), one), p in zip(tests.items(), corrected, strict=True)
        ],
    )


def _draw(report: Report, means: Mapping[str, list[dict[str, float]]]) -> None:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    tasks = list(means["plain"][0])
    width = 0.8 / len(means)
    for i, (kind, runs) in enumerate(means.items()):
        heights = [float(np.mean([run[task] for run in runs])) for task in tasks]
        places, hatch = np.arange(len(tasks)) + (i - len(means) / 2 + 0.5) * width, "/" if kind in _GATES else None
        grey = str(0.15 + 0.12 * i)
        axes.bar(places, heights, width, label=_LABELS[kind], color=grey, edgecolor="black", lw=0.5, hatch=hatch)
    axes.set_xticks(range(len(tasks)), tasks)
    axes.set(ylabel="nDCG@10", ylim=(0, 1))
    axes.legend(ncols=4, fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.22))
    report.figure(
        "Tasks",
        figure,
        "How well BM25, plain vectors, two controls and the three gates (hatched) find the passage of a query.",
    )
