"""Where a transformers model keeps its blocks, and where in a block attention and MLP end.

Nothing here knows a model by its class: blocks and projections are found by the names that the families use, so that a
new model that is written like an old one needs no new row.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from seme.errors import InputError

BLOCK_LISTS = ("layers", "h", "layer", "blocks", "block")

# The last matrix of attention and of the MLP: its input is what the heads or the neurons say, its output is what they
# write. Llama, Gemma, Qwen, ViT; GPT-2; GPT-NeoX; BERT; OPT and CLIP; Phi; GPT-J; GPT-Neo; DistilBERT; timm.
ATTENTION_PROJECTIONS = (
    "self_attn.o_proj",
    "attention.o_proj",
    "attn.c_proj",
    "attention.dense",
    "attention.output.dense",
    "self_attn.out_proj",
    "self_attn.dense",
    "attn.out_proj",
    "attn.attention.out_proj",
    "attention.out_lin",
    "attn.proj",
)
MLP_PROJECTIONS = (
    "mlp.down_proj",
    "mlp.c_proj",
    "mlp.dense_4h_to_h",
    "mlp.fc2",
    "mlp.fc_out",
    "ffn.lin2",
    "output.dense",
    "fc2",
)


def find_blocks(model: nn.Module) -> tuple[str, nn.ModuleList]:
    """Return the path and the list of a model's transformer blocks.

    Raises
    ------
    InputError
        If the model has none, or more than one such list (an encoder and a decoder, or two towers).
    """
    found = [
        (path, module)
        for path, module in model.named_modules()
        if path.rpartition(".")[2] in BLOCK_LISTS and isinstance(module, nn.ModuleList) and _has_attention(module)
    ]
    if len(found) == 1:
        return found[0]
    name = type(model).__name__
    hint = "Name modules by their dotted paths, as in model.named_modules()"
    if not found:
        raise InputError(f"{name} has no list of transformer blocks that is known here", hint=hint)
    paths = ", ".join(path for path, _ in found)
    raise InputError(f"{name} has more than one list of blocks ({paths}), so a block number says too little", hint=hint)


def find_projection(block: nn.Module, names: tuple[str, ...]) -> tuple[str, nn.Module] | None:
    """Return the path (from the block) and the module of the first projection that the block has."""
    for name in names:
        module = _submodule(block, name)
        if module is not None:
            return name, module
    return None


def input_width(projection: nn.Module) -> int | None:
    """Return the width of what a linear layer reads: `nn.Linear`, or GPT-2's `Conv1D`, which calls it `nx`."""
    width = getattr(projection, "in_features", getattr(projection, "nx", None))
    return width if isinstance(width, int) else None


def head_count(model: nn.Module, path: str) -> int | None:
    """Return the number of attention heads that the configuration nearest above a module states."""
    for above in _ancestors(model, path):
        heads = getattr(getattr(above, "config", None), "num_attention_heads", None)
        if isinstance(heads, int):
            return heads
    return None


def _has_attention(blocks: nn.ModuleList) -> bool:
    return any(find_projection(block, ATTENTION_PROJECTIONS) is not None for block in blocks)


def _ancestors(model: nn.Module, path: str) -> Iterator[nn.Module]:
    parts = path.split(".")
    for length in range(len(parts), -1, -1):
        yield model.get_submodule(".".join(parts[:length]))


def _submodule(module: nn.Module, path: str) -> nn.Module | None:
    current: object = module
    for part in path.split("."):
        current = getattr(current, part, None)
    return current if isinstance(current, nn.Module) else None
