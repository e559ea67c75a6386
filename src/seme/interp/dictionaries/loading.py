"""Reading what `Dictionary.save` has written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seme.errors import CorruptionError, InputError
from seme.interp.dictionaries.base import Dictionary
from seme.interp.dictionaries.storage import read_folder


def load_dictionary(folder: Path | str) -> Dictionary:
    """Read the dictionary in a folder.

    Raises
    ------
    InputError
        If there is none, or it is of a kind that is not known. A class that is defined elsewhere has to be imported
        before.
    CorruptionError
        If its files contradict each other.
    """
    folder = Path(folder)
    config, tensors = read_folder(folder)
    kinds = {kind.__name__: kind for kind in _kinds(Dictionary)}
    kind = kinds.get(config.get("kind", ""))
    if kind is None:
        raise InputError(
            f"{folder} holds a {config.get('kind')!r}; known are {', '.join(sorted(kinds))}",
            hint="Import the module that defines it first",
        )
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


def _kinds(base: type[Dictionary]) -> Iterator[type[Dictionary]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
