"""The sampled softmax against the whole one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.embeddings.sampled_softmax import SampledSoftmax
from seme.errors import InputError


def layer(candidates: int | None, words: int = 50, width: int = 6) -> SampledSoftmax:
    made = SampledSoftmax(np.arange(words, 0, -1) ** 2, width, candidates=candidates)
    with torch.no_grad():
        made.weight.normal_(generator=torch.Generator().manual_seed(1))
    return made


def test_with_all_words_it_is_the_cross_entropy():
    rows, targets = torch.randn(4, 6), torch.tensor([3, 0, 49, 3])
    whole = layer(None)
    right = torch.nn.functional.cross_entropy(rows @ whole.weight.T + whole.bias, targets, reduction="none")
    assert torch.allclose(whole(rows, None, targets, None), right, atol=1e-5)
    owners = torch.tensor([2, 2, 0])
    again = torch.nn.functional.cross_entropy(rows[owners] @ whole.weight.T + whole.bias, targets[:3], reduction="none")
    assert torch.allclose(whole(rows, owners, targets[:3], None), again, atol=1e-5)
    assert layer(50).draw() is None


def test_the_right_word_counts_once_whether_drawn_or_not():
    sampled, rows = layer(10), torch.randn(1, 6)
    logits = (rows @ sampled.weight.T + sampled.bias)[0]
    drawn = torch.tensor([4, 7, 9])
    corrected = logits - sampled.chances.log()
    for target, parts in ((7, corrected[drawn]), (20, torch.cat([corrected[drawn], logits[20:21]]))):
        loss = sampled(rows, None, torch.tensor([target]), drawn)
        assert torch.allclose(loss, parts.logsumexp(0) - logits[target], atol=1e-5)


def test_the_sample_is_distinct_and_as_probable_as_it_says():
    sampled, generator = layer(10), torch.Generator().manual_seed(0)
    drawn = torch.stack([sampled.draw(generator) for _ in range(4000)])
    assert all(len(set(one.tolist())) == 10 for one in drawn[:50])
    share = torch.bincount(drawn.flatten(), minlength=50) / 4000
    assert torch.allclose(share, sampled.chances, atol=0.04)
    assert float(sampled.chances.sum()) == pytest.approx(10, abs=0.01)


def test_the_estimate_of_the_gradient_is_nearly_that_of_the_softmax():
    rows, targets, generator = (
        torch.randn(3, 6, generator=torch.Generator().manual_seed(2)),
        torch.tensor([1, 5, 9]),
        (torch.Generator().manual_seed(0)),
    )
    whole, sampled = layer(None), layer(25)
    whole(rows, None, targets, None).sum().backward()
    for _ in range(600):
        (sampled(rows, None, targets, sampled.draw(generator)).sum() / 600).backward()
    cosine = torch.nn.functional.cosine_similarity(whole.weight.grad.flatten(), sampled.weight.grad.flatten(), dim=0)
    assert cosine > 0.97


def test_bad_input():
    for counts, width, candidates in (([1], 2, None), ([1, 0], 2, None), ([1, 1], 0, None), ([1, 1], 2, 0)):
        with pytest.raises(InputError):
            SampledSoftmax(counts, width, candidates=candidates)
