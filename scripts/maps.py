"""`python -m scripts.maps`: writes docs/maps/*.md out of the leaves beside them and the registry of experiments."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

from seme.experiment import experiments
from seme.experiment.registry import Experiment

FOLDER = Path(__file__).parent.parent / "docs" / "maps"


def main() -> None:
    """Write every page."""
    for source in sorted(FOLDER.glob("*.toml")):
        source.with_suffix(".md").write_text(page(source))


def page(source: Path) -> str:
    """Return the page of a map.

    Raises
    ------
    LookupError
        If a leaf names an object or an experiment that there is not.
    """
    made = tomllib.loads(source.read_text())
    known = {one.slug: one for one in experiments()}
    leaves = [leaf for axis in made["axes"] for leaf in axis["leaves"]]
    counts = [sum(bool(leaf.get(kind)) for leaf in leaves) for kind in ("in", "run")]
    lines = [
        f"# Map: {made['title']} (paper {made['paper']:02d})",
        "",
        made["introduction"].strip(),
        "",
        f"{len(leaves)} leaves; Seme has code for {counts[0]}, an experiment for {counts[1]}.",
        "Where a library elsewhere does a thing, it is named; an empty place means that none is known to us.",
    ]
    for axis in made["axes"]:
        lines += ["", f"## {axis['name']}", "", "| | What it is | In Seme | Elsewhere |", "| --- | --- | --- | --- |"]
        lines += [_row(leaf, known) for leaf in axis["leaves"]]
    return "\n".join([*lines, ""])


def resolve(name: str) -> Any:
    """Return a module, or an object in one, by its dotted name.

    Raises
    ------
    LookupError
        If there is none.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        module, _, attribute = name.rpartition(".")
        if error.name != name or not module:
            raise LookupError(f"{name}: {error}") from error
        try:
            return getattr(importlib.import_module(module), attribute)
        except (AttributeError, ModuleNotFoundError) as missing:
            raise LookupError(f"there is no {name}") from missing


def _row(leaf: dict[str, Any], known: dict[str, Experiment]) -> str:
    for name in leaf.get("in", ()):
        resolve(name)
    parts = [f"`{name.removeprefix('seme.')}`" for name in leaf.get("in", ())]
    parts += [_run(known, slug) for slug in leaf.get("run", ())]
    return f"| {leaf['name']} | {leaf['what']} | {', '.join(parts) or 'not yet'} | {leaf.get('elsewhere', '')} |"


def _run(known: dict[str, Experiment], slug: str) -> str:
    if slug not in known:
        raise LookupError(f"there is no experiment {slug!r}")
    return f"[`seme run {slug}`](../methods/{slug}.md)"


if __name__ == "__main__":
    main()
