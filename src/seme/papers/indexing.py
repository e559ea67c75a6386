"""Keeping the search index in step with the library."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from seme.assets.minilm import minilm_files
from seme.embeddings.onnx import OnnxEncoder
from seme.errors import AssetError, SemeError
from seme.papers.catalogue.vectors import encode_new
from seme.papers.library import Library, StoredPaper
from seme.papers.paper import Paper
from seme.retrieval import BM25Index, DenseIndex
from seme.settings import Settings

CHUNK = 1_000
"""Papers indexed before the index is saved: what a killed run has to do again at most."""

NO_ENCODER = "none"


class TextEncoder(Protocol):
    """What makes the vectors of papers."""

    name: str
    dim: int

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return the vectors (n, dim) of texts."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the index has followed the library, and the encoder of its vectors."""

    revision: int = 0
    key: int = 0
    encoder: str = NO_ENCODER
    library: int = 0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What bringing the index up to date did."""

    indexed: int
    removed: int
    total: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexState:
    """Whether there is an index, how many papers it holds and how many changes it has not seen."""

    present: bool
    papers: int
    behind: int
    encoder: str


def open_encoder(settings: Settings) -> OnnxEncoder:
    """Open the default encoder.

    Raises
    ------
    AssetError
        If its files are missing or not the pinned ones.
    """
    files = minilm_files(settings.encoder_path, cache=settings.home / "models")
    return OnnxEncoder(files, threads=settings.threads)


def indexed_text(paper: Paper) -> str:
    """Return what is searched of a paper: its title, its summary, and its topics and authors."""
    topics = " ".join((*paper.tags, *paper.categories))
    return "\n".join(part for part in (paper.title, paper.summary, topics, ", ".join(paper.authors)) if part)


def embedded_text(paper: Paper) -> str:
    """Return what is turned into a vector: the title and the summary."""
    return f"{paper.title}. {paper.summary}"


def read_position(folder: Path) -> Position:
    """Return how far the index in a folder is; the beginning if there is none."""
    try:
        return Position(**json.loads((folder / "position.json").read_text()))
    except (OSError, ValueError, TypeError):
        return Position()


def index_state(library: Library, settings: Settings) -> IndexState:
    """Compare the index with the library."""
    position = read_position(settings.index_path)
    behind = library.papers.count_changes((position.revision, position.key))
    if not position.revision:
        return IndexState(False, 0, behind, NO_ENCODER)
    try:
        papers = len(BM25Index.open(settings.index_path / "lexical"))
    except SemeError:
        return IndexState(False, 0, behind, position.encoder)
    return IndexState(True, papers, behind, position.encoder)


def refresh_index(
    library: Library,
    settings: Settings,
    *,
    rebuild: bool = False,
    encoder: TextEncoder | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Refreshed:
    """Index what changed in the library since the last time.

    Both indexes are saved before the position is: a run killed in between does the same changes once more, which
    changes nothing. An index of another encoder, form of vectors or library, or a damaged one, is built anew.

    Parameters
    ----------
    library, settings
        Where the papers are and where the index is.
    rebuild
        Begin from nothing.
    encoder
        What makes the vectors; the one of the settings if not given.
    progress
        Called with (papers done, papers to do).

    Raises
    ------
    AssetError
        If the encoder is missing.
    """
    began = time.monotonic()
    folder = settings.index_path
    folder.mkdir(parents=True, exist_ok=True)
    encoder = encoder or open_encoder(settings)
    with FileLock(folder / "writer.lock"):
        position, lexical, dense = _open_or_begin(settings, encoder, library, rebuild=rebuild)
        indexed = removed = 0
        todo = library.papers.count_changes((position.revision, position.key))
        while changed := library.papers.changes((position.revision, position.key), limit=CHUNK):
            gone = [stored.paper.id for stored in changed if stored.removed_at]
            fresh = [stored for stored in changed if not stored.removed_at]
            renamed = library.papers.former_ids([stored.key for stored in changed])
            _apply(lexical, dense, encoder, fresh, [*gone, *renamed])
            indexed, removed = indexed + len(fresh), removed + len(gone)
            last = changed[-1]
            position = Position(last.revision, last.key, encoder.name, library.papers.identity())
            lexical.save(folder / "lexical")
            dense.save(folder / "dense")
            _write_position(folder, position)
            if progress:
                progress(indexed + removed, todo)
        return Refreshed(indexed, removed, len(lexical), time.monotonic() - began)


def _open_or_begin(
    settings: Settings, encoder: TextEncoder, library: Library, *, rebuild: bool
) -> tuple[Position, BM25Index, DenseIndex]:
    folder, scan = settings.index_path, settings.vector_scan
    position = read_position(folder)
    if not rebuild and position.encoder == encoder.name and position.library == library.papers.identity():
        try:
            lexical = BM25Index.open(folder / "lexical", writable=True)
            dense = DenseIndex.open(folder / "dense", writable=True)
            if dense.precision == scan:
                return position, lexical, dense
        except SemeError:
            pass  # damaged or missing: the library has everything that it takes to build it again
    (folder / "position.json").unlink(missing_ok=True)
    for name in ("lexical", "dense"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return Position(), BM25Index(), DenseIndex(encoder.dim, encoder=encoder.name, precision=scan)


def _apply(
    lexical: BM25Index, dense: DenseIndex, encoder: TextEncoder, fresh: Sequence[StoredPaper], gone: Sequence[str]
) -> None:
    known = [paper_id for paper_id in gone if paper_id in lexical]
    if known:
        lexical.remove(known)
    known = [paper_id for paper_id in gone if paper_id in dense]
    if known:
        dense.remove(known)
    if fresh:
        ids = [stored.paper.id for stored in fresh]
        lexical.add(ids, [indexed_text(stored.paper) for stored in fresh])
        texts = [embedded_text(stored.paper) for stored in fresh]
        dense.add(ids, encode_new(encoder.encode, encoder.name, encoder.dim, texts))


def _write_position(folder: Path, position: Position) -> None:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".position-")
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(position), file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(folder / "position.json")


def encoder_or_none(settings: Settings) -> OnnxEncoder | None:
    """Open the encoder, or go without: search then works by words alone, and `seme doctor` says so."""
    try:
        return open_encoder(settings)
    except AssetError:
        return None
