"""Adapters in NumPy: as PyTorch applies them, as safetensors reads them, and whole or not at all on disk."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import CorruptionError, InputError
from seme.retrieval import DenseIndex
from seme.retrieval.adapter import ACTIVATIONS, Adapter, Residual
from seme.retrieval.tensors import read_tensors, write_tensors


def residual(seed: int, activation="identity", rank: int = 3, dim: int = 8) -> Residual:
    rng = np.random.default_rng(seed)
    keys, values = rng.normal(size=(rank, dim)), 0.3 * rng.normal(size=(dim, rank))
    return Residual(keys.astype(np.float32), values.astype(np.float32), activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numpy_and_pytorch_agree(activation):
    torch = pytest.importorskip("torch")
    from seme.embeddings.adapters import LowRankAdapter

    one, module = residual(0, activation), LowRankAdapter(8, 3, activation)
    module.load_state_dict({"keys": torch.from_numpy(one.keys), "values": torch.from_numpy(one.values)})
    vectors = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    expected = module(torch.from_numpy(vectors)).detach().numpy()
    np.testing.assert_allclose(one.apply(vectors), expected, atol=1e-6)


@pytest.mark.parametrize("sides", [(0, 1), (0, None), (None, 1), (None, None)])
def test_what_is_saved_is_read(tmp_path, sides):
    made = Adapter("toy", *(None if seed is None else residual(seed, "relu") for seed in sides))
    found = Adapter.open(made.save(tmp_path / "adapter"), encoder="toy")
    vectors = np.random.default_rng(1).normal(size=(5, 8))
    assert (found.adapt_queries(vectors) == made.adapt_queries(vectors)).all()
    assert (found.adapt_documents(vectors) == made.adapt_documents(vectors)).all()
    assert found.index_encoder == made.index_encoder
    assert (found.index_encoder == "toy") == (sides[1] is None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter"]
    with pytest.raises(InputError, match="exists already"):
        made.save(tmp_path / "adapter")
    with pytest.raises(InputError, match="for the encoder toy, not other"):
        Adapter.open(tmp_path / "adapter", encoder="other")


def test_an_index_of_moved_documents_is_not_one_of_the_encoders(tmp_path):
    adapter = Adapter("toy", documents=residual(0))
    index = DenseIndex(8, encoder=adapter.index_encoder)
    index.add(["a"], adapter.adapt_documents(np.ones((1, 8))))
    index.save(tmp_path / "index")
    with pytest.raises(InputError, match="was built with toy\\+"):
        DenseIndex.open(tmp_path / "index", encoder="toy")


def test_tensors_are_those_of_safetensors(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones((1, 4), dtype=np.float32)}
    write_tensors(tmp_path / "ours", arrays)
    library.save_file(arrays, tmp_path / "theirs", metadata={"by": "them"})
    for found in (library.load_file(tmp_path / "ours"), read_tensors(tmp_path / "theirs")):
        assert found.keys() == arrays.keys()
        assert all((found[name] == arrays[name]).all() for name in arrays)
    library.save_file({"a": np.ones(3)}, tmp_path / "double")
    with pytest.raises(CorruptionError, match="float32"):
        read_tensors(tmp_path / "double")


@pytest.mark.parametrize("cut", [0, 4, 30, -1])
def test_damage_is_named(tmp_path, cut):
    folder = Adapter("toy", residual(0)).save(tmp_path / "adapter")
    file = folder / "adapter.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(CorruptionError, match="adapter"):
        Adapter.open(folder)
    (folder / "adapter.json").write_text("[]")
    with pytest.raises(CorruptionError, match="cannot be read"):
        Adapter.open(folder)
    with pytest.raises(InputError, match=r"no adapter\.json"):
        Adapter.open(tmp_path)


def test_what_does_not_fit_is_refused():
    one = residual(0)
    for wrong, words in ((np.ones((2, 7)), r"expected \(n, 8\)"), (np.full((1, 8), np.nan), "not finite")):
        with pytest.raises(InputError, match=words):
            one.apply(wrong)
    with pytest.raises(InputError, match="vector 1 is zero"):
        one.apply(np.stack([np.ones(8), np.zeros(8)]))
    with pytest.raises(InputError, match=r"expected \(r, D\) and \(D, r\)"):
        Residual(one.keys, one.keys)
    with pytest.raises(InputError, match="activation is 'tanh'"):
        Residual(one.keys, one.values, "tanh")
    with pytest.raises(InputError, match="queries have 8 dimensions and documents 6"):
        Adapter("toy", one, residual(0, dim=6))
