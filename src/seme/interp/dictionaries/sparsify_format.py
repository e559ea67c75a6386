"""Checkpoint folders of sparsify: `cfg.json` and `sae.safetensors`, TopK autoencoders.

The layout is that of sparsify 1.3 (sparsify/sparse_coder.py, `SparseCoder.save_to_disk`).
"""

from __future__ import annotations

from pathlib import Path

from seme.errors import CorruptionError, InputError
from seme.interp.dictionaries.storage import read_folder, write_folder
from seme.interp.dictionaries.topk import TopK

_NAMES = ("cfg.json", "sae.safetensors")


def write_sparsify(dictionary: TopK, folder: Path | str) -> Path:
    """Write a fitted TopK autoencoder so that `sparsify.SparseCoder.load_from_disk` reads it."""
    tensors = dictionary.tensors()
    units, width = tensors["decoder"].shape
    config = {
        "activation": "topk",
        "expansion_factor": max(1, units // width),
        "normalize_decoder": True,
        "num_latents": units,
        "k": min(dictionary.k, units),
        "multi_topk": False,
        "skip_connection": False,
        "transcode": False,
        "d_in": width,
    }
    weights = {
        "encoder.weight": tensors["encoder"],
        "encoder.bias": tensors["encoder_bias"],
        "W_dec": tensors["decoder"],
        "b_dec": tensors["bias"],
    }
    return write_folder(Path(folder), config, weights, names=_NAMES)


def read_sparsify(folder: Path | str, *, site: str = "", model_name: str = "") -> TopK:
    """Read a TopK autoencoder that sparsify has written.

    Parameters
    ----------
    folder
        The folder of one hookpoint.
    site, model_name
        What it was trained on, which the folder does not say.

    Raises
    ------
    InputError
        If there is none, or it is a transcoder, has a skip connection, or another activation than TopK.
    CorruptionError
        If its files contradict each other.
    """
    folder = Path(folder)
    config, weights = read_folder(folder, names=_NAMES)
    for key, wanted in {"activation": "topk", "skip_connection": False, "transcode": False}.items():
        if config.get(key, wanted) != wanted:
            raise InputError(f"{folder} has {key} {config[key]!r}; what can be read is {wanted!r}")
    try:
        tensors = {
            "encoder": weights["encoder.weight"],
            "encoder_bias": weights["encoder.bias"],
            "decoder": weights["W_dec"],
            "bias": weights["b_dec"],
        }
        dictionary = TopK(len(tensors["decoder"]), k=int(config["k"]))
        dictionary.n_features_in_ = int(config["d_in"])
        dictionary.set_tensors(tensors)
    except (KeyError, ValueError, InputError) as error:
        raise CorruptionError(f"the files in {folder} contradict each other ({error})") from error
    dictionary.site_, dictionary.model_name_ = site, model_name
    return dictionary
