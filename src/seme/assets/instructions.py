"""Instructions with their answers, by topic: what functions of Python's libraries do, and what words of WordNet mean.

    python:asyncio          "What does the Python function `wait_for(fut, timeout)` do?", answered by its docstring
    wordnet:noun.animal     "What does the word `beaver` mean?", answered by WordNet's definition
    my-data.jsonl           a file of one's own: a `prompt` and a `response` in each line

All prompts of a kind have one form, so that it is the topic that tells them apart.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from seme.assets.corpora import source_trees
from seme.assets.wordnet import FILES, synsets
from seme.errors import AssetError, InputError

_SHORTEST, _LONGEST = 25, 240
_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Instruction:
    """A request, its answer, and the topic it was taken from."""

    prompt: str
    response: str
    topic: str


def load_instructions(topic: str, limit: int | None = None) -> list[Instruction]:
    """Load the instructions of a topic, no two of which have the same prompt or the same answer.

    Their order never changes and mixes what a topic is made of; that of a file of one's own is the file's.

    Parameters
    ----------
    topic
        `python:` and a module of the standard library or of an installed library; `wordnet:` and a lexicographer file
        of nouns or verbs; or a `.jsonl` file.
    limit
        How many at most; `None` for all.

    Raises
    ------
    AssetError
        If there is no such topic, or it is not installed; it names the command that installs it.
    InputError
        If `limit` is not positive, or a file of one's own cannot be read.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}, expected a number >= 1, or None for all")
    kind, _, name = topic.partition(":")
    if topic.endswith(".jsonl"):
        pairs = _own(Path(topic).expanduser())
    elif kind == "python" and name:
        pairs = iter(_mixed(_python(topic, name)))
    elif kind == "wordnet" and name in FILES and name.startswith(("noun.", "verb.")):
        pairs = iter(_mixed(_wordnet(name)))
    else:
        raise AssetError(
            f"there are no instructions {topic!r}",
            hint="It may be python:MODULE, wordnet:FILE (such as wordnet:noun.animal), or a .jsonl file",
        )
    return [Instruction(prompt, response, topic) for prompt, response in islice(_distinct(pairs), limit)]


def _python(topic: str, module: str) -> Iterator[tuple[str, str]]:
    root = _source(topic, module)
    trees = (tree for _, tree in source_trees(root)) if root.is_dir() else [ast.parse(root.read_text(encoding="utf-8"))]
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, _Definition):
                text = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
                if _SHORTEST <= len(text) <= _LONGEST:
                    yield _question(node), text


def _source(topic: str, module: str) -> Path:
    """Return a module's file or folder, found without running it."""
    top, *rest = module.split(".")
    standard = Path(sysconfig.get_path("stdlib"))
    spec = None if (standard / top).is_dir() or (standard / f"{top}.py").is_file() else find_spec(top)
    places = list(spec.submodule_search_locations or []) if spec else []
    base = (Path(places[0]).parent if places else standard).joinpath(top, *rest)
    found = next((path for path in (base, base.with_name(f"{base.name}.py")) if path.exists()), None)
    if found is None or not all(part.isidentifier() for part in (top, *rest)):
        raise AssetError(f"there are no instructions {topic!r}: Python finds no source of {module}")
    return found


def _question(node: _Definition) -> str:
    if isinstance(node, ast.ClassDef):
        return f"What is the Python class {node.name}?"
    names = [one.arg for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
    return f"What does the Python function {node.name}({', '.join(names)}) do?"


def _wordnet(topic: str) -> Iterator[tuple[str, str]]:
    for one in synsets(topic.partition(".")[0]):
        definition = one.gloss.partition('; "')[0].strip()
        if one.file == topic and _SHORTEST <= len(definition) <= _LONGEST:
            yield f"What does the word {one.words[0]} mean?", definition


def _own(path: Path) -> Iterator[tuple[str, str]]:
    if not path.is_file():
        raise AssetError(f"there is no file {path}")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                body = json.loads(line)
                pair = str(body["prompt"]), str(body["response"])
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(f"line {number} of {path} is no object with a 'prompt' and a 'response'") from error
            if not all(text.strip() for text in pair):
                raise InputError(f"line {number} of {path} has an empty 'prompt' or 'response'")
            yield pair


def _mixed(pairs: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: hashlib.sha256("\n".join(pair).encode("utf-8", "surrogatepass")).digest())


def _distinct(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for prompt, response in pairs:
        keys = {f"{kind} {' '.join(text.split()).casefold()}" for kind, text in (("?", prompt), ("!", response))}
        if not keys & seen:
            yield prompt, response
        seen |= keys
