"""Checkpoint folders of SAELens and sparsify, against what those packages compute from them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import clone

from seme.errors import CorruptionError, InputError
from seme.interp.activations import as_store
from seme.interp.dictionaries import (
    TSAE,
    BatchTopK,
    Gated,
    JumpReLU,
    Matryoshka,
    ReLU,
    TopK,
    planted_truth,
    read_saelens,
    read_sparsify,
    write_saelens,
    write_sparsify,
)
from seme.interp.dictionaries.site_names import hook_of_site, site_of_hook

KINDS = [
    (TSAE(48, l0=4), "jumprelu"),
    (JumpReLU(48), "jumprelu"),
    (BatchTopK(48, k=4), "jumprelu"),
    (Matryoshka(48, k=4), "jumprelu"),
    (TopK(48, k=4), "topk"),
    (ReLU(48), "standard"),
    (Gated(48), "gated"),
]


@pytest.fixture(scope="module")
def rows():
    return planted_truth(n=800, atoms=48, width=16, active=3).rows


def fit(dictionary, rows):
    settings = {"steps": 40, "batch_size": 200, "device": "cpu", "learning_rate": 5e-3}
    return clone(dictionary).set_params(**settings).fit(as_store(rows, site="resid.6", model_name="gpt2"))


def saelens_forward(config, weights, x):
    """Compute codes and reconstruction as the format defines them, in float64."""
    w = {name: tensor.double() for name, tensor in weights.items()}
    inner = torch.from_numpy(x).double() - w["b_dec"] * config["apply_b_dec_to_input"]
    if config["architecture"] == "gated":
        gate = inner @ w["W_enc"] + w["b_gate"]
        codes = (gate > 0) * torch.relu(inner @ (w["W_enc"] * w["r_mag"].exp()) + w["b_mag"])
        return codes, codes @ w["W_dec"] + w["b_dec"]
    pre = inner @ w["W_enc"] + w["b_enc"]
    lengths = w["W_dec"].norm(dim=1)
    if config.get("rescale_acts_by_decoder_norm"):
        pre = pre * lengths
    codes = torch.relu(pre)
    if config["architecture"] == "jumprelu":
        codes = codes * (pre > w["threshold"])
    if config["architecture"] == "topk":
        values, indices = pre.topk(config["k"])
        codes = torch.zeros_like(pre).scatter(1, indices, torch.relu(values))
    decoded = codes / lengths if config.get("rescale_acts_by_decoder_norm") else codes
    return codes, decoded @ w["W_dec"] + w["b_dec"]


@pytest.mark.parametrize(("dictionary", "architecture"), KINDS, ids=[type(kind).__name__ for kind, _ in KINDS])
def test_what_is_written_for_saelens_means_the_same_there(dictionary, architecture, rows, tmp_path):
    fitted = fit(dictionary, rows)
    folder = write_saelens(fitted, tmp_path / "sae")
    assert sorted(path.name for path in folder.iterdir()) == ["cfg.json", "sae_weights.safetensors"]
    config, weights = json.loads((folder / "cfg.json").read_text()), load_file(folder / "sae_weights.safetensors")
    assert (config["architecture"], config["d_in"], config["d_sae"]) == (architecture, 16, 48)
    assert config["metadata"] == {"model_name": "gpt2", "hook_name": "blocks.6.hook_resid_post"}
    codes, made = saelens_forward(config, weights, rows)
    np.testing.assert_allclose(fitted.transform(rows), codes, atol=1e-4)
    np.testing.assert_allclose(fitted.reconstruct(rows), made, atol=1e-4)
    again = read_saelens(folder)
    assert (again.site_, again.model_name_) == ("resid.6", "gpt2")
    assert np.array_equal(again.transform(rows), fitted.transform(rows))
    assert np.array_equal(again.reconstruct(rows), fitted.reconstruct(rows))


@pytest.mark.parametrize("architecture", ["standard", "jumprelu", "topk", "gated"])
@pytest.mark.parametrize("applied", [True, False])
def test_folders_with_a_free_decoder_and_another_use_of_the_bias_are_read(architecture, applied, rows, tmp_path):
    torch.manual_seed(0)
    config = {
        "architecture": architecture,
        "d_in": 16,
        "d_sae": 24,
        "apply_b_dec_to_input": applied,
        "normalize_activations": "none",
        "k": 5,
        "rescale_acts_by_decoder_norm": architecture == "topk" and applied,
        "hook_name": "blocks.0.hook_resid_pre",  # SAELens 5 kept it here
        "model_name": "pythia",
    }
    weights = {"W_enc": torch.randn(16, 24), "W_dec": torch.randn(24, 16), "b_dec": torch.randn(16)}
    extra = ["b_gate", "b_mag", "r_mag"] if architecture == "gated" else ["b_enc"]
    weights |= {name: torch.randn(24) / 2 for name in extra}
    if architecture == "jumprelu":
        weights["threshold"] = torch.rand(24)
    (tmp_path / "cfg.json").write_text(json.dumps(config))
    save_file(weights, tmp_path / "sae_weights.safetensors")
    found = read_saelens(tmp_path)
    _, made = saelens_forward(config, weights, rows)
    np.testing.assert_allclose(found.reconstruct(rows), made, atol=1e-4)
    assert (found.site_, found.model_name_) == ("resid.embed", "pythia")
    with pytest.raises(InputError, match="width 15"):
        found.encode(rows[:, 1:])


def test_saelens_folders_that_cannot_be_meant_are_refused(rows, tmp_path):
    folder = write_saelens(fit(TopK(48, k=4), rows), tmp_path / "sae")
    config = json.loads((folder / "cfg.json").read_text())
    for change, kind, message in (
        ({"architecture": "temporal"}, InputError, "a 'temporal'; what can be read is standard, topk"),
        ({"normalize_activations": "layer_norm"}, InputError, "scaled by 'layer_norm'"),
        ({"architecture": "gated"}, CorruptionError, "contradict each other"),
    ):
        (folder / "cfg.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(kind, match=message):
            read_saelens(folder)
    with pytest.raises(InputError, match=r"no cfg.json"):
        read_saelens(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sparsify_folders_are_written_and_read(rows, tmp_path, dtype):
    fitted = fit(TopK(48, k=4), rows)
    folder = write_sparsify(fitted, tmp_path / "layers.6")
    config, weights = json.loads((folder / "cfg.json").read_text()), load_file(folder / "sae.safetensors")
    assert (config["d_in"], config["num_latents"], config["k"]) == (16, 48, 4)
    weights = {name: tensor.to(dtype) for name, tensor in weights.items()}
    save_file(weights, folder / "sae.safetensors")
    w = {name: tensor.double() for name, tensor in weights.items()}
    pre = torch.relu((torch.from_numpy(rows).double() - w["b_dec"]) @ w["encoder.weight"].T + w["encoder.bias"])
    values, indices = pre.topk(config["k"])
    made = torch.zeros_like(pre).scatter(1, indices, values) @ w["W_dec"] + w["b_dec"]
    again = read_sparsify(folder, site="resid.6")
    np.testing.assert_allclose(again.reconstruct(rows), made, atol=1e-4)
    assert again.site_ == "resid.6"
    if dtype == torch.float32:
        assert np.array_equal(again.transform(rows), fitted.transform(rows))
    for change in ({"activation": "groupmax"}, {"transcode": True}, {"skip_connection": True}):
        (folder / "cfg.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(InputError, match="what can be read is"):
            read_sparsify(folder)
    (folder / "cfg.json").write_text(json.dumps({**config, "d_in": "?"}))
    with pytest.raises(CorruptionError, match="contradict"):
        read_sparsify(folder)


@pytest.mark.parametrize(
    "site", ["resid.embed", "resid.6", "mlp.0", "mlp.3.neurons", "attn.2", "attn.11.heads", "model.layers.3.mlp", ""]
)
def test_names_of_sites_go_to_hooks_and_back(site):
    assert site_of_hook(hook_of_site(site)) == site


def test_the_stream_before_a_block_is_that_after_the_one_before():
    assert site_of_hook("blocks.7.hook_resid_pre") == "resid.6"
    assert site_of_hook("blocks.7.hook_unknown") == "blocks.7.hook_unknown"


@pytest.mark.parametrize(("dictionary", "architecture"), KINDS, ids=[type(kind).__name__ for kind, _ in KINDS])
def test_sae_lens_itself_reads_what_is_written(dictionary, architecture, rows, tmp_path):
    sae_lens = pytest.importorskip("sae_lens", reason="sae-lens is not installed")
    fitted = fit(dictionary, rows)
    sae = sae_lens.SAE.load_from_disk(write_saelens(fitted, tmp_path / "sae"))
    with torch.no_grad():
        made = sae(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(fitted.reconstruct(rows), made, atol=1e-4)
    sae.save_model(tmp_path / "back")
    assert np.array_equal(read_saelens(tmp_path / "back").transform(rows), fitted.transform(rows))


def test_sparsify_itself_reads_what_is_written(rows, tmp_path):
    sparsify = pytest.importorskip("sparsify", reason="eai-sparsify is not installed")
    fitted = fit(TopK(48, k=4), rows)
    coder = sparsify.SparseCoder.load_from_disk(write_sparsify(fitted, tmp_path / "coder"))
    with torch.no_grad():
        made = coder(torch.from_numpy(rows)).sae_out.numpy()
    np.testing.assert_allclose(fitted.reconstruct(rows), made, atol=1e-4)
    coder.save_to_disk(tmp_path / "back")
    assert np.array_equal(read_sparsify(tmp_path / "back").transform(rows), fitted.transform(rows))
