"""Cards of papers, kept as HTML: a listing shows many, and most of them again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from jinja2 import Environment
from markupsafe import Markup

from seme.papers.library import StoredPaper

KEPT = 10_000
"""Faces that are kept, about 2 KB each."""


def kept_faces(environment: Environment) -> Callable[[StoredPaper, bool, bool], Markup]:
    """Return a function that renders the face of a card, or finds it rendered.

    A face shows the paper at a revision, its counts and whether the reader voted for it and saved it: nothing of it
    depends on anything else, so that it is the same for all readers and all listings.
    """
    faces: OrderedDict[tuple[object, ...], Markup] = OrderedDict()
    lock = Lock()

    def face(stored: StoredPaper, voted: bool, kept: bool) -> Markup:
        key = (stored.key, stored.revision, stored.votes, stored.comments, voted, kept)
        with lock:
            known = faces.get(key)
            if known is not None:
                faces.move_to_end(key)
                return known
        made: Markup = vars(environment.get_template("card.html").module)["face"](stored, voted, kept)
        with lock:
            faces[key] = made
            if len(faces) > KEPT:
                faces.popitem(last=False)
        return made

    return face
