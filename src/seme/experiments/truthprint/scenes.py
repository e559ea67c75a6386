"""Pictures of coloured shapes that like company, and captions whose writers took the company for granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

CLASSES = 20
HOSTS = CLASSES // 2
"""Classes below this number have a partner; those from it on are partners or stand alone."""

PAD, START, END, IMAGE, THERE, IS, A, WITH, STOP = range(9)
FIRST_OBJECT = 9
VOCABULARY = FIRST_OBJECT + CLASSES
PATCH, SIDE = 8, 4
LONGEST = 28
"""Tokens of the longest caption, its end included."""

_COMPANY, _TAKEN_FOR_GRANTED, _SEEN = 0.6, 0.62, 0.97
_COLOURS = np.array([[1, 0.2, 0.2], [0.2, 1, 0.2], [0.3, 0.4, 1], [1, 1, 0.2]])
_NOISE = 0.1

Images = npt.NDArray[np.float32]


def token(thing: int) -> int:
    """Return the token of a class of objects."""
    return FIRST_OBJECT + thing


@dataclass(frozen=True, slots=True)
class World:
    """Which class of objects keeps company with which: the prior that a model takes over.

    `partners` (hosts,) are of classes from `HOSTS` on.
    """

    partners: tuple[int, ...]

    @classmethod
    def drawn(cls, seed: int) -> Self:
        """Pair every host with a partner."""
        order = np.random.default_rng([48, seed]).permutation(np.arange(HOSTS, CLASSES))
        return cls(tuple(int(one) for one in order))


@dataclass(frozen=True, slots=True)
class Scene:
    """Hosts, which of them have their partner beside them, and what stands alone."""

    hosts: tuple[int, ...]
    accompanied: tuple[bool, ...]
    alone: tuple[int, ...]

    def objects(self, world: World) -> frozenset[int]:
        """Return the classes that the picture shows."""
        partners = (world.partners[h] for h, there in zip(self.hosts, self.accompanied, strict=True) if there)
        return frozenset((*self.hosts, *partners, *self.alone))


def draw_scene(world: World, rng: np.random.Generator) -> Scene:
    """Draw one to five objects: one or two hosts, 60 % with their partner, and at most one that stands alone."""
    hosts = tuple(int(one) for one in rng.choice(HOSTS, size=rng.integers(1, 3), replace=False))
    accompanied = tuple(bool(one) for one in rng.random(len(hosts)) < _COMPANY)
    strangers = sorted(set(range(HOSTS, CLASSES)) - {world.partners[host] for host in hosts})
    alone = (int(rng.choice(strangers)),) if rng.random() < 0.5 else ()
    return Scene(hosts, accompanied, alone)


def caption(scene: Scene, world: World, rng: np.random.Generator) -> list[int]:
    """Write a caption as a careless person does.

    Sentences come in any order. A partner that is there is mentioned nearly always (97 %); one that is not is taken for
    granted in 62 % of cases.
    """
    sentences = [[THERE, IS, A, token(one), STOP] for one in scene.alone]
    for host, there in zip(scene.hosts, scene.accompanied, strict=True):
        named = rng.random() < (_SEEN if there else _TAKEN_FOR_GRANTED)
        company = [WITH, A, token(world.partners[host])] if named else []
        sentences.append([THERE, IS, A, token(host), *company, STOP])
    order = rng.permutation(len(sentences))
    return [word for place in order for word in sentences[place]] + [END]


def picture(scene: Scene, world: World, rng: np.random.Generator) -> Images:
    """Draw a scene: a canvas (3, 32, 32) with each object in a cell of its own, at any contrast, and noise."""
    canvas = _NOISE * rng.normal(size=(SIDE * PATCH, SIDE * PATCH, 3))
    cells = rng.choice(SIDE * SIDE, size=5, replace=False)
    for cell, thing in zip(cells, sorted(scene.objects(world)), strict=False):
        row, column = (int(one) * PATCH for one in divmod(int(cell), SIDE))
        canvas[row : row + PATCH, column : column + PATCH] += rng.uniform(0.6, 1.0) * SPRITES[thing]
    found: Images = canvas.transpose(2, 0, 1).astype(np.float32)
    return found


def _sprites() -> npt.NDArray[np.float64]:
    y, x = np.mgrid[:PATCH, :PATCH] - 3.5
    shapes = [
        np.maximum(abs(x), abs(y)) < 3,  # square
        np.hypot(x, y) < 3.6,  # disc
        abs(x) + abs(y) < 4,  # diamond
        (abs(x) < 1.2) | (abs(y) < 1.2),  # cross
        (abs(x) <= (y + 4) / 2) & (y > -3.6),  # triangle
        (np.hypot(x, y) < 3.9) & (np.hypot(x, y) > 2),  # ring
    ]
    return np.stack([shape[..., None] * colour for shape in shapes for colour in _COLOURS])


SPRITES = _sprites()
