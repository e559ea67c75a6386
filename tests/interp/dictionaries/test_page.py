"""The page of a dictionary: what it shows is what a full sort, brute force and a browser's parser say."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from interp.activations.families import make_model
from seme.errors import InputError
from seme.interp.activations import as_store, record
from seme.interp.dictionaries import (
    Codes,
    NeuronBasis,
    RandomDictionary,
    TopK,
    choose_units,
    density_histogram,
    dictionary_page,
    evaluate,
    logit_lens,
    measure_activity,
    planted_truth,
    read_contexts,
)
from seme.interp.dictionaries.page import percent, visible

HOSTILE = ["<script>alert(1)</script>", "\u202e", "&amp;", "\"'>", "\x00", "\n", "<img", "src=x", "plain"]


class Given(NeuronBasis):
    """Gives codes that were made by hand; its rows are the codes themselves."""

    def _encode(self, rows):
        return Codes.from_dense(rows)


class Shown(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.marks, self.text, self._mark = [], [], "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._mark = tag == "mark"

    def handle_endtag(self, tag):  # noqa: ARG002  # the signature is the library's
        self._mark = False

    def handle_data(self, data):
        self.text += data
        if self._mark:
            self.marks.append(data)


@pytest.fixture(scope="module")
def tokenizer():
    words = {f"w{number}": number for number in range(61 - len(HOSTILE))}
    words |= {word: len(words) + number for number, word in enumerate(HOSTILE)}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w0")))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return a tiny model, the batches, padded on either side, and what was recorded of them."""
    model, generator = make_model("llama"), torch.Generator().manual_seed(0)
    batches = []
    for number in range(6):
        ids = torch.randint(61 - len(HOSTILE) - 5, 61, (4, 12), generator=generator)
        mask = torch.ones_like(ids)
        mask[0, :3] = 0 if number % 2 else 1
        mask[1, -4:] = 0
        batches.append({"input_ids": ids, "attention_mask": mask})
    return model, batches, record(model, batches, "resid.1", folder=tmp_path_factory.mktemp("store"))["resid.1"]


@pytest.fixture(scope="module")
def fitted(recorded):
    return TopK(48, k=3, steps=30, batch_size=64, device="cpu").fit(recorded[2])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 5), st.integers(1, 50), st.integers(0, 2**32 - 1)
)  # rows, largest values, rows at a time, seed
def test_the_largest_values_of_a_stream_are_those_of_a_full_sort(n, k, chunk, seed):
    rng = np.random.default_rng(seed)
    dense = rng.integers(-2, 4, size=(n, 7)).astype(np.float32)  # with ties and with values below 0
    dictionary = Given().fit(dense)
    found = measure_activity(dictionary, dense, k=k, chunk=chunk)
    for unit in range(7):
        rows = [row for row in np.argsort(-dense[:, unit], kind="stable").tolist() if dense[row, unit] != 0][:k]
        padded = rows + [-1] * (k - len(rows))
        assert found.top_rows[unit].tolist() == padded
        assert found.top_values[unit].tolist() == [dense[row, unit] if row >= 0 else 0 for row in padded]
    assert np.array_equal(found.counts, np.count_nonzero(dense, axis=0))
    np.testing.assert_allclose(found.means * found.counts, dense.sum(axis=0), atol=1e-9)
    assert found.dead == np.sum(~dense.any(axis=0))
    assert found.rows == n


def test_planted_units_have_the_rows_that_they_were_planted_in():
    planted = planted_truth(n=2000, atoms=64, width=64, active=1, seed=3)
    dictionary = RandomDictionary(64, k=1).fit(planted.rows)
    dictionary.set_tensors({"atoms": planted.atoms, "bias": np.zeros(64, dtype=np.float32)})
    activity = measure_activity(dictionary, planted.rows, k=3, chunk=300)
    dense = planted.codes.dense()
    for unit in range(64):
        assert activity.top_rows[unit].tolist() == np.argsort(-dense[:, unit])[:3].tolist()
    np.testing.assert_allclose(activity.rates, (dense > 0).mean(axis=0))


def test_contexts_are_the_tokens_that_were_recorded(recorded, tokenizer):
    _, batches, store = recorded
    sequences = [
        ids[mask != 0].tolist()
        for batch in batches
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
    ]
    found = read_contexts(store.index, iter(batches), tokenizer, before=3, after=2)
    assert len(found) == len(store)
    for (document, position), context in found.items():
        ids = sequences[document]
        assert context.token.strip() == tokenizer.convert_ids_to_tokens(ids[position]).strip()
        whole = tokenizer.decode(ids[max(0, position - 3) : position + 3], clean_up_tokenization_spaces=False)
        assert context.before + context.token + context.after == whole


def test_a_character_of_several_tokens_is_marked_whole():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    from tokenizers.decoders import ByteLevel

    backend.decoder = ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    text = "a é 語😀 b"
    ids = tokenizer.encode(text)
    places = [(0, position) for position in range(len(ids))]
    found = read_contexts(places, [{"input_ids": torch.tensor([ids])}], tokenizer, before=99, after=99)
    marked = [found[place] for place in places]
    assert all(one.before + one.token + one.after == text for one in marked)
    assert [one.token for one in marked] == [character for character in text for _ in character.encode()]


def test_batches_that_were_not_recorded_are_refused(recorded, tokenizer):
    _, batches, store = recorded
    with pytest.raises(InputError, match="have no document 20"):
        read_contexts(store.index, batches[:-1], tokenizer)
    short = [{key: value[:, :6] for key, value in batch.items()} for batch in batches]
    with pytest.raises(InputError, match="document 0 has 6 tokens, and number 6 was recorded"):
        read_contexts(store.index, short, tokenizer)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3"])
def test_the_lens_is_the_last_norm_and_the_head(family):
    model = make_model(family)
    with torch.no_grad():
        model.get_output_embeddings().weight.normal_()
    directions = np.random.default_rng(0).normal(size=(5, 32)).astype(np.float32)
    lens = logit_lens(directions, model, k=4)
    norm = model.base_model.norm if family != "gpt2" else model.base_model.ln_f
    with torch.no_grad():
        # Both norms divide by the row's own scale, of which the lens is free; LayerNorm's centring is undone first.
        rows = torch.from_numpy(directions)
        normed = norm(rows) if family != "gpt2" else rows * norm.weight
        logits = model.get_output_embeddings()(normed).numpy().astype(np.float64)
    order = np.argsort(-logits, axis=1)
    assert np.array_equal(lens.highest, order[:, :4])
    assert np.array_equal(lens.lowest, order[:, :-5:-1])
    scores = (logits - logits.mean(axis=1, keepdims=True)) / logits.std(axis=1, keepdims=True)
    np.testing.assert_allclose(lens.high, np.take_along_axis(scores, order[:, :4], 1), atol=1e-4)
    assert 1.5 < lens.chance < 3.5  # the largest of 61 normal numbers is 2.3 on average
    with pytest.raises(InputError, match=r"\(n, 32\) is wanted"):
        logit_lens(directions[:, 1:], model)
    with pytest.raises(InputError, match="number of tokens, 61"):
        logit_lens(directions, model, k=62)


def test_bands_hold_each_living_unit_once_and_the_most_frequent_come_first():
    rng = np.random.default_rng(0)
    dense = (rng.random((3000, 90)) < np.logspace(-4, 0, 90)).astype(np.float32)
    dense[:, 7] = 0
    activity = measure_activity(Given().fit(dense), dense)
    histogram = density_histogram(activity)
    assert histogram.counts.sum() == 90 - activity.dead
    assert (histogram.edges[0], histogram.edges[-1]) == (-4, 0)
    bands = choose_units(activity, 30, seed=1)
    chosen = np.concatenate([band.units for band in bands])
    assert len(chosen) == len(set(chosen.tolist())) == 30
    assert sum(band.total for band in bands) == 90 - activity.dead
    for band in bands:
        logs = np.log10(np.maximum(activity.rates, 1e-9))
        members = np.flatnonzero((logs >= band.low) & ((logs < band.high) | (band.high == 0)))
        assert set(band.units.tolist()) <= set(members.tolist())
        assert activity.counts[band.units[0]] == activity.counts[members].max()
        assert np.all(np.diff(activity.counts[band.units]) <= 0)
    others = [np.concatenate([band.units for band in choose_units(activity, 30, seed=seed)]) for seed in (1, 2)]
    assert np.array_equal(others[0], chosen)
    assert not np.array_equal(others[1], chosen)
    assert len(np.concatenate([band.units for band in choose_units(activity, 500)])) == 90 - activity.dead


def test_a_page_says_what_was_measured_and_nothing_in_it_acts(recorded, fitted, tokenizer):
    model, batches, store = recorded
    page = dictionary_page(fitted, store, batches, tokenizer, model=model, title="<b>T</b>", units=40, examples=4)
    shown = Shown(page)
    activity = measure_activity(fitted, store, k=4)
    assert page.count('class="unit"') == min(40, 48 - activity.dead)
    assert f"{evaluate(fitted, store).r2:.3f}" in shown.text
    assert "<b>T</b>" in shown.text
    names = {tag for tag, _ in shown.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "b"}
    for _, attributes in shown.tags:
        assert not {key for key in attributes if key.startswith("on") or key in ("style", "src")}
        assert attributes.get("href", "#").startswith("#")
    assert "\x00" not in page
    assert "url(" not in page
    assert "@import" not in page
    unit = int(np.argmax(activity.counts))
    card = page.partition(f'id="unit-{unit}"')[2].partition("</article>")[0]
    contexts = read_contexts(store.index, batches, tokenizer)
    places = [tuple(store.index[row].tolist()) for row in activity.top_rows[unit]]
    assert Shown(card).marks == [visible(contexts[place].token) for place in places]
    lens = logit_lens(fitted.atoms_[unit : unit + 1], model)
    words = [visible(tokenizer.decode([token])) for token in lens.highest[0].tolist()]
    assert "".join(words) in Shown(card).text


@pytest.mark.filterwarnings("ignore:.*worse than their mean")
def test_neurons_and_heads_have_no_lens_and_dead_units_no_card(recorded, tokenizer, tmp_path):
    model, batches, _ = recorded
    store = record(model, batches, "attn.1.heads", folder=tmp_path)["attn.1.heads"]
    dictionary = TopK(48, k=3, steps=5, batch_size=64, device="cpu").fit(store)  # as wide as the residual stream
    dictionary.network_.encoder_bias[:40] = -1e4
    page = dictionary_page(dictionary, store, batches, tokenizer, model=model)
    assert "Raises" not in page
    assert page.count('class="unit"') <= 8
    dictionary.network_.encoder_bias[:] = -1e4
    assert "No unit is active" in dictionary_page(dictionary, store, batches, tokenizer, model=model)


@given(st.floats(1e-7, 1.0))
def test_a_share_is_read_as_two_figures(rate):
    text = percent(rate)
    assert "e" not in text
    assert float(text.removesuffix(" %")) / 100 == pytest.approx(rate, rel=0.05)


def test_a_store_of_an_array_has_places_too(tokenizer):
    rows = np.abs(np.random.default_rng(0).normal(size=(30, 8))).astype(np.float32)
    batches = [{"input_ids": torch.arange(30)[:, None]}]
    page = dictionary_page(NeuronBasis(k=2).fit(rows), as_store(rows), batches, tokenizer)
    assert page.count("<mark") == sum(min(6, count) for count in np.bincount(np.argsort(-rows)[:, :2].ravel()))
