"""Handing mail to a server."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from seme.errors import MailError
from seme.settings import Settings

TIMEOUT = 30.0
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class Transport:
    """One connection to the SMTP server of the settings, opened by `with`.

    `smtp://` insists on STARTTLS and `smtps://` speaks TLS from the start, both with checked certificates;
    `smtp+plain://` is for a server on the same machine.

    Raises
    ------
    MailError
        If no server is set, its address cannot be understood, or it cannot be reached. No message holds a password.
    """

    def __init__(self, settings: Settings) -> None:
        address = settings.smtp.get_secret_value()
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise MailError(
                "no mail server is set" if not address else "the mail server's address cannot be understood",
                hint="SEME_SMTP=smtp://user:password@mail.example.org:587 (or smtps://, or smtp+plain://localhost:25)",
            )
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        context = ssl.create_default_context()
        try:
            if self._scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=context)
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
            if self._scheme == "smtp":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except (OSError, smtplib.SMTPException) as error:
            reason = type(error).__name__
            raise MailError(f"the mail server {self._host}:{self._port} cannot be used ({reason})") from error
        self._server = server
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except (OSError, smtplib.SMTPException):
                self._server.close()

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over.

        Raises
        ------
        MailError
            If the server does not take it.
        """
        if self._server is None:
            raise MailError("the transport is not open")
        try:
            self._server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            code = getattr(error, "smtp_code", "")
            raise MailError(f"the mail server refused the mail ({type(error).__name__} {code})".strip()) from error
