"""`python -m scripts.catalogue_vectors`: encodes the catalogue's papers, so that a fresh install need not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from seme.papers.catalogue import catalogue_papers, vectors
from seme.papers.indexing import embedded_text, open_encoder
from seme.settings import Settings


def main() -> None:
    """Write the vectors beside the catalogue."""
    encoder = open_encoder(Settings())
    texts = [embedded_text(paper) for paper in catalogue_papers()]
    body = io.BytesIO()
    np.savez(
        body,
        encoder=np.array(encoder.name),
        digests=np.array([list(vectors.digest(text)) for text in texts], dtype=np.uint8),
        vectors=encoder.encode(texts),
    )
    Path(vectors.__file__).with_name(vectors.FILE).write_bytes(body.getvalue())


if __name__ == "__main__":
    main()
