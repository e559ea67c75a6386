"""Mail: confirmations, sign-in links, digests and alerts."""

from __future__ import annotations

from seme.papers.library import Subscription
from seme.papers.mail import messages
from seme.papers.mail.digest import DigestResult, run_digest
from seme.papers.mail.links import read_link, sign_link
from seme.papers.mail.transport import Transport
from seme.settings import Settings

__all__ = ["DigestResult", "Transport", "read_link", "run_digest", "send_confirmation", "send_sign_in", "sign_link"]


def send_confirmation(settings: Settings, subscription: Subscription) -> None:
    """Mail the link that starts a subscription.

    Raises
    ------
    MailError
        If the mail could not be handed over.
    """
    with Transport(settings) as transport:
        transport.send(messages.confirmation(settings, subscription))


def send_sign_in(settings: Settings, email: str, token: str) -> None:
    """Mail the link that signs somebody in.

    Raises
    ------
    MailError
        If the mail could not be handed over.
    """
    with Transport(settings) as transport:
        transport.send(messages.sign_in(settings, email, token))
