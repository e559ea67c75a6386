"""What people do: vote, save, comment, subscribe, sign in. Every form carries a token; every answer is a redirect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from seme.errors import InputError, NotFoundError
from seme.papers.library import Person, Subscription
from seme.papers.library.subscriptions import Kind
from seme.papers.query import Query
from seme.web.feeds import paper_path
from seme.web.service import Service, service_of

router = APIRouter(include_in_schema=False)


class SignInNeededError(InputError):
    """Somebody who is not signed in wants to do what only people who are can do."""


async def checked_form(request: Request) -> Mapping[str, str]:
    """Return the text fields of a form whose token is right.

    Raises
    ------
    InputError
        If the token is not the one of the browser's cookie.
    """
    form: FormData = await request.form(max_files=0, max_fields=50)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    sent = fields.pop("csrf", "") or request.headers.get("x-csrf-token", "")
    service_of(request).csrf.check(request, sent)
    return fields


Form = Annotated[Mapping[str, str], Depends(checked_form)]


def _person(request: Request) -> Person:
    person = service_of(request).person(request)
    if person is None:
        raise SignInNeededError("you are not signed in", hint="Sign in with your e-mail address")
    return person


def _done(request: Request, form: Mapping[str, str], default: str, **facts: object) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(facts)
    back = form.get("back", "")
    local = back.startswith("/") and not back.startswith(("//", "/\\")) and "\n" not in back and "\r" not in back
    return RedirectResponse(back if local else default, 303)


@router.post("/papers/{paper_id:path}/vote")
def vote(request: Request, paper_id: str, form: Form) -> Response:
    """Vote for a paper, or take the vote back."""
    up = form.get("up", "1") == "1"
    votes = service_of(request).library.votes.cast(_person(request), paper_id, up=up)
    return _done(request, form, paper_path(paper_id), votes=votes, voted=up)


@router.post("/papers/{paper_id:path}/save")
def save(request: Request, paper_id: str, form: Form) -> Response:
    """Save a paper, with a note and in collections."""
    shelves, person = service_of(request).library.shelves, _person(request)
    if form.get("keep", "1") == "1":
        names = form.get("collections")
        chosen = None if names is None else [name for name in names.split(",") if name.strip()]
        shelves.save(person, paper_id, note=form.get("note"), collections=chosen)
    else:
        shelves.unsave(person, paper_id)
    return _done(request, form, paper_path(paper_id), saved=form.get("keep", "1") == "1")


@router.post("/papers/{paper_id:path}/comment")
def comment(request: Request, paper_id: str, form: Form) -> Response:
    """Write a comment, or delete one's own."""
    comments, person = service_of(request).library.comments, _person(request)
    if number := form.get("delete", ""):
        if not number.isdigit() or len(number) > 18:
            raise InputError(f"comment is {number[:20]!r}, it must be a number")
        comments.delete(person, int(number))
    else:
        comments.add(person, paper_id, form.get("body", ""))
    return _done(request, form, paper_path(paper_id))


@router.get("/subscribe")
def subscribe_form(request: Request) -> Response:
    """Show the form, filled in with a search where one is given."""
    return service_of(request).page(
        request, "subscribe.html", asked=dict(request.query_params), sent=False, mails=_mails(request)
    )


@router.post("/subscribe")
def subscribe(request: Request, form: Form) -> Response:
    """Ask for mail; the address gets a confirmation link first."""
    from seme.papers.mail import send_confirmation  # noqa: PLC0415  # only services that send mail load it

    service = service_of(request)
    kind = form.get("kind", "daily")
    if kind not in get_args(Kind):
        raise InputError(f"kind is {kind[:20]!r}, it must be one of {', '.join(get_args(Kind))}")
    person = service.library.people.by_email(form.get("email", ""))
    query = _saved_search(form) if kind == "search" else Query()
    subscription = service.library.subscriptions.create(person, cast("Kind", kind), query=query)
    if subscription.state != "active":
        send_confirmation(service.settings, subscription)
    return service.page(request, "subscribe.html", asked={}, sent=True, mails=True)


def _mails(request: Request) -> bool:
    return bool(service_of(request).settings.smtp.get_secret_value())


def _saved_search(form: Mapping[str, str]) -> Query:
    data: dict[str, object] = {name: form[name] for name in ("tag", "author", "source") if form.get(name)}
    if form.get("q"):
        data["text"] = form["q"]
    if (votes := form.get("min_votes", "")).isdigit() and len(votes) < 10:
        data["min_votes"] = int(votes)
    return Query.from_dict(data)


@router.get("/subscriptions/confirm")
def confirm_form(request: Request, token: str = "") -> Response:
    """Show a button: a mail scanner that follows links must not start a subscription."""
    service = service_of(request)
    subscription = service.library.subscriptions.get(_read_link(service, "confirm", token))
    return service.page(request, "subscription.html", subscription=subscription, token=token, stopped=False)


@router.post("/subscriptions/confirm")
def confirm(request: Request, token: str = "") -> Response:
    """Start the mail that somebody asked for."""
    service = service_of(request)
    subscription = service.library.subscriptions.confirm(_read_link(service, "confirm", token))
    return service.page(request, "subscription.html", subscription=subscription, token="", stopped=False)


@router.get("/subscriptions/stop")
def stop_form(request: Request, token: str = "") -> Response:
    """Show a button: a mail scanner that follows links must not end a subscription."""
    service = service_of(request)
    subscription = service.library.subscriptions.get(_read_link(service, "stop", token))
    return service.page(request, "subscription.html", subscription=subscription, token=token, stopped=True)


@router.post("/subscriptions/stop")
def stop(request: Request, token: str = "") -> Response:
    """End the mail, with the link's own proof alone (RFC 8058: no cookie, no form token)."""
    service = service_of(request)
    subscription = service.library.subscriptions.stop(_read_link(service, "stop", token))
    return service.page(request, "subscription.html", subscription=subscription, token="", stopped=True)


def _read_link(service: Service, purpose: str, token: str) -> str:
    from seme.papers.mail import read_link  # noqa: PLC0415

    return read_link(service.settings, purpose, token)


@router.get("/subscriptions")
def subscriptions(request: Request) -> Response:
    """Show a person's subscriptions."""
    service = service_of(request)
    person = service.person(request)
    if person is None:
        return service.page(request, "sign_in.html", sent=False)
    return service.page(request, "subscriptions.html", subscriptions=_subscriptions(service, person))


@router.post("/subscriptions/{subscription_id}/stop")
def stop_own(request: Request, subscription_id: str, form: Form) -> Response:
    """End one of a person's own subscriptions."""
    service = service_of(request)
    own = {one.id for one in _subscriptions(service, _person(request))}
    if subscription_id not in own:
        raise NotFoundError("you have no such subscription", hint="It may have been deleted")
    service.library.subscriptions.stop(subscription_id)
    return _done(request, form, "/subscriptions", state="stopped")


def _subscriptions(service: Service, person: Person) -> list[Subscription]:
    """Return a person's subscriptions; without sign-in there is one person, whatever the addresses are."""
    library = service.library
    return library.subscriptions.all() if service.settings.sign_in == "off" else library.subscriptions.of(person)


@router.get("/sign-in")
def sign_in(request: Request, token: str = "") -> Response:
    """Show the form, or a button that spends a mailed link."""
    return service_of(request).page(request, "sign_in.html", token=token, sent=False)


@router.post("/sign-in")
def start_or_finish_sign_in(request: Request, form: Form) -> Response:
    """Mail a link, or sign in with the token of one."""
    from seme.papers.mail import send_sign_in  # noqa: PLC0415

    service = service_of(request)
    if service.settings.sign_in == "off":
        raise InputError("this service has no sign-in", hint="SEME_SIGN_IN=mail turns it on")
    if token := form.get("token", ""):
        response = RedirectResponse("/", 303)
        service.sign_in(response, service.library.people.finish_sign_in(token))
        return response
    email = form.get("email", "")
    send_sign_in(service.settings, email, service.library.people.start_sign_in(email))
    return service.page(request, "sign_in.html", token="", sent=True)


@router.post("/sign-out")
def sign_out(request: Request, form: Form) -> Response:
    """Forget who this browser belongs to."""
    response = _done(request, form, "/", signed_in=False)
    service_of(request).sign_out(response)
    return response
