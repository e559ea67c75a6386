"""The maps of fields: every page is as its leaves and the registry make it, and no method of a field is off its map."""

import tomllib
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from scripts.maps import FOLDER, page, resolve

import seme
from seme.experiment import experiments

_MAPS = sorted(FOLDER.glob("*.toml"))
_GROUND = {
    "embeddings": {"caching", "sampled_softmax"},
    "retrieval": {
        "hits",
        "identifiers",
        "kernel_library",
        "kernels",
        "_kernels",
        "segmented",
        "store",
        "tensors",
        "tokens",
        "feedback",
        "vector_index",
    },
}
"""What methods are built on; `feedback` holds the steps that `pipelines` names."""


@pytest.mark.parametrize("source", _MAPS, ids=lambda one: one.stem)
def test_a_page_is_as_its_leaves_and_the_registry_make_it(source: Path) -> None:
    assert source.with_suffix(".md").read_text() == page(source), "run `python -m scripts.maps`"


@pytest.mark.parametrize("source", _MAPS, ids=lambda one: one.stem)
def test_leaves_are_told_apart_and_lead_to_pages(source: Path) -> None:
    leaves = _leaves(source)
    names = [leaf["name"] for leaf in leaves]
    assert len(set(names)) == len(names) > 20
    for slug in {slug for leaf in leaves for slug in leaf.get("run", ())}:
        assert (FOLDER.parent / "methods" / f"{slug}.md").is_file()


def test_nothing_of_the_rooms_is_off_the_maps() -> None:
    leaves = [leaf for source in _MAPS for leaf in _leaves(source)]
    named = {".".join(name.split(".")[1:3]) for leaf in leaves for name in leaf.get("in", ())}
    run = {slug for leaf in leaves for slug in leaf.get("run", ())}
    for room, ground in _GROUND.items():
        modules = {one.name for one in iter_modules([str(Path(seme.__file__).parent / room)])} - ground
        assert {f"{room}.{one}" for one in modules} - named == set()
        assert {one.slug for one in experiments() if one.room == room} - run == set()


@pytest.mark.parametrize("name", ["seme.retrieval.nothing", "seme.nowhere.at.all", "seme.retrieval.bm25.Nothing"])
def test_a_leaf_that_names_nothing_is_refused(name: str) -> None:
    with pytest.raises(LookupError):
        resolve(name)


def _leaves(source: Path) -> list[dict[str, Any]]:
    return [leaf for axis in tomllib.loads(source.read_text())["axes"] for leaf in axis["leaves"]]
