"""Small random models of two families, and a tokenizer."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedModel, PreTrainedTokenizerFast

CONFIGS = {
    "grouped-query": LlamaConfig(
        vocab_size=61,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
    ),
    "conv1d-with-bias": GPT2Config(vocab_size=61, n_embd=16, n_layer=3, n_head=4, n_positions=64),
}
HAY = "The tower was built in the year of the flood. It has stood by the river since. No one goes there now. " * 20


def causal(kind: str = "grouped-query", *, size: float = 0.4) -> PreTrainedModel:
    """Return a float64 model with random weights and biases."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[kind]).eval().double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=size)
    return model


def some_ids(count: int = 3, tokens: int = 7) -> torch.Tensor:
    """Return random tokens (count, tokens)."""
    return torch.randint(61, (count, tokens), generator=torch.Generator().manual_seed(3))


def small_tokenizer(*, template: bool = False) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer with some merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([HAY], trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    if template:
        wrapped.chat_template = "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}model\n"
    return wrapped
