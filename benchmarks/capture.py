"""`python -m benchmarks.capture`: what reading activations costs, over a plain forward pass as far as the same layer.

The plain pass is that of the same weights in a model that ends after the layer, without a norm or a head. Both run in
turns on the same batches, each first every other time; the figures are medians of the ratios of such pairs. `record`
also writes the rows to disk. Its memory is measured in a fresh process for each number of tokens.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.recorded import language_model, token_batches
from benchmarks.timing import cpu_and_wall
from benchmarks.writing import Section, start, write
from seme.interp.activations import capture, record

Batches = Sequence[dict[str, Any]]
_MB = 1e6
_KIB = 1024


def shortened(model: nn.Module, layer: int) -> nn.Module:
    """Return the decoder with the blocks up to a layer alone; the weights are shared with the model."""
    short = copy.copy(model.base_model)
    short._modules = dict(short._modules)
    short.layers, short.norm = nn.ModuleList(list(short.layers)[: layer + 1]), nn.Identity()
    short.config = copy.copy(short.config)
    short.config.num_hidden_layers = layer + 1
    return short


@torch.no_grad()
def plain_pass(short: nn.Module, batches: Batches) -> None:
    for batch in batches:
        short(**batch, use_cache=False)


def captured(model: nn.Module, batches: Batches, layer: int) -> None:
    for batch in batches:
        capture(model, {**batch, "use_cache": False}, f"resid.{layer}")


def recorded(model: nn.Module, batches: Batches, layer: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        record(model, [{**batch, "use_cache": False} for batch in batches], f"resid.{layer}", folder=folder)


@torch.no_grad()
def hidden_states(model: nn.Module, batches: Batches) -> None:
    """Read the layer in the way that transformers offers: the whole forward pass, and every layer is kept."""
    for batch in batches:
        model.base_model(**batch, use_cache=False, output_hidden_states=True)


def ratios(plain: Callable[[], None], other: Callable[[], None], pairs: int) -> tuple[float, float, float, float]:
    """Return the median ratio of the other to the plain one, processor and wall, and the quartiles of the former."""
    found: list[tuple[float, float]] = []
    for pair in range(pairs + 1):  # the first one warms up
        order = (plain, other) if pair % 2 else (other, plain)
        taken = {run: cpu_and_wall(run) for run in order}
        if pair:
            found.append((taken[other][0] / taken[plain][0], taken[other][1] / taken[plain][1]))
    cpu, wall = zip(*found, strict=True)
    low, _, high = statistics.quantiles(cpu, n=4)
    return statistics.median(cpu), statistics.median(wall), low, high


def overhead(layers: Sequence[int], tokens: int, pairs: int) -> Section:
    loaded = language_model()
    model, batches = loaded.model, list(token_batches(loaded, tokens))
    rows = []
    for layer in layers:
        short = shortened(model, layer)
        with torch.no_grad():
            whole = short(**batches[0], use_cache=False).last_hidden_state
        assert torch.equal(whole, capture(model, batches[0], f"resid.{layer}")[f"resid.{layer}"])
        ways: dict[str, Callable[[], None]] = {
            "capture": lambda layer=layer: captured(model, batches, layer),
            "record": lambda layer=layer: recorded(model, batches, layer),
            "output_hidden_states": lambda: hidden_states(model, batches),
        }
        for name, way in ways.items():
            turns = pairs if name != "output_hidden_states" else max(2, pairs // 3)  # it takes many times as long
            cpu, wall, low, high = ratios(lambda short=short: plain_pass(short, batches), way, turns)
            rows.append(
                {
                    "way": f"{name}, resid.{layer}",
                    "over the plain pass": f"{100 * (cpu - 1):+.1f} %",
                    "quartiles": f"{100 * (low - 1):+.1f} to {100 * (high - 1):+.1f} %",
                    "by the wall": f"{100 * (wall - 1):+.1f} %",
                    "pairs": turns,
                }
            )
    count = sum(int(batch["attention_mask"].sum()) for batch in batches)
    remarks = [
        f"{len(batches)} batches of 8 texts, {count:,} tokens; processor's time, medians of pairs.",
        "What is captured is equal bit by bit to what the plain pass gives.",
    ]
    return Section("Time over a plain forward pass up to the same layer", rows, remarks)


def memory(sizes: Sequence[int], layer: int) -> Section:
    """Return the peak memory of `record` for growing numbers of tokens, each in a process of its own."""
    rows = []
    for tokens in sizes:
        command = [sys.executable, "-m", "benchmarks.capture", "--memory-of", str(tokens), "--layers", str(layer)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        before, peak, count, width = (int(word) for word in told[-4:])
        rows.append(
            {
                "tokens recorded": count,
                "MB before": before * _KIB / _MB,
                "MB at the peak": peak * _KIB / _MB,
                "MB more": (peak - before) * _KIB / _MB,
                "MB of the rows themselves": 4 * count * width / _MB,
            }
        )
    return Section(f"Memory of record, resid.{layer}", rows, ["The first forward pass is in the memory before."])


def tell_memory(tokens: int, layer: int) -> None:
    """Record so many tokens, and print the memory before and its peak since in KiB, the rows and their width."""
    loaded = language_model()
    stream = token_batches(loaded, tokens)
    capture(loaded.model, next(token_batches(loaded, 1)), f"resid.{layer}")
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on (Linux)
    with tempfile.TemporaryDirectory() as folder:
        store = record(loaded.model, stream, f"resid.{layer}", folder=folder)[f"resid.{layer}"]
        print(before, status("VmHWM"), len(store), store.width)


def status(name: str) -> int:
    """Return what Linux says of this process's memory, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[6, 18])
    parser.add_argument("--tokens", type=int, default=3000, help="of a turn")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 20_000, 80_000], help="tokens, for the memory")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--name", default="capture", help="of the files in benchmarks/results; empty writes none")
    parser.add_argument("--quick", action="store_true", help="one layer, few tokens: shows that it runs")
    given = parser.parse_args()
    if given.quick:
        given.layers, given.tokens, given.pairs, given.sizes, given.name = [6], 1000, 3, [1000, 3000], ""
    surroundings = start()
    if given.memory_of:
        tell_memory(given.memory_of, given.layers[0])
        return
    sections = [overhead(given.layers, given.tokens, given.pairs), memory(given.sizes, given.layers[0])]
    print(write(given.name, "Reading activations", "python -m benchmarks.capture", surroundings, sections))


if __name__ == "__main__":
    main()
