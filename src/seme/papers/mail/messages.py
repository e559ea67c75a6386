"""The mails themselves: plain text and HTML, with what lets a reader end them in one click (RFC 8058)."""

from __future__ import annotations

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from jinja2 import Environment, PackageLoader, select_autoescape

from seme.errors import InputError
from seme.papers.library import StoredPaper, Subscription
from seme.papers.mail.links import sign_link
from seme.settings import Settings

_TEMPLATES = Environment(loader=PackageLoader("seme.papers.mail"), autoescape=select_autoescape(["html"]))


def confirmation(settings: Settings, subscription: Subscription) -> EmailMessage:
    """Return the mail that asks whether somebody really wants a subscription."""
    link = f"{settings.base_url}/subscriptions/confirm?token={sign_link(settings, 'confirm', subscription.id)}"
    text = (
        f"Somebody, probably you, asked for: {_line(subscription.name)}.\n\nFollow this link to start it:\n{link}\n\n"
        "If it was not you, do nothing: no other mail will come."
    )
    return _message(settings, subscription.email or "", "Confirm your subscription", text)


def sign_in(settings: Settings, email: str, token: str) -> EmailMessage:
    """Return the mail with a link that signs somebody in once."""
    text = f"Sign in with this link, once, within half an hour:\n{settings.base_url}/sign-in?token={token}\n"
    return _message(settings, email, "Your sign-in link", text)


def digest(
    settings: Settings, subscription: Subscription, papers: Sequence[StoredPaper], *, message_id: str
) -> EmailMessage:
    """Return a digest or an alert with its papers."""
    stop = f"{settings.base_url}/subscriptions/stop?token={sign_link(settings, 'stop', subscription.id)}"
    context = {"name": _line(subscription.name), "papers": papers, "base": settings.base_url, "stop": stop}
    noun = "paper" if len(papers) == 1 else "papers"
    subject = f"{_line(subscription.name)}: {len(papers)} {noun}"
    message = _message(
        settings, subscription.email or "", subject, _TEMPLATES.get_template("digest.txt").render(context)
    )
    message.add_alternative(_TEMPLATES.get_template("digest.html").render(context), subtype="html")
    message["Message-ID"] = message_id
    message["List-Unsubscribe"] = f"<{stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Id"] = f"<{subscription.kind}.{sender(settings).domain}>"
    return message


def sender(settings: Settings) -> Address:
    """Return the address that mail comes from.

    Raises
    ------
    InputError
        If the setting is not an address.
    """
    name, address = parseaddr(settings.mail_from)
    user, _, domain = address.partition("@")
    if not user or not domain:
        raise InputError(f"mail_from is {settings.mail_from!r}, it must be an address such as Seme <seme@example.org>")
    return Address(name, user, domain)


def _message(settings: Settings, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender(settings)
    message["To"] = to
    message["Subject"] = _line(subject)
    message["Date"] = formatdate(localtime=False)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _line(text: str) -> str:
    """Return text as one line without control characters: what a header may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
