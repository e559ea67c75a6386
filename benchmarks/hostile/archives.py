"""Exports of which one file is somebody else's: whole, with a manifest that says so."""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from seme.papers.archive import export_library
from seme.papers.archive.manifest import NAME, RECORDS, describe
from seme.papers.library import Library
from seme.papers.paper import Paper, PaperDate
from seme.papers.query import Query
from seme.papers.sources.catalogue import CatalogueSource


@lru_cache(maxsize=1)
def whole_archive() -> Path:
    """Export a small library in which everything happened once."""
    with Library("sqlite://") as library:
        papers = next(iter(CatalogueSource().batches())).papers[:3]
        other = Paper(
            id="title:1", title="Café", source="jsonl", published=PaperDate(month=9), links={"abs": "http://a"}
        )
        library.papers.store([*papers, other])
        person, paper_id = library.people.by_email("ada@example.org"), papers[0].id
        library.votes.cast(person, paper_id)
        library.comments.add(person, paper_id, "well")
        library.shelves.save(person, paper_id, note="again", collections=["To read"])
        wanted = library.subscriptions.create(person, "search", query=Query(text="atoms", min_votes=1))
        library.subscriptions.confirm(wanted.id)
        delivery = library.outbox.queue(wanted, "2026-W01", [paper_id], "<1@localhost>")
        assert delivery is not None
        library.harvests.finish(library.harvests.begin(CatalogueSource()), error="it broke")
        library.papers.remove([papers[1].id])
        return export_library(library, Path(tempfile.mkdtemp(prefix="seme-hostile-")) / "export").folder


def archive_of(data: bytes, folder: Path) -> Path:
    """Write the whole export with one file replaced: the first line of `data` names it, the rest is its content."""
    name, _, content = data.partition(b"\n")
    shutil.copytree(whole_archive(), folder, dirs_exist_ok=True)
    if name == b"manifest":
        (folder / NAME).write_bytes(content)
        return folder
    kind = name.decode("ascii", errors="replace")
    kind = kind if kind in RECORDS else RECORDS[sum(name) % len(RECORDS)]
    (folder / f"{kind}.jsonl").write_bytes(content)
    (folder / NAME).unlink()
    (folder / NAME).write_text(json.dumps(describe(folder, {})))
    return folder


def archive_seeds() -> list[bytes]:
    """Return an input for each file of the whole export that leaves it as it is."""
    folder = whole_archive()
    files = [(kind, folder / f"{kind}.jsonl") for kind in RECORDS]
    return [f"{kind}\n".encode() + path.read_bytes() for kind, path in [*files, ("manifest", folder / NAME)]]
