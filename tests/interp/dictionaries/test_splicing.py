"""Dictionaries in the place of activations."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from interp.activations.families import HEADS, WIDTH, hook_count, make_batch, make_model
from seme.errors import InputError
from seme.interp.activations import Patch, capture, edit, record
from seme.interp.dictionaries import NeuronBasis, PCADictionary, Splice, cross_entropy_recovered


@pytest.fixture(scope="module")
def model():
    return make_model("llama")


@pytest.fixture(scope="module")
def batches():
    return [make_batch("llama", sequences=8, tokens=20, padding=padding) for padding in ("left", "right")]


@pytest.fixture(scope="module")
def stores(model, batches, tmp_path_factory):
    return record(model, batches, ["resid.1", "attn.1.heads"], folder=tmp_path_factory.mktemp("stores"))


@pytest.mark.parametrize("site", ["resid.1", "attn.1.heads"])
def test_an_exact_dictionary_recovers_everything(model, batches, stores, site):
    found = cross_entropy_recovered(model, batches, site, NeuronBasis().fit(stores[site]))
    assert found.recovered == pytest.approx(1)
    assert found.spliced == pytest.approx(found.original)
    assert found.zeroed != found.original


def test_the_loss_is_that_of_the_model_and_padding_is_not_predicted(model, batches, stores):
    found = cross_entropy_recovered(model, batches, "resid.1", NeuronBasis().fit(stores["resid.1"]))
    losses = []
    with torch.no_grad():
        for batch in batches:
            logits = model(**batch).logits
            for sequence, mask, output in zip(batch["input_ids"], batch["attention_mask"], logits, strict=True):
                kept = mask.bool()
                tokens, guesses = sequence[kept], output[kept]
                losses.append(functional.cross_entropy(guesses[:-1], tokens[1:], reduction="none"))
    assert found.original == pytest.approx(float(torch.cat(losses).mean()), rel=1e-5)
    assert found.tokens == len(torch.cat(losses))


def test_the_more_components_the_nearer_the_output(model, batches, stores):
    with torch.no_grad():
        plain = model(**batches[1]).logits
        distances = []
        for size in (2, 16, 31, 32):
            with Splice({"resid.1": PCADictionary(size).fit(stores["resid.1"])})(model):
                distances.append(float((model(**batches[1]).logits - plain).norm()))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01 * distances[0]


def test_only_the_chosen_tokens_are_replaced_and_the_model_is_left_clean(model, batches, stores):
    batch, fitted = batches[0], PCADictionary(2).fit(stores["resid.1"])
    before = capture(model, batch, "resid.1")["resid.1"]
    tokens = torch.zeros(before.shape[:2], dtype=torch.bool)
    tokens[1, 3:5] = True
    splice = Splice({"resid.1": fitted}, tokens=tokens)
    assert isinstance(splice, Patch)
    with splice(model):
        after = capture(model, batch, "resid.1")["resid.1"]
    assert torch.equal(after[~tokens], before[~tokens])
    expected = torch.from_numpy(fitted.reconstruct(before[tokens]))
    assert torch.equal(after[tokens], expected)
    with Splice({"resid.1": fitted})(model):
        whole = capture(model, batch, "resid.1")["resid.1"]
    # Bit by bit against one product over all rows: over some of them it may be rounded otherwise.
    assert torch.equal(whole, torch.from_numpy(fitted.reconstruct(before.flatten(0, 1))).view_as(before))
    assert not torch.equal(whole[~tokens], before[~tokens])
    assert splice.cost().flops == 4 * 2 * WIDTH
    assert hook_count(model) == 0


def test_what_does_not_fit_is_refused(model, batches, stores):
    fitted = NeuronBasis().fit(stores["resid.1"])
    with pytest.raises(InputError, match=r"of site 'resid.1', and was put at 'resid.0'"):
        cross_entropy_recovered(model, batches, "resid.0", fitted)
    with pytest.raises(InputError, match="no token to predict"):
        cross_entropy_recovered(model, [], "resid.1", fitted)
    narrow = NeuronBasis().fit(torch.ones(4, WIDTH // HEADS))
    with pytest.raises(InputError, match="width"):
        cross_entropy_recovered(model, batches, "resid.1", narrow)
    assert hook_count(model) == 0
    with edit(model, {"resid.1": lambda x: x}):
        pass
