"""What was rolled back never was: the cache goes on as a fresh run from the shorter text would."""

import pytest
import torch

from interp.steering.models import (
    alternating_model,
    language_model,
    planar_model,
    prompts,
    state_space_model,
    vision_language_model,
    windowed_model,
    with_images,
    with_planar_images,
)
from seme.errors import InputError
from seme.interp.steering import Stepper

CASES = {
    "language": (language_model, prompts, "resid.1"),
    "sliding windows": (windowed_model, prompts, "resid.1"),
    "windows in turn": (alternating_model, prompts, "resid.1"),
    "vision-language": (vision_language_model, lambda: with_images(prompts()), "model.language_model.layers.1"),
    "images in a plane": (planar_model, lambda: with_planar_images(prompts()), "model.language_model.layers.1"),
}


@pytest.fixture(params=CASES)
def case(request):
    make, batch, site = CASES[request.param]
    return make(), batch(), site


def _fresh(model, batch, row, tokens):
    """The last logits of one prompt alone with tokens after it, in one forward without a cache."""
    kept, more = batch["attention_mask"][row].bool(), {}
    ids = torch.cat([batch["input_ids"][row][kept], torch.tensor(tokens, dtype=torch.long)])[None]
    if "pixel_values" in batch:
        rows = batch["pixel_values"].chunk(len(batch["input_ids"]))
        more = {"pixel_values": rows[row]}
    if "image_grid_thw" in batch:
        kinds = batch["mm_token_type_ids"][row][kept]
        more["image_grid_thw"] = batch["image_grid_thw"][row : row + 1]
        more["mm_token_type_ids"] = torch.cat([kinds, kinds.new_zeros(len(tokens))])[None]
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), **more).logits[0, -1]


def test_going_on_after_a_roll_back_equals_going_on_from_the_shorter_text(case):
    model, batch, site = case
    stepper = Stepper(model, batch, [site])
    stepper.start()
    for tokens in ([5, 6, 7], [8, 9, 10], [11, 12, 13], [14, 15, 16]):
        stepper.feed(tokens)
    stepper.forget(0, 3)  # the rows differ in how far they go back
    stepper.forget(2, 1)
    reading = stepper.feed([20, 21, 22])
    for row, text in enumerate([[5, 20], [6, 9, 12, 15, 21], [7, 10, 13, 22]]):
        torch.testing.assert_close(reading.logits[row], _fresh(model, batch, row, text), rtol=1e-4, atol=1e-4)
    stepper.keep([0, 2])
    reading = stepper.feed([23, 24])
    for row, prompt, text in ((0, 0, [5, 20, 23]), (1, 2, [7, 10, 13, 22, 24])):
        torch.testing.assert_close(reading.logits[row], _fresh(model, batch, prompt, text), rtol=1e-4, atol=1e-4)
    assert reading.states[site].shape == (2, 32)


def test_a_row_alone_is_cut_off_in_the_cache_itself():
    model = language_model()
    stepper = Stepper(model, {"input_ids": torch.tensor([[3, 4, 5]])})
    stepper.start()
    for token in (6, 7, 8):
        stepper.feed([token])
    stepper.forget(0, 2)
    assert stepper._cache.get_seq_length() == 4
    torch.testing.assert_close(
        stepper.feed([9]).logits[0],
        _fresh(model, {"input_ids": torch.tensor([[3, 4, 5]]), "attention_mask": torch.ones(1, 3)}, 0, [6, 9]),
        rtol=1e-4,
        atol=1e-4,
    )


def test_no_hook_is_left_and_what_cannot_be_used_is_refused():
    model, batch = language_model(), prompts()
    Stepper(model, batch, ["resid.0"]).start()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    with pytest.raises(InputError, match=r"no site 'resid\.9'"):
        Stepper(model, batch, ["resid.9"])
    with pytest.raises(InputError, match="padding") as caught:
        Stepper(model, {**batch, "attention_mask": batch["attention_mask"].flip(1)})
    assert "left" in caught.value.hint
    with pytest.raises(InputError, match="no tokens"):
        Stepper(model, {**batch, "attention_mask": torch.zeros_like(batch["attention_mask"])})
    stepper = Stepper(model, batch)
    stepper.start()
    with pytest.raises(InputError, match="was fed 0 tokens"):
        stepper.forget(0, 1)
    with pytest.raises(InputError, match="3 rows"):
        stepper.feed([1])


def test_what_keeps_no_tokens_or_hides_where_its_images_stand_is_refused():
    with pytest.raises(InputError, match="do not keep every token") as caught:
        Stepper(state_space_model(), prompts())
    assert "watching" in caught.value.hint
    batch = with_planar_images(prompts())
    for name, match in (("image_grid_thw", "three dimensions"), ("mm_token_type_ids", "needs mm_token_type_ids")):
        with pytest.raises(InputError, match=match):
            Stepper(planar_model(), {key: one for key, one in batch.items() if key != name})
