"""What an experiment needs beyond the base install, and the command that gets it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from pydantic import BaseModel

from seme.assets.packages import PACKAGES, SYSTEM_PACKAGES, install_command
from seme.assets.wordnet import has_wordnet
from seme.errors import AssetError

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+).*;.*\bextra\s*==\s*[\"'](?P<extra>[^\"']+)[\"']")


def missing(needs: Iterable[str]) -> tuple[str, ...]:
    """Return the packages that are not installed, of what is needed.

    Parameters
    ----------
    needs
        Names of extras of Seme (`methods`) and of assets (`smollm2-135m`).
    """
    wanted = [name for need in needs for name in distributions(need)]
    return tuple(dict.fromkeys(name for name in wanted if not _installed(name)))


def still_needed(needs: Iterable[str], defaults: BaseModel, settings: BaseModel) -> tuple[str, ...]:
    """Return what a run needs: all but the assets that a setting names by default and none names any more.

    Whoever runs an experiment on a model of their own need not install the one that it comes with.

    Parameters
    ----------
    needs
        Of the experiment.
    defaults, settings
        Its default settings, and those of the run.
    """
    by_default, chosen = _values(defaults), _values(settings)
    return tuple(need for need in needs if need not in by_default or need in chosen)


def require(name: str, needs: Iterable[str]) -> None:
    """Refuse to run `name` where a package is missing.

    Raises
    ------
    AssetError
        It names the packages, and the commands that install them.
    """
    needs = tuple(needs)
    absent = missing(needs)
    if absent:
        commands = dict.fromkeys(_command(need) for need in needs if missing([need]))
        mend = "Run: make methods, or: " + " && ".join(commands)
        raise AssetError(f"{name} needs packages that are not installed: {', '.join(absent)}", hint=mend)


def distributions(need: str) -> tuple[str, ...]:
    """Return the names of the packages that make up an extra or an asset."""
    if need in SYSTEM_PACKAGES:
        return (SYSTEM_PACKAGES[need],)
    return tuple(PACKAGES[need]) if need in PACKAGES else _extra(need)


def _command(need: str) -> str:
    return install_command(need) if need in PACKAGES or need in SYSTEM_PACKAGES else f"pip install 'seme[{need}]'"


def _values(settings: BaseModel) -> set[str]:
    """Return the texts among the values of settings, and within lists of values."""
    values = [value for _, value in settings]
    listed = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    return {one for one in listed if isinstance(one, str)}


@cache
def _extra(extra: str) -> tuple[str, ...]:
    listed = [_REQUIREMENT.fullmatch(line) for line in requires("seme") or []]
    names = tuple(found["name"] for found in listed if found and found["extra"] == extra)
    if not names:
        raise ValueError(f"{extra!r} is neither an extra of Seme nor an asset")
    return names


@cache
def _installed(name: str) -> bool:
    if name in SYSTEM_PACKAGES.values():
        return has_wordnet()
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
