"""Streaming the activations of many batches to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from pathlib import Path
from typing import Any, TypeAlias

import filelock
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.capturing import capture
from seme.interp.activations.fingerprint import chained_hash, model_hash, model_name
from seme.interp.activations.journal import Journal
from seme.interp.activations.rows import RowDtype, Stored, check_dtype, decode, encode
from seme.interp.activations.sites import Site, SiteNames, resolve_all
from seme.interp.activations.store import Store

Batch: TypeAlias = Mapping[str, Any]
ShowProgress: TypeAlias = Callable[[Iterable[Batch], str, float | None], Iterable[Batch]]


def record(
    model: nn.Module,
    batches: Iterable[Batch],
    sites: SiteNames,
    *,
    folder: Path | str,
    dtype: RowDtype = "float32",
    exclude_first: bool = True,
    shard_bytes: int = 1 << 28,
    commit_every: int = 1,
    name: str = "",
    progress: ShowProgress | None = None,
) -> dict[str, Store]:
    """Record what flows through some sites of a model, one row a token, in a folder.

    Memory is that of one batch. A recording that was killed goes on where it was when it is called again with the same
    arguments, and ends with the same bytes; one that is finished is opened. The batches that are already recorded are
    not run again, but compared with what was recorded.

    Parameters
    ----------
    model
        A transformers model in evaluation mode; forward passes stop at the last site that is needed.
    batches
        Dicts of the model's arguments. Each sequence is a document. With an `attention_mask` (0 or 1) padding, on
        either side, is left out.
    sites
        Names, globs or `Site`s. Rows of heads lie side by side (`Store.description.heads`).
    folder
        Where to write; each site gets a folder of its own, named after it.
    dtype
        How rows are stored: `float32`, `bfloat16` (relative error up to 2^-8) or `int8` (error up to the largest
        element of the row over 254).
    exclude_first
        Leave out the first token of each sequence, which attends only to itself and is often an outlier.
    shard_bytes
        The largest size of one file.
    commit_every
        Commit after so many batches; what follows the last commit is repeated after a kill.
    name
        The model's name, where its configuration does not say it.
    progress
        Called as `progress(batches, label, total)` (`Context.progress` is one); what it yields is recorded.

    Returns
    -------
    dict
        An open `Store` by the name of the site.

    Raises
    ------
    InputError
        If an argument is wrong, the model is in training mode, the folder holds other settings or other batches, a
        site's tensor is not (batch, tokens, ...) or holds NaN or infinity, no token is left, or another process is
        recording there.
    CorruptionError
        If files in the folder are not what was committed.
    """
    check_dtype(dtype)
    _check(model, shard_bytes, commit_every)
    found = {site.name: site for site in resolve_all(model, sites)}
    settings = {
        "model_name": name or model_name(model),
        "model_hash": model_hash(model),
        "sites": {key: {"path": site.path, "port": site.port, "heads": site.heads} for key, site in found.items()},
        "dtype": dtype,
        "exclude_first": exclude_first,
        "shard_bytes": shard_bytes,
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        journal = Journal(folder, settings)
        label = f"Recording {', '.join(found) if len(found) < 4 else f'{len(found)} sites'}"
        total = len(batches) if isinstance(batches, Sized) else None
        try:
            _run(model, batches if progress is None else progress(batches, label, total), found, journal, commit_every)
        finally:
            journal.close()
    return {key: Store.open(journal.site_folder(key)) for key in found}


def _run(
    model: nn.Module, batches: Iterable[Batch], sites: Mapping[str, Site], journal: Journal, commit_every: int
) -> None:
    done, chain = journal.progress.batches, ""
    number = 0
    for number, batch in enumerate(batches, start=1):
        chain = chained_hash(chain, batch)
        if number == done and chain != journal.progress.chain:
            raise _other_batches(journal)
        if number <= done:
            continue
        if journal.progress.finished:
            raise _other_batches(journal)
        _add(model, batch, sites, journal)
        journal.progress.chain = chain
        if number % commit_every == 0:
            journal.commit()
    if number < done:
        raise _other_batches(journal)
    if journal.progress.rows == 0:
        raise InputError("no token was left to record", hint="exclude_first=False keeps sequences of one token")
    if not journal.progress.finished:
        journal.finish()


def _add(model: nn.Module, batch: Batch, sites: Mapping[str, Site], journal: Journal) -> None:
    values = capture(model, batch, sites.values())
    progress, settings = journal.progress, journal.settings
    documents, positions = _kept_tokens(batch, values, exclude_first=bool(settings["exclude_first"]))
    stored: dict[str, Stored] = {}
    moments = []
    for key, tensor in values.items():
        rows = tensor[documents.to(tensor.device), positions.to(tensor.device)].flatten(1)
        stored[key] = encode(rows, settings["dtype"])
        moments.append(_moments(stored[key], settings["dtype"], key))
        if progress.widths.setdefault(key, rows.shape[1]) != rows.shape[1]:
            raise InputError(f"site {key}: rows of width {progress.widths[key]} came first, now {rows.shape[1]}")
    index = torch.stack([documents + progress.documents, _places(batch, documents, positions)], dim=1)
    journal.append(stored, index.to(torch.int32).numpy(), np.concatenate(moments))
    progress.batches += 1
    progress.rows += len(index)
    progress.documents += len(next(iter(values.values())))


def _kept_tokens(
    batch: Batch, values: Mapping[str, torch.Tensor], *, exclude_first: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sequence and the place in it of every token that is to be recorded."""
    mask = _mask(batch, values)
    for key, tensor in values.items():
        if tensor.dim() < 3 or tensor.shape[:2] != mask.shape:
            raise InputError(
                f"site {key} has shape {tuple(tensor.shape)}; (batch, tokens, ...) with {tuple(mask.shape)} is wanted"
            )
    kept = mask & ((mask.cumsum(dim=1) > 1) | (not exclude_first))
    documents, places = kept.nonzero(as_tuple=True)
    return documents, places


def _mask(batch: Batch, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
    mask = batch.get("attention_mask")
    if mask is None:
        return torch.ones(next(iter(values.values())).shape[:2], dtype=torch.bool)
    if not isinstance(mask, torch.Tensor) or mask.dim() != 2:
        raise InputError("attention_mask has to be a tensor of (batch, tokens) for a recording")
    return mask.cpu() != 0


def _places(batch: Batch, documents: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Return positions counted from the first token that is not padding."""
    mask = batch.get("attention_mask")
    return positions if mask is None else (mask.cpu() != 0).cumsum(dim=1)[documents, positions] - 1


def _moments(stored: Stored, dtype: RowDtype, site: str) -> npt.NDArray[np.float64]:
    rows = decode(stored, dtype).astype(np.float64)
    found = np.append(rows.sum(axis=0), np.linalg.norm(rows, axis=1).sum())
    if not np.isfinite(found).all():
        raise InputError(f"site {site} holds NaN or infinity", hint="Load the model in float32 or bfloat16")
    return found


def _check(model: nn.Module, shard_bytes: int, commit_every: int) -> None:
    if model.training:
        raise InputError(f"{type(model).__name__} is in training mode, where dropout is random", hint="model.eval()")
    for key, value in {"shard_bytes": shard_bytes, "commit_every": commit_every}.items():
        if value < 1:
            raise InputError(f"{key} is {value}; it may be 1 or more")


def _lock(folder: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(folder / "writer.lock")
    try:
        return lock.acquire(timeout=0).lock
    except filelock.Timeout as error:
        raise InputError(f"another process is recording in {folder}", hint="Wait for it, or name another") from error


def _other_batches(journal: Journal) -> InputError:
    return InputError(
        f"{journal.folder} holds a recording of other batches ({journal.progress.batches} of them)",
        hint="Name another folder, or delete this one",
    )
