"""The authors of a paper as arXiv keeps them: one line of names, affiliations and TeX accents."""

from __future__ import annotations

import re

from seme.papers.latex import from_latex

_DEEPEST = 8
"""Affiliations within affiliations; what nests deeper loses only its parentheses."""
_TEX = re.compile(r"[\\{}~$]")
_AFFILIATION = re.compile(r"\([^()]*\)")
_BETWEEN = re.compile(r"[,;:]|\band\b(?=\s)|&")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?")
_NOBODY = re.compile(r"|et\.? al\.?", re.IGNORECASE)


def parse_authors(line: str) -> tuple[str, ...]:
    r"""Return the names in a line such as ``Ada L. (X, Y), P\'al Erd\H{o}s and others``, without affiliations.

    Names are parted by commas, semicolons, colons (behind a collaboration) and "and"; `Jr.` and the like belong to
    the name before them, and `et al.` is nobody.
    """
    text = from_latex(line) if _TEX.search(line) else line
    for _ in range(_DEEPEST):
        text, count = _AFFILIATION.subn(" ", text)
        if not count:
            break
    names: list[str] = []
    for part in _BETWEEN.split(text.replace("(", " ").replace(")", " ")):
        name = " ".join(part.split())
        if names and _SUFFIX.fullmatch(name):
            names[-1] = f"{names[-1]} {name}"
        elif not _NOBODY.fullmatch(name):
            names.append(name)
    return tuple(names)
