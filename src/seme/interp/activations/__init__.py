"""Sites, captures, edits and stores: the only place that knows about hooks.

A site is named as people say it (`resid.6`, `attn.6.heads`, `mlp.6.neurons`) or by a module's dotted path. `capture`
reads the tensors of sites for one batch and `edit` changes them, on the unmodified model. `record` streams those of
many batches to a `Store`: rows on disk that are read in any order.
"""

from seme.interp.activations.capturing import capture, capturing
from seme.interp.activations.editing import edit
from seme.interp.activations.patch import Cost, Patch
from seme.interp.activations.recording import record
from seme.interp.activations.replaying import Replay
from seme.interp.activations.sites import Site, named_sites, resolve, resolve_all
from seme.interp.activations.store import Store, as_store
from seme.interp.activations.unembedding import norm_gain, unembedding

__all__ = [
    "Cost",
    "Patch",
    "Replay",
    "Site",
    "Store",
    "as_store",
    "capture",
    "capturing",
    "edit",
    "named_sites",
    "norm_gain",
    "record",
    "resolve",
    "resolve_all",
    "unembedding",
]
