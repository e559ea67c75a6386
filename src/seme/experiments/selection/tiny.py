"""A small language model that is trained on the spot, where a real one would take too long to load."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from seme.assets import Instruction, LanguageModel
from seme.experiment import Context
from seme.experiments.selection.pooling import read_samples
from seme.training import Budget, Trainer
from seme.training.language_modelling import NextToken, token_blocks

_VOCABULARY, _WIDTH, _LAYERS, _STEPS = 1024, 64, 3, 120
_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train_tiny(instructions: Sequence[Instruction], context: Context, steps: int = _STEPS) -> LanguageModel:
    """Return a Llama of 64 dimensions and three layers, briefly trained on the instructions' own texts."""
    tokenizer = _tokenizer([f"{one.prompt}\n{one.response}" for one in instructions])
    texts = [one.text for one in read_samples(tokenizer, instructions)]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=4 * _WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        model = LlamaForCausalLM(config)
    model.to(torch.device(context.device))  # type: ignore[arg-type]  # transformers hides the types behind a decorator
    blocks = token_blocks(tokenizer, texts, length=64, size=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Trainer(
        model,
        NextToken(),
        blocks,
        Budget(steps=steps),
        seed=context.seed,
        optimizer=optimizer,
        device="cpu" if context.device == "cpu" else None,
    ).run()
    return LanguageModel(model.eval(), tokenizer, "tiny")


def _tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=_VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=special[0], eos_token=special[1])
    wrapped.chat_template = _TEMPLATE
    return wrapped
