"""What the routes share: the library, the reader, templates and who is asking."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar, cast

from fastapi import Request
from fastapi.templating import Jinja2Templates
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape
from starlette.responses import Response

from seme.errors import NotFoundError
from seme.papers.library import Library, Person
from seme.papers.reader import Entry, Reader
from seme.report.page import loader as report_templates
from seme.report.values import shown
from seme.secret import service_secret
from seme.settings import Settings
from seme.web.cards import kept_faces
from seme.web.explaining import matched_words
from seme.web.feeds import paper_path
from seme.web.listing import query_string
from seme.web.safety import CSRF_COOKIE, Csrf

P = ParamSpec("P")
T = TypeVar("T")

SESSION_COOKIE = "seme_session"
SESSION_DAYS = 90
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


def plain(text: str) -> str:
    """Drop the invisible characters that make text read in another order than it is written."""
    return text if text.isascii() else text.translate(_BIDI)


def ago(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """Return how long ago something was, in one unit: `3 h ago`."""
    seconds = max(0, int(((now or dt.datetime.now(dt.UTC)) - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


@dataclass(frozen=True, slots=True)
class Marks:
    """Which papers somebody voted for, and which they saved."""

    voted: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


@dataclass(slots=True)
class Service:
    """The state of the running service."""

    settings: Settings
    library: Library
    reader: Reader = field(init=False)
    csrf: Csrf = field(init=False)
    templates: Jinja2Templates = field(init=False)
    _sessions: URLSafeTimedSerializer = field(init=False)

    def __post_init__(self) -> None:
        secret = service_secret(self.settings)
        self.reader = Reader(self.library, self.settings)
        self.csrf = Csrf(secret)
        self._sessions = URLSafeTimedSerializer(secret, salt="session")
        loaders = [PackageLoader("seme.web"), PrefixLoader({"report": report_templates()})]
        environment = Environment(loader=ChoiceLoader(loaders), autoescape=select_autoescape(default=True))
        environment.filters.update(plain=plain, ago=ago, paper_path=paper_path, parameters=query_string, shown=shown)
        environment.globals.update(static=_static_path, kept_face=kept_faces(environment), matched_words=matched_words)
        self.templates = Jinja2Templates(env=environment)

    def person(self, request: Request) -> Person | None:
        """Return who is asking: the local person where there is no sign-in, else the one of the session cookie."""
        if self.settings.sign_in == "off":
            return self.library.people.local()
        try:
            cookie = request.cookies.get(SESSION_COOKIE, "")
            person_id = self._sessions.loads(cookie, max_age=SESSION_DAYS * 86_400)
            return self.library.people.get(str(person_id))
        except (BadSignature, NotFoundError):
            return None

    def sign_in(self, response: Response, person: Person) -> None:
        """Set the session cookie."""
        secure = self.settings.base_url.startswith("https://")
        value = str(self._sessions.dumps(person.id))
        response.set_cookie(
            SESSION_COOKIE, value, max_age=SESSION_DAYS * 86_400, httponly=True, samesite="lax", secure=secure
        )

    def sign_out(self, response: Response) -> None:
        """Take the session cookie away."""
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        """Render a page with what every page shows."""
        token = self.csrf.token(request)
        person = self.person(request)
        shared = {
            "csrf": token,
            "person": person,
            "signs_in": self.settings.sign_in == "mail",
            "q": request.query_params.get("q", "")[:400],
            "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        }
        response = self.templates.TemplateResponse(request, template, {**shared, **context}, status_code=status)
        if request.cookies.get(CSRF_COOKIE) != token:
            secure = self.settings.base_url.startswith("https://")
            response.set_cookie(CSRF_COOKIE, token, httponly=True, samesite="lax", secure=secure)
        return response

    def marks(self, request: Request, entries: list[Entry]) -> Marks:
        """Return which of the listed papers the person voted for and saved."""
        person = self.person(request)
        ids = [entry.stored.paper.id for entry in entries]
        if person is None or not ids:
            return Marks()
        return Marks(frozenset(self.library.votes.of(person, ids)), frozenset(self.library.shelves.of(person, ids)))


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service


def of_one_moment(page: Callable[P, T]) -> Callable[P, T]:
    """Let a page read the library as it is at one moment, through one connection."""

    @wraps(page)
    def read(*args: P.args, **kwargs: P.kwargs) -> T:
        with service_of(cast("Request", kwargs["request"])).library.snapshot():
            return page(*args, **kwargs)

    return read


@lru_cache
def _static_path(name: str) -> str:
    digest = hashlib.sha256((files("seme.web") / "static" / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"
