"""Small networks that say several features of an input, and many of one kind trained side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from seme.errors import InputError

Said: TypeAlias = tuple[Tensor, Tensor]
"""Logits (n, features) and the layer that is looked at (n, d)."""


class Mlp(nn.Module):
    """Layers of ReLUs; the last of them is looked at, and the features are read from it by one linear layer.

    Parameters
    ----------
    inputs, outputs
        Numbers of inputs and of features.
    widths
        Of the hidden layers.
    dropout
        Behind each hidden layer, in training.
    """

    def __init__(
        self, inputs: int, outputs: int, widths: Sequence[int] = (256, 128, 64, 64), *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if not widths:
            raise InputError("widths is empty, expected the width of at least one hidden layer")
        sizes = [inputs, *widths]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, widths, strict=False))
        for layer in self.hidden:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")  # type: ignore[arg-type]
        self.dropout, self.read = nn.Dropout(dropout), nn.Linear(sizes[-1], outputs)

    def forward(self, x: Tensor) -> Said:
        """Return the logits and the last hidden layer of inputs (n, inputs)."""
        for layer in self.hidden:
            x = self.dropout(functional.relu(layer(x)))
        return self.read(x), x


class Cnn(nn.Module):
    """Convolutions, a mean over places, which is looked at, and one linear layer.

    Parameters
    ----------
    outputs
        Number of features.
    residual
        Whether each block adds to what enters it.
    width
        Channels.
    blocks
        Of two convolutions each, behind one that halves the picture.
    """

    def __init__(self, outputs: int, *, residual: bool, width: int = 16, blocks: int = 2) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2)) for _ in range(blocks)
        )
        self.residual, self.read = residual, nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Said:
        """Return the logits and the pooled channels of pictures (n, 3, size, size)."""
        x = functional.relu(self.stem(x))
        for block in self.blocks:
            first, second = block.children()
            inner = second(functional.relu(first(x)))
            x = functional.relu(x + inner if self.residual else inner)
        pooled = x.mean(dim=(2, 3))
        return self.read(pooled), pooled


class Sequencer(nn.Module):
    """A transformer that reads words and then says the labels one after another, each read before the next is said.

    Words attend to all words; what is said attends to the words and to what was said before. What is looked at is the
    state that asks for the first label, and the mean state of the words, after the last block: (n, 2 · width).

    Parameters
    ----------
    vocabulary
        Tokens, the last of which asks for the first label.
    words, outputs
        Words of an input, and features.
    width, heads, blocks
        Of the transformer.
    """

    def __init__(
        self, vocabulary: int, words: int, outputs: int, *, width: int = 32, heads: int = 4, blocks: int = 2
    ) -> None:
        super().__init__()
        self.words, self.outputs, self.start = words, outputs, vocabulary - 1
        length = words + outputs
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Parameter(0.1 * torch.randn(length, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(blocks))
        self.norm, self.read = nn.LayerNorm(width), nn.Linear(width, 1)
        order = torch.arange(length)
        self.mask = (order[None] < words) | ((order[:, None] >= words) & (order[None] <= order[:, None]))

    def forward(self, x: Tensor) -> Said:
        """Return the logits and the states of tokens (n, words + outputs - 1)."""
        ask = torch.full_like(x[:, :1], self.start)
        states = self.tokens(torch.cat([x[:, : self.words], ask, x[:, self.words :]], dim=1)) + self.places
        for block in self.blocks:
            states = block(states, self.mask)
        states = self.norm(states)
        looked = torch.cat([states[:, self.words], states[:, : self.words].mean(1)], dim=1)
        return self.read(states[:, self.words :]).squeeze(-1), looked


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self.mixed(self.before(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = (query @ key.transpose(-1, -2)) / query.shape[-1] ** 0.5
        shares = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        x = x + self.out((shares @ value).transpose(1, 2).flatten(2))
        return x + self.down(functional.relu(self.up(self.between(x))))  # type: ignore[no-any-return]


class Ensemble(nn.Module):
    """Networks of one kind with different starts, computed and trained side by side: no weight is shared.

    Parameters
    ----------
    make
        Makes a network, with PyTorch's generator; it has no buffers.
    members
        How many.
    seed
        Of the first member's start; the others follow.

    Raises
    ------
    InputError
        If there is no member.
    """

    def __init__(self, make: Callable[[], nn.Module], members: int, *, seed: int = 0) -> None:
        super().__init__()
        if members < 1:
            raise InputError(f"members is {members}, expected at least 1")
        made = []
        with torch.random.fork_rng(devices=[]):
            for member in range(members):
                torch.manual_seed(1000 * seed + member)
                made.append(make())
        parameters, _ = stack_module_state(made)
        self._names = {name.replace(".", "/"): name for name in parameters}
        self.weights = nn.ParameterDict(
            {short: nn.Parameter(parameters[name].detach().clone()) for short, name in self._names.items()}
        )
        self._one, self.members = [made[0]], members  # in a list, so that its weights are not this module's

    def forward(self, x: Tensor) -> Said:
        """Return the logits (members, n, features) and layers (members, n, d) of inputs (members, n, ...)."""
        weights = {name: self.weights[short] for short, name in self._names.items()}
        self._one[0].train(self.training)

        def said(one: dict[str, Tensor], part: Tensor) -> Said:
            found: Said = functional_call(self._one[0], one, (part,))
            return found

        both: Said = vmap(said, randomness="different")(weights, x)
        return both

    def readout(self) -> tuple[Tensor, Tensor]:
        """Return the weights (members, features, d) and biases (members, features) of the linear layer `read`."""
        return self.weights["read/weight"].detach(), self.weights["read/bias"].detach()
