"""Dictionaries: activations taken apart into units of which few are active at a time.

Sparse autoencoders (`TSAE`, `JumpReLU`, `TopK`, `BatchTopK`, `ReLU`, `Gated`, `Matryoshka`) stand beside the baselines
that say what they are worth (`PCADictionary`, `KMeansDictionary`, `NMFDictionary`, `RandomDictionary`, `NeuronBasis`).
All follow scikit-learn's rules and give sparse `Codes`; `train_together` fits several in one pass over the activations,
and `dictionary_page` shows what the units of one answer to.
"""

from seme.interp.dictionaries.activity import Activity, measure_activity
from seme.interp.dictionaries.autoencoder import SparseAutoencoder, train_together
from seme.interp.dictionaries.base import Dictionary
from seme.interp.dictionaries.baselines import (
    KMeansDictionary,
    NeuronBasis,
    NMFDictionary,
    PCADictionary,
    RandomDictionary,
)
from seme.interp.dictionaries.batch_topk import BatchTopK
from seme.interp.dictionaries.codes import Codes
from seme.interp.dictionaries.density import Band, Histogram, choose_units, density_histogram
from seme.interp.dictionaries.evaluation import Evaluation, evaluate
from seme.interp.dictionaries.examples import Context, read_contexts
from seme.interp.dictionaries.gated import Gated
from seme.interp.dictionaries.jumprelu import JumpReLU
from seme.interp.dictionaries.lens import Lens, logit_lens
from seme.interp.dictionaries.loading import load_dictionary
from seme.interp.dictionaries.matching import Stability, match, recovered_share, stability
from seme.interp.dictionaries.matryoshka import Matryoshka
from seme.interp.dictionaries.page import dictionary_page
from seme.interp.dictionaries.planted import Planted, planted_truth
from seme.interp.dictionaries.refitting import refit
from seme.interp.dictionaries.relu import ReLU
from seme.interp.dictionaries.saelens_format import read_saelens, write_saelens
from seme.interp.dictionaries.sparsify_format import read_sparsify, write_sparsify
from seme.interp.dictionaries.splicing import Recovery, Splice, cross_entropy_recovered
from seme.interp.dictionaries.topk import TopK
from seme.interp.dictionaries.tsae import TSAE

__all__ = [
    "TSAE",
    "Activity",
    "Band",
    "BatchTopK",
    "Codes",
    "Context",
    "Dictionary",
    "Evaluation",
    "Gated",
    "Histogram",
    "JumpReLU",
    "KMeansDictionary",
    "Lens",
    "Matryoshka",
    "NMFDictionary",
    "NeuronBasis",
    "PCADictionary",
    "Planted",
    "RandomDictionary",
    "ReLU",
    "Recovery",
    "SparseAutoencoder",
    "Splice",
    "Stability",
    "TopK",
    "choose_units",
    "cross_entropy_recovered",
    "density_histogram",
    "dictionary_page",
    "evaluate",
    "load_dictionary",
    "logit_lens",
    "match",
    "measure_activity",
    "planted_truth",
    "read_contexts",
    "read_saelens",
    "read_sparsify",
    "recovered_share",
    "refit",
    "stability",
    "train_together",
    "write_saelens",
    "write_sparsify",
]
