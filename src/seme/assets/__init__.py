"""Real models and data by name: installed packages first, the hub last, always checked.

Importing this loads nothing: PyTorch and the like are imported when a model is asked for.
"""

from seme.assets.instructions import Instruction, load_instructions
from seme.assets.language_models import LANGUAGE_MODELS, LanguageModel, load_language_model
from seme.assets.sentence_encoders import SENTENCE_ENCODERS, load_sentence_encoder
from seme.assets.texts import TEXTS, load_texts
from seme.assets.word_vectors import WORD_VECTORS, WordVectors, load_word_vectors

__all__ = [
    "LANGUAGE_MODELS",
    "SENTENCE_ENCODERS",
    "TEXTS",
    "WORD_VECTORS",
    "Instruction",
    "LanguageModel",
    "WordVectors",
    "load_instructions",
    "load_language_model",
    "load_sentence_encoder",
    "load_texts",
    "load_word_vectors",
]
