"""All trainings and what each finds; a run that was broken off goes on after the last training that was judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from seme.embeddings.contriever import Augmentation
from seme.experiment import Context
from seme.experiments.contriever import continuing, crossing, judging, students, tuning
from seme.experiments.contriever.judging import Values
from seme.experiments.contriever.students import Variant

if TYPE_CHECKING:
    from seme.experiments.contriever.material import Material
    from seme.experiments.p23_contriever import ContrieverSettings

MAIN, ICT, NONE, SHORT, TINY, IN_BATCH, MLM = (
    "crops, deletion",
    "ICT, deletion",
    "crops, no augmentation",
    "crops, short queue",
    "crops, queue of one batch",
    "crops, in-batch",
    "masked words (MLM)",
)
UNTRAINED, BM25, GLOVE = "untrained", "BM25", "GloVe, averaged"
SCRATCH, TUNED, MINED = "fine-tuned from scratch", "fine-tuned", "fine-tuned, mined negatives"
_ONCE: tuple[Augmentation, ...] = ("mask", "replace", "shuffle")
PLAIN, CONTINUED = "MiniLM", "MiniLM, then crops"


@dataclass
class Found:
    """Values of each system by seed, losses by the way, and Recall@10 between scripts by seed."""

    systems: dict[str, list[Values]] = field(default_factory=dict)
    crossed: list[dict[str, float]] = field(default_factory=list)


def variants(settings: ContrieverSettings) -> dict[Variant, int]:
    """Return what is trained without labels beside the main variant, and with how many seeds."""
    thrice = [
        Variant(ICT, settings.queue, pairing="ict"),
        Variant(NONE, settings.queue, augmentation="none"),
        Variant(SHORT, settings.short),
        Variant(TINY, settings.batch),
        Variant(IN_BATCH, 0),
    ]
    once = [Variant(MLM, -1, augmentation="none")]
    once += [Variant(f"crops, {kind}", settings.queue, augmentation=kind) for kind in _ONCE]
    return dict.fromkeys(thrice, settings.seeds) | dict.fromkeys(once, 1)


def measure(material: Material, settings: ContrieverSettings, context: Context) -> Found:
    """Train and judge everything."""
    keep = _Keeper(material, settings, context)
    found = Found()
    found.systems[BM25] = [keep(BM25, 0, lambda _: judging.lexical(material))]
    found.systems[GLOVE] = [keep(GLOVE, 0, lambda _: judging.glove(material))]
    wanted: dict[str, tuple[int, Callable[[int], Any]]] = {
        UNTRAINED: (settings.seeds, partial(_untrained, material, settings)),
        SCRATCH: (settings.seeds, partial(_scratch, material, settings)),
    }
    for one, count in variants(settings).items():
        wanted[one.name] = count, partial(_variant, one, material, settings)
    jobs = [(MAIN, seed) for seed in range(settings.seeds)]
    jobs += [(name, seed) for seed in range(settings.seeds) for name, (count, _) in wanted.items() if seed < count]
    for name, seed in context.progress(jobs, "Training and judging students"):
        if name == MAIN:
            for stage, values in keep(MAIN, seed, lambda seed: _main(material, settings, seed)).items():
                found.systems.setdefault(stage, []).append(values)
        else:
            found.systems.setdefault(name, []).append(keep(name, seed, wanted[name][1]))
    for seed in context.progress(range(settings.seeds), "Training in two scripts"):
        found.crossed.append(keep("two scripts", seed, lambda seed: crossing.measure(material, settings, seed)))
    if settings.continued:
        both = keep(CONTINUED, 0, lambda seed: continuing.measure(material, settings, seed))
        found.systems |= {PLAIN: [both["plain"]], CONTINUED: [both["trained"]]}
    return found


class _Keeper:
    """Keeps what a job gave as JSON, by the name of the job, its seed, the settings and the texts."""

    def __init__(self, material: Material, settings: ContrieverSettings, context: Context) -> None:
        self._folder, self._seed = context.cache, context.seed
        texts = [(name, dict(one.documents), one.parts) for name, one in material.corpora.items()]
        key = repr((settings.model_dump(exclude={"seeds"}), texts, context.seed))
        self._digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def __call__(self, name: str, seed: int, make: Callable[[int], Any]) -> Any:
        slug = "".join(one if one.isalnum() else "-" for one in name)
        file = self._folder / f"contriever-{self._digest}-{slug}-{seed}.json"
        if not file.is_file():
            made = json.dumps(make(self._seed + 1000 * seed))
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_text(made)
            part.replace(file)
        return json.loads(file.read_text())


def _untrained(material: Material, settings: ContrieverSettings, seed: int) -> Values:
    return judging.student_values(material, students.new_student(material.tokenizer, settings, seed).eval())


def _variant(variant: Variant, material: Material, settings: ContrieverSettings, seed: int) -> Values:
    student = students.new_student(material.tokenizer, settings, seed)
    return judging.student_values(material, students.pretrain(student, material.tokens, variant, seed, settings))


def _main(material: Material, settings: ContrieverSettings, seed: int) -> dict[str, Values]:
    """Train on crops; from there fine-tune, mine negatives with what came out, and fine-tune once more."""
    student = students.new_student(material.tokenizer, settings, seed)
    students.pretrain(student, material.tokens, Variant(MAIN, settings.queue), seed, settings)
    values = {MAIN: judging.student_values(material, student)}
    first = tuning.tune(student, material, settings, seed)
    values[TUNED] = judging.student_values(material, first)
    second = tuning.tune(student, material, settings, seed, miner=first)
    return values | {MINED: judging.student_values(material, second)}


def _scratch(material: Material, settings: ContrieverSettings, seed: int) -> Values:
    student = students.new_student(material.tokenizer, settings, seed)
    return judging.student_values(material, tuning.tune(student, material, settings, seed))
