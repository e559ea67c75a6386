"""Where the tokens of a prompt stand: one after the other, and those of an image in a plane."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError

_GRIDS = ("image_grid_thw", "video_grid_thw")


def first_positions(
    model: PreTrainedModel, ids: Tensor, mask: Tensor, more: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the positions of prompts, and how much further on what follows each one stands.

    Positions are (n, tokens), or (3, n, tokens) by time, height and width where a model gives them so (M-RoPE, Wang et
    al. 2024, sec. 2.1): an image takes fewer of them than it has tokens, and `ahead` (n, 1) is not 0.

    Raises
    ------
    InputError
        If there is a picture, the model's positions have three dimensions, and it does not say what they are.
    """
    counted = (mask.cumsum(1) - 1).clamp(min=0)
    plain = counted, mask.new_zeros(len(mask), 1)
    pictured = any(name in more for name in (*_GRIDS, "pixel_values"))
    if not pictured or not _in_three_dimensions(model):
        return plain
    index: Any = getattr(model.base_model, "get_rope_index", None)
    if index is None or not any(name in more for name in _GRIDS):
        raise InputError(
            f"{type(model).__name__} has positions in three dimensions, and those of the picture cannot be told from "
            f"{', '.join(more)}",
            hint="Give what the model's processor returns, image_grid_thw and mm_token_type_ids included",
        )
    known = inspect.signature(index).parameters
    if "mm_token_type_ids" in known and "mm_token_type_ids" not in more:
        raise InputError(
            f"{type(model).__name__} needs mm_token_type_ids to tell the positions of a picture",
            hint="The model's processor returns it beside input_ids",
        )
    given = {name: one for name, one in more.items() if name in known}
    positions, ahead = index(input_ids=ids, attention_mask=mask, **given)
    return positions, ahead.to(mask)


def _in_three_dimensions(model: PreTrainedModel) -> bool:
    config: Any = model.config.get_text_config(decoder=True)
    ropes = (getattr(config, name, None) for name in ("rope_parameters", "rope_scaling"))
    return any("mrope_section" in one for one in ropes if one)
