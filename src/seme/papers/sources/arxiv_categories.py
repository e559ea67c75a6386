"""arXiv's subject classes, and the names that OAI-PMH gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seme.errors import InputError

_CATEGORY = re.compile(r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.(?P<subject>[A-Za-z-]{1,20}))?")
_PHYSICS = frozenset({
    "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th",
    "physics", "quant-ph",
})  # fmt: skip


def check_categories(categories: Sequence[str]) -> tuple[str, ...]:
    """Return subject classes as they are, if they look like ones.

    Raises
    ------
    InputError
        If one of them does not.
    """
    for category in categories:
        if not _CATEGORY.fullmatch(category):
            raise InputError(f"category is {category!r}, it must look like cs.CL, or like math for a whole archive")
    return tuple(categories)


def category_set(category: str) -> str:
    """Return the OAI-PMH set of a subject class: `cs.CL` is `cs:cs:CL`, `hep-th` is `physics:hep-th`.

    A whole archive that is not one of physics is its group's set: `cs` is `cs`.

    Raises
    ------
    InputError
        If it does not look like a subject class.
    """
    check_categories([category])
    archive, _, subject = category.partition(".")
    group = "physics" if archive in _PHYSICS else archive
    if subject:
        return f"{group}:{archive}:{subject}"
    return archive if group == archive != "physics" else f"{group}:{archive}"
