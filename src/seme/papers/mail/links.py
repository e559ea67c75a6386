"""The links in mails: each proves by its signature what it may do, to one subscription."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from seme.errors import InputError
from seme.secret import service_secret
from seme.settings import Settings

CONFIRM_DAYS = 7


def sign_link(settings: Settings, purpose: str, subscription_id: str) -> str:
    """Return a token that allows one purpose (`confirm`, `stop`) for one subscription."""
    return str(URLSafeTimedSerializer(service_secret(settings), salt=purpose).dumps(subscription_id))


def read_link(settings: Settings, purpose: str, token: str) -> str:
    """Return the subscription that a token is for. Confirmations age; ending a subscription always works.

    Raises
    ------
    InputError
        If the token was not made here for that purpose, or is too old.
    """
    age = CONFIRM_DAYS * 86_400 if purpose == "confirm" else None
    try:
        return str(URLSafeTimedSerializer(service_secret(settings), salt=purpose).loads(token, max_age=age))
    except BadSignature as error:
        raise InputError("this link is too old or was cut", hint="Subscribe again to get a new one") from error
