"""The page for newcomers: its commands and its code, run as they stand on a model that was just made."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from typer.testing import CliRunner

from seme.assets import load_texts
from seme.cli import app
from seme.interp.atoms import AtomDictionary
from seme.interp.dictionaries import load_dictionary
from seme.report import Report
from seme.settings import settings

PAGE = (Path(__file__).parents[2] / "docs" / "methods" / "my-own-model.md").read_text(encoding="utf-8")
COMMANDS = [
    command.replace("\\\n", " ")
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for command in re.split(r"(?<!\\)\n", block.strip())
]
LESS = {
    "--rows": "1500",
    "--samples": "5",
    "--steps": "20",
    "--seeds": "1",
    "--grid": "1",
    "--grid-steps": "5",
    "--batch-size": "64",
}
"""What a test can wait for, in place of what a command asks for."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Make a folder with a model, a tokenizer and texts of one's own."""
    folder = tmp_path_factory.mktemp("own")
    texts = load_texts("stdlib-docs", 300)
    (folder / "path/to/your/texts").mkdir(parents=True)
    (folder / "path/to/your/texts/all.txt").write_text("\n\n".join(texts), encoding="utf-8")
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocab_size=600, special_tokens=["<s>", "</s>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, bos_token="<s>", eos_token="</s>")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=7,
        num_attention_heads=4,
        num_key_value_heads=2,
        bos_token_id=0,
        eos_token_id=1,
        max_position_embeddings=128,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder / "path/to/your/model")
    tokenizer.save_pretrained(folder / "path/to/your/model")
    return folder


def test_the_page_has_a_quick_and_a_long_command():
    assert ["--quick" in command for command in COMMANDS] == [True, False]


@pytest.fixture
def home(place, monkeypatch):
    """Let commands write beside the model; the settings of a process are read once."""
    monkeypatch.setenv("SEME_HOME", str(place / "home"))
    settings.cache_clear()
    yield place / "home"
    settings.cache_clear()


@pytest.mark.filterwarnings("ignore:.*worse than their mean")
@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_find_the_atoms_of_a_folder(command, place, home, monkeypatch):
    monkeypatch.chdir(place)
    program, *words = shlex.split(command)
    assert program == "seme"
    for flag, value in LESS.items():
        if flag in words:
            words[words.index(flag) + 1] = value
        elif "--quick" not in command:
            words += [flag, value]
    if "--quick" not in command:
        words.append("--quick")  # for what no flag makes shorter
    ran = CliRunner().invoke(app, words, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    folder = max((home / "runs" / "atoms").glob("*"), key=lambda run: run.stat().st_mtime_ns)
    report = Report.read(folder)
    assert [page.name for page in report.pages] == ["Atoms of resid.6"]
    assert "path/to/your/model" in report.page_html("atoms-of-resid-6")
    atoms = load_dictionary(folder / "dictionaries" / "resid.6")
    assert isinstance(atoms, AtomDictionary)
    assert (atoms.site_, atoms.n_features_in_) == ("resid.6", 32)


@pytest.mark.filterwarnings("ignore:.*worse than their mean")
def test_the_code_runs_from_the_folder_to_the_page(place, monkeypatch, tmp_path, capsys):
    (tmp_path / "path").symlink_to(place / "path")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(block.replace("steps=2000", "steps=10"), names)  # noqa: S102  # the page's code is what is tested
    assert "'r2'" in capsys.readouterr().out
    html = (tmp_path / "atoms-of-resid-6.html").read_text(encoding="utf-8")
    assert "AtomDictionary at resid.6" in html
    assert html.count('class="unit"') >= 20
    assert "Raises" in html
    saved, made = load_dictionary("atoms-of-resid-6"), names["atoms"]
    assert (saved.atoms_ == made.atoms_).all()
