"""Places and what they may hold: descriptions of them name things that were never said to be there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "kitchen": "kettle spoon knife oven fridge sink plate bowl pan cup toaster apron table chair stool shelf",
        "bedroom": "bed pillow blanket lamp wardrobe dresser mirror rug curtain clock desk window door book candle",
        "office": "computer printer phone stapler notebook pen calendar folder keyboard plant whiteboard desk chair "
        "window",
        "garden": "flower tree bench fountain shovel rake hose gate fence bee butterfly statue pond path rose",
        "farm": "cow horse pig goat sheep tractor barn chicken dog cat fence haystack bucket windmill field",
        "beach": "umbrella towel shell crab boat kite bucket surfboard seagull palm sandcastle wave sailboat chair",
        "street": "car bus bicycle truck taxi bakery lamp bench pigeon hydrant statue sign tree cafe dog",
        "workshop": "hammer saw drill nail ladder toolbox bench wrench screwdriver glove paint brush vise shelf lamp",
        "park": "swing slide bench pond duck squirrel fountain kite picnic bicycle tree path statue dog ball",
        "library": "book shelf desk globe lamp ladder computer newspaper clock chair rug painting window map table",
    }
)
"""Lists of ours."""

ANYWHERE = "box bag hat shoe bird fish basket bottle wall house building rock flag wheel coat cake"
"""Things that no prompt gives, and that are named all the same."""

INDOOR = frozenset({"kitchen", "bedroom", "office", "workshop", "library"})
_IRREGULAR = {"knife": "knives", "shelf": "shelves", "sheep": "sheep", "wave": "waves"}


def things(place: str) -> list[str]:
    """Return what a place may hold."""
    return PLACES[place].split()


def spellings() -> dict[str, list[str]]:
    """Return every thing's names: the one and the many."""
    found = dict.fromkeys([*(thing for place in PLACES for thing in things(place)), *ANYWHERE.split()])
    return {thing: list(dict.fromkeys([thing, _IRREGULAR.get(thing, _plural(thing))])) for thing in found}


def article(thing: str) -> str:
    """Return a thing with its article."""
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def _plural(thing: str) -> str:
    if thing.endswith(("s", "sh", "ch", "x")):
        return thing + "es"
    return thing[:-1] + "ies" if thing.endswith("y") and thing[-2] not in "aeiou" else thing + "s"
