"""Reading what `Dictionary.save` has written."""

from __future__ import annotations

from pathlib import Path

from seme.errors import CorruptionError, InputError
from seme.interp.dictionaries.base import Dictionary
from seme.interp.dictionaries.baselines import (
    KMeansDictionary,
    NeuronBasis,
    NMFDictionary,
    PCADictionary,
    RandomDictionary,
)
from seme.interp.dictionaries.batch_topk import BatchTopK
from seme.interp.dictionaries.gated import Gated
from seme.interp.dictionaries.jumprelu import JumpReLU
from seme.interp.dictionaries.matryoshka import Matryoshka
from seme.interp.dictionaries.relu import ReLU
from seme.interp.dictionaries.storage import read_folder
from seme.interp.dictionaries.topk import TopK
from seme.interp.dictionaries.tsae import TSAE

KINDS: dict[str, type[Dictionary]] = {
    kind.__name__: kind
    for kind in (
        TSAE,
        JumpReLU,
        TopK,
        BatchTopK,
        ReLU,
        Gated,
        Matryoshka,
        PCADictionary,
        KMeansDictionary,
        NMFDictionary,
        RandomDictionary,
        NeuronBasis,
    )
}


def load_dictionary(folder: Path | str) -> Dictionary:
    """Read the dictionary in a folder.

    Raises
    ------
    InputError
        If there is none, or it is of a kind that is not known.
    CorruptionError
        If its files contradict each other.
    """
    folder = Path(folder)
    config, tensors = read_folder(folder)
    kind = KINDS.get(config.get("kind", ""))
    if kind is None:
        raise InputError(f"{folder} holds a {config.get('kind')!r}; known are {', '.join(KINDS)}")
    try:
        dictionary = kind(**config["arguments"])
        dictionary.set_tensors(tensors)
        dictionary.n_features_in_ = int(config["width"])
        dictionary.site_, dictionary.model_name_ = config["site"], config["model_name"]
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise CorruptionError(
            f"the files in {folder} contradict each other", hint="Write the dictionary again"
        ) from error
    if dictionary.atoms_.shape[1:] != (dictionary.n_features_in_,):
        raise CorruptionError(
            f"{folder}: atoms have shape {dictionary.atoms_.shape}, and the width is {config['width']}"
        )
    return dictionary
