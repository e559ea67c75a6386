"""A sentence encoder on onnxruntime: mean pooling and unit norm, as all-MiniLM-L6-v2 was trained to be used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt
import onnxruntime
from kitoken import Kitoken

from seme.assets.minilm import MiniLMFiles
from seme.errors import InputError

_CLS, _SEP, _PAD = 101, 102, 0
_LONGEST_TEXT = 20_000
"""Characters read of a text: far beyond `max_tokens`, and a bound on what a hostile text can cost."""


class OnnxEncoder:
    """Texts to unit vectors.

    Parameters
    ----------
    files
        The model and its tokenizer (`seme.assets.minilm.minilm_files`).
    threads
        Threads of one inference.
    max_tokens
        Word pieces that are read of a text, the two special ones included (the model was trained with 256).
    cached
        Single texts (queries) whose vectors are remembered.
    """

    dim = 384

    def __init__(self, files: MiniLMFiles, *, threads: int = 2, max_tokens: int = 256, cached: int = 10_000) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.name = files.name
        self._session = onnxruntime.InferenceSession(str(files.model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Kitoken.from_file(str(files.tokenizer))
        self._max_tokens = max_tokens
        self._cached = cached
        self._cache: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def tokens(self, text: str) -> list[int]:
        """Return a text's word pieces between `[CLS]` and `[SEP]`, cut to `max_tokens`."""
        # The one letter whose small form depends on its place; the model's own tokenizer goes letter by letter.
        plain = text[:_LONGEST_TEXT].replace("\x00", " ").replace("\u03a3", "\u03c3")
        pieces = [p for p in self._tokenizer.encode(plain, False) if p != _PAD]
        return [_CLS, *pieces[: self._max_tokens - 2], _SEP]

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """Return the vector (384,) of one text, from the cache if it was asked for lately."""
        with self._lock:
            known = self._cache.get(text)
            if known is not None:
                self._cache.move_to_end(text)
                return known
        vector: npt.NDArray[np.float32] = self._run([self.tokens(text)])[0]
        vector.setflags(write=False)
        with self._lock:
            self._cache[text] = vector
            if len(self._cache) > self._cached:
                self._cache.popitem(last=False)
        return vector

    def encode(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        progress: Callable[[int, int], None] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Return the vectors (n, 384) of texts, float32 and of unit norm, in their order.

        Batches hold texts of similar length, so that little of the work is padding.

        Raises
        ------
        InputError
            If `batch_size` is not positive.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, it must be at least 1")
        pieces = [self.tokens(text) for text in texts]
        order = sorted(range(len(pieces)), key=lambda i: -len(pieces[i]))
        vectors = np.empty((len(pieces), self.dim), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            vectors[chosen] = self._run([pieces[i] for i in chosen])
            if progress:
                progress(start + len(chosen), len(order))
        return vectors

    def _run(self, pieces: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        width = max(map(len, pieces))
        ids = np.full((len(pieces), width), _PAD, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(pieces):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states: npt.NDArray[np.float32] = self._session.run(None, inputs)[0]
        weights = mask[:, :, None].astype(np.float32)
        mean = (states * weights).sum(axis=1) / weights.sum(axis=1)
        unit: npt.NDArray[np.float32] = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
        return unit.astype(np.float32)
