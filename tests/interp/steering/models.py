"""Small untrained models of transformers, for tests alone: nothing is claimed about what they say."""

from __future__ import annotations

import torch
from transformers import (
    CLIPVisionConfig,
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
)

VOCABULARY, WIDTH, IMAGE_TOKEN, PATCHES = 40, 32, 39, 4


SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.6,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 0,
}


def text_config():
    return LlamaConfig(**SIZES)


def language_model():
    torch.manual_seed(0)
    return LlamaForCausalLM(text_config()).eval()


def vision_language_model():
    torch.manual_seed(1)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=8,
        patch_size=4,
        initializer_range=0.5,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text_config(),
        image_token_index=IMAGE_TOKEN,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )
    return LlavaForConditionalGeneration(config).eval()


def windowed_model():
    """Every layer sees the last three tokens."""
    torch.manual_seed(2)
    return MistralForCausalLM(MistralConfig(**SIZES, sliding_window=3)).eval()


def alternating_model():
    """Layers with a window of three tokens and without one, in turn."""
    torch.manual_seed(3)
    return Gemma2ForCausalLM(Gemma2Config(**SIZES, head_dim=8, query_pre_attn_scalar=8, sliding_window=3)).eval()


def planar_model():
    """Positions of images in three dimensions."""
    torch.manual_seed(4)
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 100.0}
    config = Qwen2VLConfig(
        text_config={**SIZES, "rope_parameters": rope},
        image_token_id=IMAGE_TOKEN,
        tie_word_embeddings=False,
        vision_config={
            "depth": 2,
            "embed_dim": 16,
            "num_heads": 2,
            "hidden_size": WIDTH,
            "patch_size": 2,
            "spatial_merge_size": 2,
            "temporal_patch_size": 1,
            "mlp_ratio": 2,
            "initializer_range": 0.5,
        },
    )
    return Qwen2VLForConditionalGeneration(config).eval()


def state_space_model():
    return MambaForCausalLM(MambaConfig(vocab_size=VOCABULARY, hidden_size=16, state_size=4, num_hidden_layers=1))


def prompts(count=3, seed=0):
    """Prompts of different lengths, padded on the left."""
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randint(2, 38, (4 + n,), generator=generator).tolist() for n in range(count)]
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return {"input_ids": ids, "attention_mask": mask}


def with_images(batch, seed=0):
    """The same prompts, each after the places of an image of its own."""
    count = len(batch["input_ids"])
    images = torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    ids, mask = [], []
    for row, kept in zip(batch["input_ids"].tolist(), batch["attention_mask"].tolist(), strict=True):
        padding = kept.count(0)
        ids.append([0] * padding + [IMAGE_TOKEN] * PATCHES + row[padding:])
        mask.append([0] * padding + [1] * PATCHES + kept[padding:])
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "pixel_values": images}


def with_planar_images(batch, seed=0):
    """The same prompts, each with an image of four places after its first token."""
    count = len(batch["input_ids"])
    patches = torch.randn(count * 16, 3 * 2 * 2, generator=torch.Generator().manual_seed(seed))
    ids, mask = [], []
    for row, kept in zip(batch["input_ids"].tolist(), batch["attention_mask"].tolist(), strict=True):
        first = kept.count(0) + 1
        ids.append(row[:first] + [IMAGE_TOKEN] * PATCHES + row[first:])
        mask.append(kept[:first] + [1] * PATCHES + kept[first:])
    tokens = torch.tensor(ids)
    return {
        "input_ids": tokens,
        "attention_mask": torch.tensor(mask),
        "pixel_values": patches,
        "image_grid_thw": torch.tensor([[1, 4, 4]] * count),
        "mm_token_type_ids": (tokens == IMAGE_TOKEN).int(),
    }
