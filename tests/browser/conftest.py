"""A browser, and a service as people run it: `seme serve` in a process of its own, beside a mail server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.settings import Settings

LONG = Paper(
    id="2511.09999",
    title="On " + "hyper" * 30 + "parameters: <b>what</b> does not break",
    summary="A line that never ends: "
    + "0123456789" * 40
    + r" $\sum_{i=1}^{n}\alpha_i x_i \le \left\|f\right\|$ and so on.",
    source="arxiv",
    authors=tuple(f"Firstname Secondname-Lastname {number}" for number in range(40)),
    categories=("cs.CL", "an-archive.with-a-very-long-name-that-nobody-uses-anywhere"),
)
"""A paper whose every part is too long for its place."""


@dataclass
class Service:
    """A running service, its mails, and its command."""

    address: str
    environment: dict[str, str]
    mails: list[EmailMessage] = field(default_factory=list)

    def seme(self, *arguments: str) -> str:
        """Run a command of the service and return what it printed."""
        command = [sys.executable, "-m", "seme.cli", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail in."""
        self.mails.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the service ended before it answered"
        try:
            httpx.get(f"{address}/healthz").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service does not answer")


@contextmanager
def _serve(home: Path, **more: str) -> Iterator[Service]:
    port, mail_port = _free_port(), _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEME_")}
    environment = {
        **kept,
        "SEME_HOME": str(home),
        "SEME_PORT": str(port),
        "SEME_SMTP": f"smtp+plain://127.0.0.1:{mail_port}",
        "SEME_RATE_PER_MINUTE": "100000",
        "SEME_WRITES_PER_MINUTE": "1000",
        **more,
    }
    service = Service(f"http://127.0.0.1:{port}", environment)
    controller = Controller(service, hostname="127.0.0.1", port=mail_port)
    controller.start()
    process = subprocess.Popen([sys.executable, "-m", "seme.cli", "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(service.address, process)
        yield service
    finally:
        process.terminate()
        process.wait(timeout=20)
        controller.stop()


@pytest.fixture(scope="session")
def serve(fresh_install: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service of its own on a fresh install and more papers, until the tests end."""
    with ExitStack() as running:

        def start(*papers: Paper, **environment: str) -> Service:
            home = tmp_path_factory.mktemp("served") / "home"
            shutil.copytree(fresh_install, home)
            if papers:
                with Library(Settings(home=home).database_url) as library:
                    library.papers.store(papers)
            return running.enter_context(_serve(home, **environment))

        yield start


@pytest.fixture(scope="session")
def service(serve: Callable[..., Service]) -> Service:
    """Start the service that most tests share."""
    return serve(LONG)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, service: Service) -> Iterator[Open]:
    """Return a function that opens a page as a new visitor; nothing may fail or be refused inside it."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(
        path: str = "/", *, at: Service = service, width: int = 1200, fails: bool = False, **options: Any
    ) -> Page:
        context = chromium.new_context(base_url=at.address, viewport={"width": width, "height": 850}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not fails:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
