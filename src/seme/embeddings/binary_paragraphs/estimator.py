"""Paragraph vectors as an estimator: fitted to texts, they give the code and the vector of any text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from seme.embeddings.binary_paragraphs.network import ParagraphNetwork
from seme.embeddings.binary_paragraphs.settings import ParagraphSettings
from seme.embeddings.binary_paragraphs.terms import Documents, Terms
from seme.embeddings.binary_paragraphs.training import infer, train
from seme.errors import CorruptionError, InputError
from seme.retrieval.binary import pack
from seme.tensor_folders import write_tensor_folder

Vectors = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]
Bar = Callable[[Iterable[int], str], Iterable[int]]
_FILES = ("paragraphs.json", "paragraphs.safetensors")
_FORMAT = 1


class BinaryParagraphVector:
    """Short binary codes of documents, learned from their words alone (Grzegorczyk and Kurdziel 2017).

    Parameters
    ----------
    settings
        Kind, widths and training.
    seed
        Of first values, batches and candidates.

    Attributes
    ----------
    terms_
        The terms that are known.
    vectors_
        Of the documents it was fitted to, (n, width): before rounding for `binary`.
    losses_
        Mean of `-log p(term)` over a sample of the terms, by epoch.
    """

    terms_: Terms
    vectors_: Vectors
    losses_: list[float]

    def __init__(self, settings: ParagraphSettings | None = None, *, seed: int = 0) -> None:
        given = settings or ParagraphSettings()
        self.settings, self.seed = replace(given, bigrams=given.bigrams and not given.context), seed
        self._network: ParagraphNetwork | None = None

    def fit(self, texts: Sequence[str], *, progress: Bar | None = None) -> Self:
        """Learn terms, network and vectors of documents.

        Parameters
        ----------
        texts
            One document each.
        progress
            Shows the epochs, as `Context.progress` does.

        Raises
        ------
        InputError
            If a text has no known term; it names the text's number.
        """
        given = self.settings
        terms = Terms.learn(
            texts, bigrams=given.bigrams, least=given.least, most_share=given.most_share, limit=given.limit
        )
        documents = _readable(terms, texts)
        generator = torch.Generator().manual_seed(self.seed)
        network = ParagraphNetwork(given, terms.counts, generator=generator)
        vectors = 0.1 * torch.randn(len(texts), given.width, generator=generator)
        epochs = range(1, given.epochs + 1)
        shown = progress(epochs, f"Training {given.kind} paragraph vectors") if progress else epochs
        self.losses_ = train(network, vectors, documents, given, shown, seed=self.seed)
        self.terms_, self.vectors_, self._network = terms, vectors.numpy(), network.requires_grad_(False)
        return self

    @property
    def codes_(self) -> Codes:
        """Packed codes (n, ceil(bits / 8)) of the documents it was fitted to."""
        return self.encode(self.vectors_)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors (n, width) of new texts: the network is frozen, each text's own vector is found.

        Raises
        ------
        InputError
            If it was not fitted, or a text has no known term.
        """
        return infer(self._fitted(), _readable(self.terms_, texts), self.settings)

    def transform(self, texts: Sequence[str]) -> Codes:
        """Return the packed codes (n, ceil(bits / 8)) of new texts.

        Raises
        ------
        InputError
            As `vectors`, and if the kind has no codes.
        """
        return self.encode(self.vectors(texts))

    def encode(self, vectors: Vectors) -> Codes:
        """Return the packed codes (n, ceil(bits / 8)) of vectors (n, width).

        Raises
        ------
        InputError
            If it was not fitted, or the kind has no codes.
        """
        if self.settings.kind == "real":
            raise InputError("kind is 'real', which has no codes", hint="seme.retrieval.binary.RandomHyperplanes")
        with torch.no_grad():
            values = self._fitted().before_rounding(torch.from_numpy(np.ascontiguousarray(vectors)))
        return pack((values > 0).numpy())

    def save(self, folder: Path | str) -> Path:
        """Write it into a folder, whole or not at all."""
        state = {name: one.numpy() for name, one in self._fitted().state_dict().items()}
        config = {
            "format": _FORMAT,
            "settings": asdict(self.settings),
            "seed": self.seed,
            "terms": self.terms_.names,
            "losses": self.losses_,
        }
        tensors = {**state, "vectors": self.vectors_, "counts": self.terms_.counts}
        return write_tensor_folder(Path(folder), config, tensors, names=_FILES, kind="set of paragraph vectors")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is none.
        CorruptionError
            If its files cannot be read or contradict each other.
        """
        place = Path(folder)
        if not all((place / name).is_file() for name in _FILES):
            raise InputError(f"there are no paragraph vectors in {place}", hint="BinaryParagraphVector.save makes them")
        try:
            config = json.loads((place / _FILES[0]).read_text(encoding="utf-8"))
            if config["format"] != _FORMAT:
                raise InputError(f"{place} is of format {config['format']}; this version reads {_FORMAT}")
            tensors = load_file(place / _FILES[1])
            made = cls(ParagraphSettings(**config["settings"]), seed=config["seed"])
            made.vectors_, counts = tensors.pop("vectors"), tensors.pop("counts")
            made.terms_, made.losses_ = Terms(tuple(config["terms"]), counts), config["losses"]
            network = ParagraphNetwork(made.settings, counts, generator=torch.Generator())
            network.load_state_dict({name: torch.from_numpy(one) for name, one in tensors.items()})
        except (ValueError, KeyError, TypeError, OSError, RuntimeError, SafetensorError) as error:
            raise CorruptionError(f"the paragraph vectors in {place} cannot be read: {error}") from error
        made._network = network.requires_grad_(False)
        return made

    def _fitted(self) -> ParagraphNetwork:
        if self._network is None:
            raise InputError("the paragraph vectors were not fitted", hint="Call fit first")
        return self._network


def _readable(terms: Terms, texts: Sequence[str]) -> Documents:
    documents = terms.encode(texts)
    empty = np.flatnonzero(documents.lengths == 0)
    if len(empty):
        raise InputError(
            f"text {int(empty[0])} has no known term, so that it has no code",
            hint="Leave such texts out (Terms.encode)",
        )
    return documents
