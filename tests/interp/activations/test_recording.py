"""What is recorded is what was captured, wherever the recording was stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from interp.activations import recorder
from interp.activations.families import HEADS, WIDTH, hook_count, make_batch, make_model
from seme.errors import CorruptionError, InputError
from seme.interp.activations import Store, capture, edit, record

SITES = ["resid.0", "mlp.1.neurons", "attn.1.heads"]


def fail(tensor):
    raise AssertionError("this site was not to be reached")


def expected_rows(model, batches, site, *, exclude_first=True):
    """Return what is to be recorded, token by token: rows, documents and positions."""
    rows, index, document = [], [], 0
    for batch in batches:
        tensor = capture(model, batch, site)[site].flatten(2)
        for sequence, mask in zip(tensor, batch["attention_mask"], strict=True):
            tokens = sequence[mask.bool()]
            for position in range(int(exclude_first), len(tokens)):
                rows.append(tokens[position])
                index.append((document, position))
            document += 1
    return torch.stack(rows).numpy(), np.array(index)


@pytest.mark.parametrize("padding", ["left", "right"])
@pytest.mark.parametrize("exclude_first", [True, False])
def test_float32_rows_are_the_captured_bits(tmp_path, padding, exclude_first):
    model = make_model("llama")
    batches = [make_batch("llama", sequences=n, padding=padding) for n in (2, 1, 3)]
    stores = record(model, batches, SITES, folder=tmp_path, exclude_first=exclude_first, shard_bytes=1000)
    for site in SITES:
        rows, index = expected_rows(model, batches, site, exclude_first=exclude_first)
        store = stores[site]
        assert np.array_equal(store.rows(slice(None)), rows)
        assert np.array_equal(store.index, index)
        np.testing.assert_allclose(store.mean, rows.astype(np.float64).mean(axis=0), rtol=1e-6, atol=1e-8)
        assert store.norm == pytest.approx(np.linalg.norm(rows.astype(np.float64), axis=1).mean())
        assert (store.site, store.description.documents) == (site, 6)
    assert stores["attn.1.heads"].description.heads == HEADS
    assert hook_count(model) == 0


@pytest.mark.parametrize(("dtype", "row_bytes"), [("bfloat16", 2 * WIDTH), ("int8", WIDTH + 4)])
def test_small_types_stay_within_their_error(tmp_path, dtype, row_bytes):
    model, batches = make_model("gpt2"), [make_batch("gpt2", sequences=4)]
    store = record(model, batches, "resid.1", folder=tmp_path, dtype=dtype)["resid.1"]
    rows, _ = expected_rows(model, batches, "resid.1")
    found = store.rows(slice(None))
    if dtype == "bfloat16":
        assert np.array_equal(found, torch.from_numpy(rows).bfloat16().float().numpy())
        assert np.all(np.abs(found - rows) <= np.abs(rows) * 2.0**-8)
    else:
        largest = np.abs(rows).max(axis=1, keepdims=True)
        assert np.all(np.abs(found - rows) <= largest / 254 * (1 + 1e-5))
    assert store.nbytes == len(rows) * row_bytes


def test_rows_of_nothing_but_zero_survive_int8(tmp_path):
    model = make_model("llama")
    with edit(model, {"resid.0": torch.zeros_like}):
        stores = record(model, [make_batch("llama")], "resid.0", folder=tmp_path, dtype="int8")
    assert not stores["resid.0"].rows(slice(None)).any()


def test_a_forward_stops_at_the_last_site(tmp_path):
    model = make_model("llama")
    with edit(model, {"resid.1": fail}):
        assert len(record(model, [make_batch("llama")], "mlp.1", folder=tmp_path)["mlp.1"]) == 13


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("dtype", "kill_at"), [("int8", 2), ("float32", 7)])  # before and after the first commit
def test_a_killed_recording_goes_on_and_ends_with_the_same_bytes(tmp_path, dtype, kill_at):
    command = [sys.executable, recorder.__file__, str(tmp_path / "killed"), dtype, str(kill_at)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with pytest.raises(InputError, match="no finished store"):
        Store.open(tmp_path / "killed" / "blocks.0")
    recorder.main(str(tmp_path / "killed"), dtype)
    recorder.main(str(tmp_path / "whole"), dtype)
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert len(list((tmp_path / "whole" / "blocks.0").glob("values-*.bin"))) > 1


def test_rows_behind_the_last_commit_are_cut_off(tmp_path):
    model, batches = recorder.Plain().eval(), list(recorder.batches())

    def interrupted():
        yield from batches[:7]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(model, interrupted(), "blocks.0", folder=tmp_path / "a", commit_every=4)
    assert hook_count(model) == 0
    with (tmp_path / "a" / "blocks.0" / "values-00000.bin").open("ab") as file:
        file.write(b"half a row")
    record(model, batches, "blocks.0", folder=tmp_path / "a", commit_every=4)
    record(model, batches, "blocks.0", folder=tmp_path / "b", commit_every=4)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_finished_recording_is_opened_without_running_the_model(tmp_path):
    model, batches = make_model("llama"), [make_batch("llama")]
    before = record(model, batches, "resid.0", folder=tmp_path)["resid.0"].rows(slice(None))
    with edit(model, {"resid.0": fail}):
        again = record(model, batches, "resid.0", folder=tmp_path)["resid.0"]
    assert np.array_equal(again.rows(slice(None)), before)


def test_another_model_other_batches_or_settings_are_refused(tmp_path):
    model, batches = recorder.Plain().eval(), list(recorder.batches())
    record(model, batches[:3], "blocks.0", folder=tmp_path)
    for other in (batches[:2], batches[:4], batches[1:4]):
        with pytest.raises(InputError, match="other batches"):
            record(model, other, "blocks.0", folder=tmp_path)
    with pytest.raises(InputError, match="with dtype 'float32', not 'int8'"):
        record(model, batches[:3], "blocks.0", folder=tmp_path, dtype="int8")
    with torch.no_grad():
        next(model.parameters())[0, 0] += 1
    with pytest.raises(InputError, match="model_hash"):
        record(model, batches[:3], "blocks.0", folder=tmp_path)


def test_memory_is_that_of_a_batch(tmp_path):
    model = make_model("llama")

    def peak(count: int) -> int:
        tracemalloc.start()
        record(
            model, (make_batch("llama", sequences=64) for _ in range(count)), "resid.0", folder=tmp_path / str(count)
        )
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is loaded once
    few, many = peak(4), peak(40)
    written = (tmp_path / "40" / "resid.0" / "values-00000.bin").stat().st_size
    assert written > 2_000_000
    assert many - few < written / 10


def test_bad_input_is_refused_with_the_reason(tmp_path):
    model, batch = make_model("llama"), make_batch("llama")
    for arguments, message in (
        ({"dtype": "float16"}, "dtype is 'float16'; it may be float32, bfloat16, int8"),
        ({"shard_bytes": 0}, "shard_bytes is 0"),
        ({"commit_every": 0}, "commit_every is 0"),
    ):
        with pytest.raises(InputError, match=message):
            record(model, [batch], "resid.0", folder=tmp_path / "bad", **arguments)
    with pytest.raises(InputError, match="training mode"):
        record(make_model("llama").train(), [batch], "resid.0", folder=tmp_path / "bad")
    with pytest.raises(InputError, match="no token was left"):
        record(model, [], "resid.0", folder=tmp_path / "none")
    with pytest.raises(InputError, match="no token was left"):
        record(model, [make_batch("llama", sequences=1, tokens=1)], "resid.0", folder=tmp_path / "first")
    nan = edit(model, {"resid.0": lambda x: x * float("nan")})
    with pytest.raises(InputError, match="holds NaN"), nan:
        record(model, [batch], "resid.0", folder=tmp_path / "nan")
    with pytest.raises(InputError, match=r"has shape .*is wanted"):
        record(make_model("vit"), [make_batch("vit")], "classifier", folder=tmp_path / "vit")


def test_files_that_were_cut_are_noticed(tmp_path):
    model, batches = make_model("llama"), [make_batch("llama")]
    record(model, batches, "resid.0", folder=tmp_path)
    path = tmp_path / "resid.0" / "values-00000.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptionError, match="missing or was cut"):
        Store.open(tmp_path / "resid.0")
