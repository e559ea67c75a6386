"""Paper 01, atoms: how faithful, how sparse and how nearly orthogonal the units of a dictionary are.

Hu et al. 2025, "Towards Atoms of Large Language Models" (arXiv 2509.20784). `AtomDictionary` finds them.
"""

from __future__ import annotations

from seme.interp.atoms.angles import Angles, angle_histogram
from seme.interp.atoms.basis_pursuit import basis_pursuit
from seme.interp.atoms.coherence import Coherence, coherence, isometry_constant, rip_bound, welch_bound
from seme.interp.atoms.dictionary import AtomDictionary
from seme.interp.atoms.faithfulness import Faithfulness, faithfulness
from seme.interp.atoms.metric import AtomicMetric, atomic_metric, dictionary_metric
from seme.interp.atoms.moment import SecondMoment
from seme.interp.atoms.scaling import ScalingGrid, scaling_grid
from seme.interp.atoms.uniqueness import (
    UniquenessLevel,
    neuron_level,
    null_level,
    random_level,
    share_unique,
    uniqueness_bound,
    uniqueness_curve,
    uniqueness_level,
)
from seme.interp.atoms.window import (
    Window,
    recovery_window,
    support_exact_share,
    threshold_codes,
    unit_norm_atoms,
)

__all__ = [
    "Angles",
    "AtomDictionary",
    "AtomicMetric",
    "Coherence",
    "Faithfulness",
    "ScalingGrid",
    "SecondMoment",
    "UniquenessLevel",
    "Window",
    "angle_histogram",
    "atomic_metric",
    "basis_pursuit",
    "coherence",
    "dictionary_metric",
    "faithfulness",
    "isometry_constant",
    "neuron_level",
    "null_level",
    "random_level",
    "recovery_window",
    "rip_bound",
    "scaling_grid",
    "share_unique",
    "support_exact_share",
    "threshold_codes",
    "uniqueness_bound",
    "uniqueness_curve",
    "uniqueness_level",
    "unit_norm_atoms",
    "welch_bound",
]
