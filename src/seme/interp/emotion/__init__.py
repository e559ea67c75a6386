"""How a model holds an emotion that it has read: geometry of the classes, prompts that move it, time that wears it."""

from seme.interp.emotion.asking import corrected, label_scores
from seme.interp.emotion.geometry import Geometry, class_geometry, principal_plane
from seme.interp.emotion.persistence import Decay, fit_decay
from seme.interp.emotion.turns import user_turn

__all__ = [
    "Decay",
    "Geometry",
    "class_geometry",
    "corrected",
    "fit_decay",
    "label_scores",
    "principal_plane",
    "user_turn",
]
