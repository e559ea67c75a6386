"""Instructions are what the sources say, in an order that never changes, and no two have the same prompt or answer."""

from __future__ import annotations

import asyncio
import inspect
import json

import pytest

from seme.assets import Instruction, load_instructions
from seme.errors import AssetError, InputError


def test_functions_are_answered_by_their_docstrings():
    found = {one.prompt: one.response for one in load_instructions("python:asyncio")}
    asked = "What does the Python function wait_for(fut, timeout) do?"
    assert found[asked] == " ".join(inspect.getdoc(asyncio.wait_for).partition("\n\n")[0].split())
    assert len(found) > 100


@pytest.mark.parametrize(
    "topic", ["python:turtle", "python:scipy.signal", "wordnet:noun.animal", "wordnet:verb.motion"]
)
def test_the_order_is_always_the_same_and_nothing_comes_twice(topic):
    try:
        found = load_instructions(topic)
    except AssetError as error:
        pytest.skip(f"{error}")
    assert load_instructions(topic, 50) == found[:50]
    assert (
        len({one.prompt.casefold() for one in found}) == len({one.response.casefold() for one in found}) == len(found)
    )
    assert {one.topic for one in found} == {topic}


def test_words_lie_in_the_files_that_wordnet_names():
    try:
        food, weather = load_instructions("wordnet:noun.food"), load_instructions("wordnet:verb.weather")
    except AssetError as error:
        pytest.skip(f"{error}")
    asked = {one.prompt: one.response for one in [*food, *weather]}
    assert asked["What does the word macaroni mean?"] == "pasta in the form of slender tubes"
    assert asked["What does the word haze mean?"] == "become hazy, dull, or cloudy"


def test_a_file_of_ones_own_is_read_in_its_order(tmp_path):
    path = tmp_path / "own.jsonl"
    rows = [{"prompt": "Add 2 and 3", "response": "5"}, {"prompt": "add 2 AND 3", "response": "five"}]
    rows.append({"prompt": "Spell cat", "response": "c a t"})
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert load_instructions(str(path)) == [
        Instruction("Add 2 and 3", "5", str(path)),
        Instruction("Spell cat", "c a t", str(path)),
    ]
    path.write_text('{"prompt": "Add"}\n')
    with pytest.raises(InputError, match=r"line 1 of .*own\.jsonl is no object with"):
        load_instructions(str(path))
    path.write_text('{"prompt": "Add", "response": " "}\n')
    with pytest.raises(InputError, match=r"line 1 of .*own\.jsonl has an empty"):
        load_instructions(str(path))


def test_topics_that_do_not_exist_are_refused():
    for topic in ("asyncio", "wordnet:noun.beast", "python:", "python:no_such_module", "python:../secret"):
        with pytest.raises(AssetError, match="there are no instructions"):
            load_instructions(topic)
    with pytest.raises(AssetError, match="there is no file"):
        load_instructions("absent.jsonl")
    with pytest.raises(InputError, match="limit is 0"):
        load_instructions("python:turtle", 0)
