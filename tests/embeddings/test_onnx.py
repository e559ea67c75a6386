"""The encoder against an independent tokenizer, and its own promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seme.assets.minilm import TOKENIZER, minilm_files
from seme.embeddings.onnx import OnnxEncoder
from seme.errors import AssetError, InputError

try:
    FILES = minilm_files()
except AssetError as error:  # the packages that carry the encoder are not installed
    pytest.skip(f"{error}", allow_module_level=True)

tokenizers = pytest.importorskip("tokenizers")
ENCODER = OnnxEncoder(FILES, threads=1)
ORACLE = tokenizers.Tokenizer.from_file(str(FILES.tokenizer))
ORACLE.no_padding()
ORACLE.no_truncation()


@settings(max_examples=300, deadline=None)
@example("A\u03a3 \u039f\u0394\u039f\u03a3 \u03a3")  # a sigma at a word's end has a small form of its own
@given(
    st.text(
        st.characters(max_codepoint=0x052F, exclude_categories=["Cs", "Cn", "Co"], exclude_characters="[]\x00"),
        max_size=200,
    )
)
def test_word_pieces_are_those_of_the_reference_tokenizer(text: str) -> None:
    assert ENCODER.tokens(text) == ORACLE.encode(text).ids


def test_special_tokens_in_a_text_are_text() -> None:
    assert ENCODER.tokens("[SEP] [MASK] [PAD]").count(102) == 1


def test_meaning_is_in_the_angle() -> None:
    eat, meal, sky = ENCODER.encode(["A man is eating food", "Someone is having a meal", "The sky is blue"])
    assert eat @ meal > 0.6
    assert abs(eat @ sky) < 0.15


def test_batches_change_next_to_nothing() -> None:
    texts = [f"paper {n} " * (n % 40 + 1) for n in range(50)] + [""]
    one = np.stack([ENCODER.encode([text])[0] for text in texts])
    many = ENCODER.encode(texts, batch_size=7)
    assert np.allclose(np.linalg.norm(many, axis=1), 1, atol=1e-5)
    # int8 activations are scaled by the batch's range, so that vectors agree in angle, not in bits
    assert (one * many).sum(axis=1).min() > 0.97


def test_query_vectors_are_remembered() -> None:
    assert ENCODER.encode_query("twice") is ENCODER.encode_query("twice")


def test_a_long_text_is_cut() -> None:
    assert len(ENCODER.tokens("word " * 10_000)) == 256


def test_bad_batch_size() -> None:
    with pytest.raises(InputError, match="batch_size is 0"):
        ENCODER.encode(["x"], batch_size=0)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(FILES.model.read_bytes())
    (tmp_path / TOKENIZER).write_bytes(FILES.tokenizer.read_bytes() + b" ")
    with pytest.raises(AssetError, match="not the file it should be"):
        minilm_files(tmp_path)


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(AssetError) as caught:
        minilm_files(tmp_path)
    assert "SEME_ENCODER_PATH" in caught.value.hint
