"""The service as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from os import PathLike, stat_result
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from seme import __version__
from seme.errors import InputError, NotFoundError, SemeError
from seme.papers.library import Library
from seme.settings import Settings
from seme.web import actions, api, pages, reports
from seme.web.safety import Limits, SecurityHeaders
from seme.web.service import Service, service_of

_THREADS = 2
"""Requests that are worked on at once: more only take turns at Python's one lock, and each needs memory to search."""

_LOG = logging.getLogger("seme.web")


def create_app(settings: Settings, *, library: Library | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings
        Of the service.
    library
        An open library; by default the one that the settings name is opened, and closed with the application.

    Raises
    ------
    InputError
        If the service would be open to others without sign-in.
    """
    refuse_open_door(settings)
    opened = library or Library(settings.database_url)
    service = Service(settings, opened)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield
        service.reader.close()
        if library is None:
            opened.close()

    app = FastAPI(title="Seme", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    app.include_router(api.router)
    app.include_router(actions.router)
    app.include_router(reports.router)
    app.include_router(pages.router)
    app.mount("/static", Versioned(directory=Path(__file__).parent / "static"), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(SecurityHeaders)
    _explain_failures(app)
    return app


class Versioned(StaticFiles):
    """Files whose addresses name their version (`?v=`), so that a browser asks for each only once."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file, to be kept for a year where its address names a version."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].startswith(b"v="):
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def refuse_open_door(settings: Settings) -> None:
    """Refuse to serve other machines where everybody would be the same person."""
    try:
        loopback = settings.host == "localhost" or ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if settings.sign_in == "off" and not loopback:
        raise InputError(
            f"host is {settings.host!r} and there is no sign-in: everybody would share one account",
            hint="Set SEME_SIGN_IN=mail and SEME_SMTP, or serve on 127.0.0.1",
        )


def _explain_failures(app: FastAPI) -> None:
    @app.exception_handler(SemeError)
    def known(request: Request, error: SemeError) -> Response:
        if isinstance(error, actions.SignInNeededError) and not _wants_json(request):
            return RedirectResponse("/sign-in", 303)
        kinds = ((actions.SignInNeededError, 401), (InputError, 422), (NotFoundError, 404))
        status = next((code for kind, code in kinds if isinstance(error, kind)), 503)
        return _answer(request, status, str(error), error.hint)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        return _answer(request, error.status_code, str(error.detail), "")

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return _answer(request, 422, f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}", "")

    @app.exception_handler(ClientDisconnect)
    def gone(request: Request, error: ClientDisconnect) -> Response:  # noqa: ARG001
        return Response(status_code=400)  # nobody reads it, and it is no fault of ours that belongs in the log

    @app.exception_handler(Exception)
    def unknown(request: Request, error: Exception) -> Response:
        _LOG.error("unexpected %s at %s", type(error).__name__, request.url.path, exc_info=error)
        return _answer(request, 500, "Something went wrong here.", "It was written to the log")


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/") or "application/json" in request.headers.get("accept", "")


def _answer(request: Request, status: int, message: str, hint: str) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": message, "hint": hint}, status)
    return service_of(request).page(request, "error.html", status=status, code=status, message=message, hint=hint)
