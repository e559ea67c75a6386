"""Paper 55: relative representations, samples described by their similarities to anchors (arXiv 2209.15430).

`RelativeRepresentation` re-expresses embeddings, `select_anchors` chooses the samples to compare with, and
`compare_spaces` says how alike two spaces are.
"""

from seme.interp.relative.anchors import METHODS, select_anchors
from seme.interp.relative.comparison import Comparison, compare_spaces, linear_cka
from seme.interp.relative.representation import SIMILARITIES, RelativeRepresentation
from seme.interp.relative.stitching import Stitched, stitch

__all__ = [
    "METHODS",
    "SIMILARITIES",
    "Comparison",
    "RelativeRepresentation",
    "Stitched",
    "compare_spaces",
    "linear_cka",
    "select_anchors",
    "stitch",
]
