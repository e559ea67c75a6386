"""Checkpoint folders of SAELens: `cfg.json` and `sae_weights.safetensors`.

The layout is that of SAELens 6 (sae_lens/saes/sae.py, `SAE.save_model`): encoders are stored transposed, (d, m); a unit
of the JumpReLU kind is active strictly above its threshold; BatchTopK and Matryoshka are stored as JumpReLU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from seme.errors import CorruptionError, InputError
from seme.interp.dictionaries.autoencoder import SparseAutoencoder
from seme.interp.dictionaries.batch_topk import BatchTopK
from seme.interp.dictionaries.codes import Floats
from seme.interp.dictionaries.gated import Gated
from seme.interp.dictionaries.jumprelu import JumpReLU
from seme.interp.dictionaries.matryoshka import Matryoshka
from seme.interp.dictionaries.relu import ReLU
from seme.interp.dictionaries.site_names import hook_of_site, site_of_hook
from seme.interp.dictionaries.storage import read_folder, write_folder
from seme.interp.dictionaries.topk import TopK
from seme.interp.dictionaries.tsae import TSAE
from seme.tensor_folders import Tensors

_NAMES = ("cfg.json", "sae_weights.safetensors")
_THRESHOLD = (TSAE, JumpReLU, BatchTopK, Matryoshka)


def write_saelens(dictionary: SparseAutoencoder, folder: Path | str) -> Path:
    """Write a fitted autoencoder so that `sae_lens.SAE.load_from_disk` reads it."""
    tensors = dictionary.tensors()
    architecture, rest = _architecture(dictionary, tensors)
    units, width = tensors["decoder"].shape
    config = {
        "architecture": architecture,
        "d_in": width,
        "d_sae": units,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "hook_z" if dictionary.site_.endswith(".heads") else "none",
        "metadata": {"model_name": dictionary.model_name_, "hook_name": hook_of_site(dictionary.site_)},
        **({"k": dictionary.k, "rescale_acts_by_decoder_norm": False} if isinstance(dictionary, TopK) else {}),
    }
    weights = {"W_enc": tensors["encoder"].T, "W_dec": tensors["decoder"], "b_dec": tensors["bias"], **rest}
    return write_folder(Path(folder), config, weights, names=_NAMES)


def read_saelens(folder: Path | str) -> SparseAutoencoder:
    """Read an autoencoder that SAELens has written.

    Raises
    ------
    InputError
        If there is none, or it is of a kind, or scales activations in a way, that has no counterpart here.
    CorruptionError
        If its files contradict each other.
    """
    folder = Path(folder)
    config, weights = read_folder(folder, names=_NAMES)
    _refuse_unknown(folder, config)
    try:
        dictionary, tensors = _read(config, weights)
        dictionary.n_features_in_ = int(config["d_in"])
        dictionary.set_tensors(tensors)
    except (KeyError, ValueError, InputError) as error:
        raise CorruptionError(f"the files in {folder} contradict each other ({error})") from error
    metadata = config.get("metadata") or config
    dictionary.site_ = site_of_hook(metadata.get("hook_name") or "")
    dictionary.model_name_ = metadata.get("model_name") or ""
    return dictionary


def _architecture(dictionary: SparseAutoencoder, tensors: Tensors) -> tuple[str, Tensors]:
    bias = tensors["encoder_bias"]
    if isinstance(dictionary, Gated):
        return "gated", {"b_gate": bias, "b_mag": tensors["value_bias"], "r_mag": tensors["log_scale"]}
    if isinstance(dictionary, _THRESHOLD):
        reached = np.broadcast_to(np.maximum(tensors["threshold"], 0), bias.shape)
        return "jumprelu", {"b_enc": bias, "threshold": np.nextafter(reached, -np.inf, dtype=np.float32)}
    return ("topk" if isinstance(dictionary, TopK) else "standard"), {"b_enc": bias}


def _read(config: dict[str, Any], weights: Tensors) -> tuple[SparseAutoencoder, Tensors]:
    encoder, decoder, bias = weights["W_enc"].T, weights["W_dec"], weights["b_dec"]
    kind = config["architecture"]
    shift: Floats = np.zeros(len(decoder), dtype=np.float32)
    if not config.get("apply_b_dec_to_input", True):
        shift = encoder @ bias
    lengths = np.linalg.norm(decoder, axis=1)
    if kind == "topk" and not config.get("rescale_acts_by_decoder_norm", False):
        lengths = np.ones_like(lengths)  # which units are the largest depends on the encoder alone
    # What was written with unit length comes back with the same bits.
    lengths = np.where((lengths > 0) & (np.abs(lengths - 1) > 1e-5), lengths, np.float32(1))
    tensors = {"encoder": encoder * lengths[:, None], "decoder": decoder / lengths[:, None], "bias": bias}
    if kind == "gated":
        # A gate's sign does not depend on the length, and a value is linear in it.
        tensors["encoder_bias"] = (weights["b_gate"] + shift) * lengths
        tensors["value_bias"] = (weights["b_mag"] + shift * np.exp(weights["r_mag"])) * lengths
        return Gated(len(decoder)), {**tensors, "log_scale": weights["r_mag"]}
    tensors["encoder_bias"] = (weights["b_enc"] + shift) * lengths
    if kind == "jumprelu":
        above = np.nextafter(np.maximum(weights["threshold"], 0), np.inf, dtype=np.float32)
        return JumpReLU(len(decoder)), {**tensors, "threshold": above * lengths}
    return (TopK(len(decoder), k=int(config["k"])) if kind == "topk" else ReLU(len(decoder))), tensors


def _refuse_unknown(folder: Path, config: dict[str, Any]) -> None:
    known = ("standard", "topk", "jumprelu", "gated")
    if config.get("architecture") not in known:
        raise InputError(f"{folder} holds a {config.get('architecture')!r}; what can be read is {', '.join(known)}")
    scaling = config.get("normalize_activations", "none")
    if scaling != "none":
        raise InputError(
            f"{folder} was trained on activations scaled by {scaling!r}",
            hint="In SAELens, sae.fold_activation_norm_scaling_factor(factor) and save_model mend that",
        )
