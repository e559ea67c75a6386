"""At which depth of a model a concept becomes readable (Jin et al. 2024), and what moves it."""

from seme.interp.depth.anchoring import NO, YES, answer_tokens, yes_over_no
from seme.interp.depth.measures import ConceptDepth, concept_depth, depth_interval, sampled_depths
from seme.interp.depth.perturbing import quantised, with_noise

__all__ = [
    "NO",
    "YES",
    "ConceptDepth",
    "answer_tokens",
    "concept_depth",
    "depth_interval",
    "quantised",
    "sampled_depths",
    "with_noise",
    "yes_over_no",
]
