"""What estimators of senses share: the corpus, the vectors, and senses of places."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.disambiguated_skipgram.settings import SenseSettings
from seme.embeddings.disambiguated_skipgram.stream import Lexicon, Numbers, Stream
from seme.embeddings.disambiguated_skipgram.training import SenseModel
from seme.errors import InputError, NotFoundError

Floats = npt.NDArray[np.float32]
Texts = Sequence[Sequence[str]]
Bar = Callable[[Iterable[int], str], Iterable[int]]
_TOGETHER = 8192


class SenseVectors(ABC):
    """Vectors of the senses of words.

    Attributes
    ----------
    lexicon_
        The words that are known.
    vectors_
        E, (V, K, d) float32.
    output_
        O, (V, d) float32.
    losses_
        Mean loss of each epoch.
    """

    lexicon_: Lexicon
    vectors_: Floats
    output_: Floats

    def __init__(self, settings: SenseSettings | None = None, *, seed: int = 0) -> None:
        self.settings, self.seed = settings or SenseSettings(), seed
        self.losses_: list[float] = []
        self._index: dict[str, int] = {}

    def fit(self, texts: Texts, *, least: int = 5, limit: int = 20_000, progress: Bar | None = None) -> Self:
        """Learn from texts.

        Parameters
        ----------
        texts
            Words of each text.
        least, limit
            Which words are known (`Lexicon.learn`).
        progress
            Shows the epochs, as `Context.progress` does.

        Raises
        ------
        InputError
            If too few words are known, or no word has a neighbour.
        """
        lexicon = Lexicon.learn(texts, least=least, limit=limit)
        stream = Stream.read(texts, lexicon)
        if not (np.diff(np.concatenate([np.unique(stream.starts), [len(stream)]])) > 1).any():
            raise InputError("no text has two known words", hint="Give longer texts or a lower `least`")
        generator = torch.Generator().manual_seed(self.seed)
        model = SenseModel(lexicon, self.settings, generator)
        self.losses_ = []
        self._train(model, stream, generator, progress or (lambda epochs, _: epochs))
        self._adopt(lexicon, model.senses.values.numpy(), model.softmax.weight.detach().numpy())
        self._after(stream)
        return self

    def number(self, word: str) -> int:
        """Return the number of a word.

        Raises
        ------
        NotFoundError
            If it is not known, or nothing was learned yet.
        """
        if word not in self._index:
            raise NotFoundError(f"there is no vector for {word!r}")
        return self._index[word]

    def senses_in(self, word: str, texts: Texts) -> Numbers:
        """Return the sense (n,) of a word among the other words of each text (the whole text is the window).

        Raises
        ------
        NotFoundError
            If the word is not known.
        InputError
            If a text has no known word.
        """
        number = self.number(word)
        contexts = self.contexts_of(texts)
        return self._chosen(contexts, np.full(len(contexts), number, dtype=np.int64))

    def senses_at(self, stream: Stream, places: Numbers) -> Numbers:
        """Return the sense (m,) of the words at places of a stream that was read with `lexicon_`."""
        found = [
            self._chosen(self._window_means(stream, part), stream.words[part])
            for part in np.array_split(places, max(1, -(-len(places) // _TOGETHER)))
        ]
        return np.concatenate(found)

    def contexts_of(self, texts: Texts) -> Floats:
        """Return the mean output vector (n, d) of each text's known words.

        Raises
        ------
        InputError
            If a text has no known word.
        """
        means = np.empty((len(texts), self.output_.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            known = [self._index[word] for word in text if word in self._index]
            if not known:
                raise InputError(f"text {row} has no known word, so that nothing tells the sense")
            means[row] = self.output_[known].mean(axis=0)
        return means

    def _window_means(self, stream: Stream, places: Numbers) -> Floats:
        windows = stream.windows(places, self.settings.window)
        known = windows < stream.size
        rows = self.output_[np.minimum(windows, stream.size - 1)] * known[:, :, None]
        means: Floats = (rows.sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]).astype(np.float32)
        return means

    def _adopt(self, lexicon: Lexicon, vectors: Floats, output: Floats) -> None:
        self.lexicon_, self.vectors_, self.output_, self._index = lexicon, vectors, output, lexicon.numbers()

    @abstractmethod
    def _train(self, model: SenseModel, stream: Stream, generator: torch.Generator, progress: Bar) -> None:
        """Train the model in place, and keep what weighs the senses."""

    @abstractmethod
    def _after(self, stream: Stream) -> None:
        """Learn from the corpus once more when everything is trained."""

    @abstractmethod
    def _chosen(self, contexts: Floats, words: Numbers) -> Numbers:
        """Return the sense (m,) of words (m,) in contexts (m, d)."""
