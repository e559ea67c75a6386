"""Text as LaTeX writes it, and back: what BibTeX files and arXiv's older records are made of."""

from __future__ import annotations

import re
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from seme.papers.paper import squeeze

DEEPEST = 40
"""Nested groups that are read; a text with more is not one that a person wrote."""

_WORDS = {
    "\\": "textbackslash",
    "{": "textbraceleft",
    "}": "textbraceright",
    "~": "textasciitilde",
    "^": "textasciicircum",
    "`": "textasciigrave",
    "'": "textquotesingle",
}
_SPECIAL = {"%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "_": r"\_"} | {
    character: f"\\{word}{{}}" for character, word in _WORDS.items() if character not in "`'"
}
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')|,(?=,)|<(?=<)|>(?=>)|[!?](?=`)")
_ACTIVE = re.compile(r"[\\{}$%&~`'<>,!?-]")
_BARE = re.compile(r"(\\.)|([%&])", re.DOTALL)
_ACCENT = (
    r"\\(?:[\"'`^~=.]\s*(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])"  # \'e, \"{o}, \'{\i}
    r"|[cvHukr](?:\s*\{\\?[A-Za-z]\}|\s+[A-Za-z](?![A-Za-z]))|[bdt]\{[A-Za-z]{1,2}\}"  # \v{c}, \c c
    r"|(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?![A-Za-z])(?:\{\}|\s)?)"  # \o, \L{}
)
_ACCENTED = re.compile(rf"(?P<math>\$[^$]*\$)|\{{{_ACCENT}\}}|{_ACCENT}")
_UNREADABLE = re.compile(r"\\[A-Za-z]+ ?|\\.|[{}]", re.DOTALL)


def to_latex(text: str) -> str:
    """Return a text, on one line, as LaTeX that shows exactly it: nothing in it is a command, math or a ligature."""
    parted = _LIGATURE.sub(lambda found: f"{found[0]}\x00", squeeze(text.replace("\x00", " ")))
    return "".join(_SPECIAL.get(c, "{}" if c == "\x00" else c) for c in parted)


def from_latex(text: str) -> str:
    """Return what LaTeX shows, on one line: accents and symbols as letters, groups without braces, math as it stands.

    A percent sign or ampersand that nobody escaped is taken for itself: the files that have one mean it. Nothing is
    read from the disk and no macro is defined. A text that cannot be read as LaTeX loses its commands and braces.
    """
    if not _ACTIVE.search(text):
        return squeeze(text)
    if _depth(text) <= DEEPEST:
        bare = _BARE.sub(lambda found: found[1] or f"\\{found[2]}", text)
        try:
            return squeeze(_reader().latex_to_text(bare))
        except Exception:  # the parser fails in many ways on what is not LaTeX
            return squeeze(_UNREADABLE.sub(" ", text))
    return squeeze(_UNREADABLE.sub(" ", text))


def with_letters(text: str) -> str:
    """Return a text in which accents written as TeX are letters, and all else is as it stands, math above all."""
    if "\\" not in text:
        return text
    return _ACCENTED.sub(lambda found: found[0] if found["math"] else from_latex(found[0]), text)


@lru_cache(maxsize=1)
def _reader() -> LatexNodes2Text:
    words = get_default_latex_context_db()
    symbols = [MacroTextSpec(word, character) for character, word in _WORDS.items()]
    words.add_context_category("seme", prepend=True, macros=[*symbols, MacroTextSpec("url", "%s")])
    return LatexNodes2Text(latex_context=words, math_mode="verbatim", strict_latex_spaces=True)


def _depth(text: str) -> int:
    """Return how deep groups and environments nest, at most; escaped braces count as well."""
    deepest = depth = 0
    for found in re.finditer(r"(?P<open>\{|\\(?:begin|left)\b|\\[(\[])|\}|\\(?:end|right)\b|\\[)\]]", text):
        depth += 1 if found["open"] else -1
        deepest = max(deepest, depth)
    return deepest
