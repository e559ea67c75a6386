"""Subscriptions from the form to the inbox and out again, through a real SMTP exchange."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from seme.errors import InputError, MailError
from seme.papers.library import Library
from seme.papers.mail import read_link, run_digest, sign_link
from seme.papers.mail.messages import digest
from seme.papers.paper import Paper
from seme.papers.query import Query
from seme.papers.reader import Reader
from seme.settings import Settings
from seme.web.app import create_app


class Inbox:
    """An SMTP server's handler that keeps what arrives, and can refuse or be slow."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = False
        self.pause = 0.0
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return "451 try later"
        self.mails.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=policy.default)))
        time.sleep(self.pause)
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Start a mail server."""
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def mailing(settings: Settings, inbox: Inbox) -> Settings:
    """Return settings that send to it."""
    return Settings(
        home=settings.home,
        secret=settings.secret,
        mail_from="Seme <seme@papers.example>",
        smtp=f"smtp+plain://127.0.0.1:{inbox.port}",
        public_url="http://127.0.0.1",
    )


def body(mail: EmailMessage, kind: str) -> str:
    """Return the text of a mail's part."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_from_the_form_to_the_inbox_and_out_again(catalogue: Library, mailing: Settings, inbox: Inbox) -> None:
    with TestClient(create_app(mailing, library=catalogue), base_url="http://127.0.0.1") as client:
        found = re.search(r'name="csrf" value="([^"]+)"', client.get("/subscribe").text)
        assert found
        client.post("/subscribe", data={"csrf": found[1], "email": "Ada@Example.org", "kind": "daily"})
        reader = Reader(catalogue, mailing)
        assert run_digest(catalogue, reader, mailing, "daily").queued == 0  # nothing before the confirmation
        link = re.search(r"http://127.0.0.1(/subscriptions/confirm\S+)", body(inbox.mails[0], "plain"))
        assert link
        assert "Start this subscription" in client.get(link[1]).text
        assert catalogue.subscriptions.active() == []  # a scanner that follows links starts nothing
        assert "Confirmed" in client.post(link[1]).text
        result = run_digest(catalogue, reader, mailing, "daily", limit=5)
        assert (result.queued, result.sent, result.failed) == (1, 1, 0)
        mail = inbox.mails[1]
        assert mail["To"] == "ada@example.org"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert body(mail, "plain").count("/papers/") == 5
        assert "<h2" in body(mail, "html")
        stop = mail["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1")
        client.cookies.clear()
        assert "Unsubscribe</button>" in client.get(stop).text
        assert catalogue.subscriptions.active()
        assert client.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert catalogue.subscriptions.active() == []
        assert client.post("/subscriptions/stop?token=forged").status_code == 422


def subscribed(library: Library, *, people: int = 1, kind: Any = "daily", query: Query | None = None) -> None:
    """Make confirmed subscriptions."""
    for number in range(people):
        person = library.people.by_email(f"reader{number}@example.org")
        library.subscriptions.confirm(library.subscriptions.create(person, kind, query=query).id)


def test_no_paper_twice_and_no_new_version_again(catalogue: Library, mailing: Settings, inbox: Inbox) -> None:
    subscribed(catalogue, kind="daily")
    subscribed(catalogue, kind="weekly")
    reader = Reader(catalogue, mailing)
    for kind in ("daily", "weekly", "daily", "weekly"):
        run_digest(catalogue, reader, mailing, cast("Any", kind), limit=40)
    links = [link for mail in inbox.mails for link in re.findall(r"/papers/(\S+)", body(mail, "plain"))]
    assert len(inbox.mails) == 2
    assert len(links) == len(set(links)) == 57


def test_an_alert_tells_only_what_came_after_it(catalogue: Library, mailing: Settings, inbox: Inbox) -> None:
    subscribed(catalogue, kind="search", query=Query(tag="cs.CL"))
    reader = Reader(catalogue, mailing)
    assert run_digest(catalogue, reader, mailing, "search").queued == 0
    catalogue.papers.store([Paper(id="2603.00001", title="New words", source="arxiv", categories=("cs.CL",))])
    assert run_digest(catalogue, reader, mailing, "search").sent == 1
    assert "New words" in body(inbox.mails[0], "plain")


def test_a_refused_mail_is_tried_again_and_sent_once(catalogue: Library, mailing: Settings, inbox: Inbox) -> None:
    subscribed(catalogue)
    reader = Reader(catalogue, mailing)
    inbox.refuse = True
    assert run_digest(catalogue, reader, mailing, "daily").failed == 1
    inbox.refuse = False
    assert [run_digest(catalogue, reader, mailing, "daily").sent for _ in range(3)] == [1, 0, 0]
    assert len(inbox.mails) == 1


def test_killed_in_the_middle_nobody_gets_two(catalogue: Library, mailing: Settings, inbox: Inbox) -> None:
    subscribed(catalogue, people=8)
    command = [sys.executable, "-m", "seme.cli", "digest", "daily", "--limit", "3"]
    environment = {
        **os.environ,
        "SEME_HOME": str(mailing.home),
        "SEME_SMTP": mailing.smtp.get_secret_value(),
        "SEME_SECRET": "x" * 40,
        "SEME_MAIL_FROM": mailing.mail_from,
    }
    inbox.pause = 0.4
    for wanted in (2, 4, 6):
        run = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 60
        while len(inbox.mails) < wanted and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)  # the server has this mail, the outbox does not know it yet
        run.wait()
    inbox.pause = 0.0
    run_digest(catalogue, Reader(catalogue, mailing), mailing, "daily", limit=3)
    receivers = [mail["To"] for mail in inbox.mails]
    assert sorted(receivers) == sorted(set(receivers))
    counts = catalogue.outbox.counts()
    assert counts["sent"] + counts.get("uncertain", 0) == 8
    assert 1 <= counts["uncertain"] <= 3


def test_links_prove_one_thing_for_one_subscription(settings: Settings) -> None:
    token = sign_link(settings, "stop", "abc")
    assert read_link(settings, "stop", token) == "abc"
    for purpose, forged in (("confirm", token), ("stop", token[:-1]), ("stop", "")):
        with pytest.raises(InputError, match="too old or was cut"):
            read_link(settings, purpose, forged)


def test_no_password_in_a_failure(settings: Settings) -> None:
    from seme.papers.mail import Transport

    secret = settings.model_copy(update={"smtp": Settings(smtp="smtp+plain://me:hunter2@127.0.0.1:1").smtp})
    with pytest.raises(MailError) as caught, Transport(secret):
        pass
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {secret!r}"


@examples(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=120).filter(str.strip))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    made = Settings(secret="x" * 40)
    with Library("sqlite://") as library:
        person = library.people.by_email("a@b.org")
        query = Query(tag="x")
        subscription = library.subscriptions.create(person, "search", name=name.replace("\x00", ""), query=query)
        mail = digest(made, subscription, [], message_id="<x@y>")
        parsed = message_from_bytes(mail.as_bytes(), policy=policy.default)
        assert set(parsed.keys()) == set(mail.keys())
        assert parsed["To"] == "a@b.org"
