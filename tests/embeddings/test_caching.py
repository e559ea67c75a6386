"""Kept vectors: computed once, resumed after an interruption, never confused, never damaged in silence."""

from __future__ import annotations

import numpy as np
import pytest

from seme.embeddings import caching
from seme.embeddings.caching import encode_cached
from seme.errors import CorruptionError, InputError


def _lengths(texts):
    return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_texts_are_encoded_once_and_vectors_belong_to_encoder_and_texts(tmp_path):
    calls = []

    def encode(texts):
        calls.append(list(texts))
        return _lengths(texts)

    first = encode_cached(encode, ["a", "bcd"], name="lengths", folder=tmp_path)
    assert first.tolist() == [[1, 1], [3, 1]]
    assert np.array_equal(encode_cached(encode, ["a", "bcd"], name="lengths", folder=tmp_path), first)
    assert len(calls) == 1
    encode_cached(encode, ["bcd", "a"], name="lengths", folder=tmp_path)
    encode_cached(encode, ["a", "bcd"], name="other", folder=tmp_path)
    encode_cached(encode, ["ab", "cd"], name="lengths", folder=tmp_path)
    assert len(calls) == 4
    assert len(list(tmp_path.iterdir())) == 4


def test_what_was_encoded_before_an_interruption_is_not_encoded_again(tmp_path, monkeypatch):
    monkeypatch.setattr(caching, "_PIECE", 2)
    texts = [str(i) * i for i in range(1, 6)]
    done = []

    def broken(part):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(part)
        return _lengths(part)

    with pytest.raises(KeyboardInterrupt):
        encode_cached(broken, texts, name="lengths", folder=tmp_path)
    later = []
    found = encode_cached(lambda part: later.append(part) or _lengths(part), texts, name="lengths", folder=tmp_path)
    assert later == [texts[4:]]
    assert np.array_equal(found, _lengths(texts))
    assert len(list(tmp_path.iterdir())) == 1


def test_bad_vectors_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="texts is empty"):
        encode_cached(_lengths, [], name="lengths", folder=tmp_path)
    with pytest.raises(InputError, match=r"gave \(1, 2\) for 2 texts"):
        encode_cached(lambda texts: _lengths(texts[:1]), ["a", "b"], name="lengths", folder=tmp_path)
    with pytest.raises(InputError, match="not finite"):
        encode_cached(lambda texts: _lengths(texts) * np.nan, ["a"], name="lengths", folder=tmp_path)
    assert not list(tmp_path.iterdir())
    encode_cached(_lengths, ["a", "b"], name="lengths", folder=tmp_path)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(CorruptionError, match="cannot be read"):
        encode_cached(_lengths, ["a", "b"], name="lengths", folder=tmp_path)
