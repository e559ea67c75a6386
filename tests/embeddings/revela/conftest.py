"""A tiny Llama with grouped heads, and a tokenizer of bytes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

TEXTS = [
    "def area(radius): return pi * radius",
    "def girth(radius): return 2 * pi * radius",
    "class Queue: items = list()",
    "while True: queue.push(item)",
    "import os",
]


@pytest.fixture(scope="session")
def tokenizer():
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    made = ByteLevelBPETokenizer()
    made.train_from_iterator(TEXTS, vocab_size=270, special_tokens=["<end>"], show_progress=False)
    return PreTrainedTokenizerFast(tokenizer_object=made._tokenizer, eos_token="<end>", pad_token="<end>")


@pytest.fixture
def language_model(tokenizer):
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=128,
            tie_word_embeddings=True,
            attn_implementation="sdpa",
        )
        return LlamaForCausalLM(config).eval()


@pytest.fixture
def revela(language_model, tokenizer):
    import copy

    from seme.embeddings.revela import DecoderRetriever, Revela

    return Revela(DecoderRetriever(copy.deepcopy(language_model.base_model), tokenizer, longest=64), language_model)


@pytest.fixture
def batch(tokenizer):
    from seme.embeddings.revela.batches import make_batch

    return make_batch(TEXTS, tokenizer, longest=40)
