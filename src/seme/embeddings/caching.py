"""Vectors of texts that are computed once and kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError

_PIECE = 2048
"""Texts that are encoded between two files, so that a run that is broken off loses little."""


def encode_cached(
    encode: Callable[[Sequence[str]], npt.NDArray[np.float32]],
    texts: Sequence[str],
    *,
    name: str,
    folder: Path,
    progress: Callable[[Iterable[int], str], Iterable[int]] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the vectors of texts, from the folder if it has them, and else computed and kept there.

    Parameters
    ----------
    encode
        From texts to vectors, float32 (n, d).
    texts
        What is encoded.
    name
        Of the encoder and all that decides what it gives (weights, pooling, longest text).
    folder
        Where the vectors are kept, e.g. a run's cache; the files' names follow from `name` and the texts.
    progress
        Shows how far it is, as `Context.progress` does.

    Returns
    -------
    ndarray
        Float32 (n, d), memory-mapped where all of it was there.

    Raises
    ------
    InputError
        If there is no text, or the encoder does not give one finite vector for each text.
    CorruptionError
        If a kept file does not hold what it should.
    """
    if not texts:
        raise InputError("texts is empty, expected at least one")
    key = _key(name, texts)
    whole = folder / f"vectors-{key}.npy"
    if whole.is_file():
        return _read(whole, len(texts))
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(texts), _PIECE)
    parts, files = [], []
    for start in progress(starts, f"Encoding with {name}") if progress else starts:
        part = texts[start : start + _PIECE]
        file = folder / f"vectors-{key}-{start}.npy"
        if not file.is_file():
            _write(file, _checked(encode(part), len(part), name))
        parts.append(_read(file, len(part)))
        files.append(file)
    _write(whole, np.concatenate(parts))
    for file in files:
        file.unlink()
    return _read(whole, len(texts))


def _key(name: str, texts: Sequence[str]) -> str:
    digest = hashlib.sha256(name.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()[:24]


def _checked(vectors: npt.NDArray[np.float32], rows: int, name: str) -> npt.NDArray[np.float32]:
    if vectors.ndim != 2 or len(vectors) != rows:
        raise InputError(f"the encoder {name} gave {vectors.shape} for {rows} texts, expected ({rows}, d)")
    if not np.isfinite(vectors).all():
        raise InputError(f"the encoder {name} gave a vector that is not finite")
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _write(path: Path, vectors: npt.NDArray[np.float32]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        np.save(file, vectors, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def _read(path: Path, rows: int) -> npt.NDArray[np.float32]:
    try:
        vectors: npt.NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise CorruptionError(f"{path} cannot be read: {error}", hint="Delete it: it is computed again") from error
    if vectors.ndim != 2 or len(vectors) != rows or vectors.dtype != np.float32:
        raise CorruptionError(
            f"{path} holds {vectors.dtype} {vectors.shape}, expected float32 ({rows}, d)",
            hint="Delete it: it is computed again",
        )
    return vectors
