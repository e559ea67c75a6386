"""Attention heads one by one: what each writes to the residual stream, and what happens without it."""

from seme.interp.heads.masking import Head, MaskedHeads, Mode, draw_heads, head_mask
from seme.interp.heads.outputs import HeadValues, head_outputs, head_sites, head_values, mean_values, output_slices
from seme.interp.heads.replacing import ReplacedHeads

__all__ = [
    "Head",
    "HeadValues",
    "MaskedHeads",
    "Mode",
    "ReplacedHeads",
    "draw_heads",
    "head_mask",
    "head_outputs",
    "head_sites",
    "head_values",
    "mean_values",
    "output_slices",
]
