"""The nested losses against sentence-transformers, and their parts against closed forms."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from sentence_transformers.sentence_transformer import losses
from torch.nn import functional as F

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka2d import (
    AnglELoss,
    EspressoLoss,
    TwoDimensionalLoss,
    alignment,
    angle_similarity,
    cosent,
    layer_vectors,
    layer_weight,
    narrow,
    principal_targets,
    truncate,
)
from seme.errors import AssetError, InputError

TEXTS = [["a cat sat", "the dog ran away", "snow"], ["cats sit down", "dogs run", "ice and snow fall"]]


def _columns(seed=0, columns=2, n=6, d=8):
    return torch.randn(columns, n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("name", "weights"), [("CoSENTLoss", {"cosine": 1.0}), ("AnglELoss", {"angle": 1.0})])
def test_base_losses_are_those_of_sentence_transformers(name, weights):
    columns, labels = _columns(), torch.tensor([0.1, 0.5, 0.5, 0.9, 0.0, 1.0], dtype=torch.float64)
    theirs = getattr(losses, name)(model=None).compute_loss_from_embeddings(list(columns), labels)
    ours = AnglELoss(in_batch=0.0, **weights)(columns, labels)
    assert abs(float(theirs - ours)) < 1e-6


def test_the_batch_s_loss_is_the_cross_entropy_of_cosines():
    columns = _columns(columns=3)
    first, others = F.normalize(columns[0], dim=1), F.normalize(columns[1:].flatten(0, 1), dim=1)
    expected = F.cross_entropy(20 * first @ others.T, torch.arange(6))
    assert abs(float(AnglELoss()(columns) - expected)) < 1e-9


def test_cosent_of_equal_labels_is_nothing_and_of_two_pairs_the_formula():
    scores = torch.tensor([0.3, 0.1])
    assert float(cosent(scores, torch.ones(2))) == 0
    expected = math.log(1 + math.exp(20 * 0.2))
    assert abs(float(cosent(scores, torch.tensor([0.0, 1.0]))) - expected) < 1e-5


def test_an_angle_is_that_of_complex_numbers():
    first, second = _columns()
    z, w = (torch.complex(*one.chunk(2, dim=1)) for one in (first, second))
    ratio = (z * w.conj()).sum(1) / (first.norm(dim=1) * second.norm(dim=1))
    assert torch.allclose(angle_similarity(first, second), (ratio.real + ratio.imag).abs())


def test_2dmse_is_its_terms():
    layers = [_columns(seed) for seed in range(4)]
    base = AnglELoss()
    found = TwoDimensionalLoss(base, [2, 4])(layers, drawn=(2, 4))
    expected = base(layers[3]) + base(layers[3][..., :4]) + (base(layers[1]) + base(layers[1][..., :4])) / 2
    expected = expected + alignment(layers[1], layers[3])
    assert torch.allclose(found, expected)


@pytest.fixture(scope="module")
def encoder():
    try:
        return TextEncoder.load("minilm").eval()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")


def test_2dmse_is_that_of_sentence_transformers_where_they_coincide(encoder, tmp_path):
    """With one block, their only prior layer is the embeddings' output; both have all widths then."""
    from sentence_transformers import SentenceTransformer

    small = truncate(encoder, 1).double()
    small.normalise = False
    theirs = SentenceTransformer(str(small.save(tmp_path / "small")), device="cpu").double().eval()
    base = losses.MultipleNegativesRankingLoss(theirs, scale=20.0)
    loss = losses.Matryoshka2dLoss(theirs, base, [384, 32], n_layers_per_step=-1, n_dims_per_step=-1)
    features = [theirs.preprocess(one) if hasattr(theirs, "preprocess") else theirs.tokenize(one) for one in TEXTS]
    with torch.no_grad():
        expected = float(loss(features, None))
        vectors = []
        for one in TEXTS:
            batch = small.tokenise(one)
            vectors.append([small.pooled(states, batch["attention_mask"]) for states in small.layers(batch)])
        layers = [torch.stack(both) for both in zip(*vectors, strict=True)]
        ours = TwoDimensionalLoss(AnglELoss(), [32], weighting="uniform", temperature=0.3)(layers, drawn=(1, 32))
    assert abs(float(ours) - expected) < 1e-6


def test_no_gradient_goes_through_the_teacher():
    student, teacher = _columns(0).requires_grad_(), _columns(1).requires_grad_()
    alignment(student, teacher).backward()
    assert student.grad is not None
    assert teacher.grad is None


def test_draws_leave_out_the_last_layer():
    loss = TwoDimensionalLoss(AnglELoss(), [2, 4])
    generator = torch.Generator().manual_seed(0)
    drawn = {loss.draw(3, generator) for _ in range(100)}
    assert drawn == {(1, 2), (1, 4), (2, 2), (2, 4)}


def test_targets_are_the_decomposition_s():
    x = _columns(n=8)[0]
    likeness = torch.softmax(x.T @ x / 8**0.5, dim=-1)
    target = principal_targets(x, 8)
    values, _ = torch.linalg.eigh(likeness @ likeness.T)
    whole = x @ likeness @ likeness.T @ x.T
    assert torch.allclose(target @ target.T, whole)
    assert torch.allclose(principal_targets(x, 3), target[:, :3])
    assert (values > -1e-12).all()


def test_espresso_without_compression_is_its_terms():
    layers, base = [_columns(seed) for seed in range(3)], AnglELoss()
    found = EspressoLoss(base, 4, compress=0.0)(layers)
    weights = [layer_weight(number, "log") / 2 for number in (1, 2)]
    expected = base(layers[2]) + base(narrow(layers[2], 4))
    expected = expected + sum(w * base(narrow(one, 4)) for w, one in zip(weights, layers[:2], strict=True))
    assert torch.allclose(found, expected)
    assert float(EspressoLoss(base, 4)(layers)) > float(found)


def test_a_truncated_encoder_gives_the_layer_s_vectors_and_is_saved_as_such(encoder, tmp_path):
    short = truncate(encoder, 2)
    batch = encoder.tokenise(TEXTS[0])
    with torch.no_grad():
        expected = F.normalize(layer_vectors(encoder, batch)[1], dim=1)
        assert torch.allclose(short(batch), expected, atol=1e-6)
    again = TextEncoder.load(str(short.save(tmp_path / "short")))
    assert again.depth == again.model.config.num_hidden_layers == 2
    assert encoder.depth == 6
    with torch.no_grad():
        assert torch.allclose(again.eval()(batch), expected, atol=1e-6)


def test_what_does_not_fit_is_refused(encoder):
    layers = [_columns(seed) for seed in range(3)]
    with pytest.raises(InputError, match="layer is 3"):
        TwoDimensionalLoss(AnglELoss(), [2])(layers, drawn=(3, 2))
    with pytest.raises(InputError, match="dim is 9"):
        TwoDimensionalLoss(AnglELoss(), [9])(layers)
    with pytest.raises(InputError, match="labels is missing"):
        AnglELoss(angle=1.0)(layers[0])
    with pytest.raises(InputError, match="for 2 vectors"):
        principal_targets(torch.zeros(2, 8), 3)
    with pytest.raises(InputError, match="layers is 7"):
        truncate(encoder, 7)
    with pytest.raises(InputError, match="even d"):
        angle_similarity(torch.zeros(2, 3), torch.zeros(2, 3))
