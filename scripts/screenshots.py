"""Take the pictures of the documentation: a fresh install, used a little, in a headless Chromium.

python scripts/screenshots.py            # into docs/images
python scripts/screenshots.py FOLDER
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

LARGEST = 200_000
COLOURS = 128
PAPER = "/papers/2509.20784"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1120, "height": 760}, "device_scale_factor": 1.5}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 2, "has_touch": True}
PAGES = {
    "today": "/",
    "trending": "/trending",
    "paper": PAPER,
    "search": "/search?q=smallest+units+of+meaning+inside+a+language+model",
    "similar": f"{PAPER}/similar?sort=trending",
    "saved": "/saved",
    "subscribe": "/subscribe?kind=search&q=sparse+autoencoders",
    "about": "/about",
}
IN_THE_DARK = ("today", "paper", "search")
ON_A_PHONE = ("today", "paper", "search")


@contextmanager
def serve() -> Iterator[str]:
    """Serve a fresh install in a folder of its own and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEME_")}
        # A mail server is named so that the form looks as it does in use; nothing is sent to it.
        environment = {**kept, "SEME_HOME": home, "SEME_PORT": str(port), "SEME_SMTP": "smtp+plain://127.0.0.1:1"}
        process = subprocess.Popen([sys.executable, "-m", "seme.cli", "serve"], env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/healthz", process)
            yield address
        finally:
            process.terminate()
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(address)  # noqa: S310  # our own service
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the service ended before it answered")


def use(page: Page) -> None:
    """Vote, save, note and comment, so that the pictures show what that looks like."""
    page.goto("/")
    for label in ("Vote for FreSh", "Vote for Monet", "Save Sparse Autoencoders Enable", "Save Monet"):
        button = page.locator(f'[aria-label^="{label}"]')
        button.click()
        page.locator(f'[aria-label^="{label}"][aria-pressed=true]').wait_for()
    page.goto(PAPER)
    page.locator(".vote").click()
    page.get_by_label("Note, only for you").fill("Run the atoms experiment on layer 6 first, then compare with Monet.")
    page.get_by_label("Collections").fill("Reading group")
    page.get_by_role("button", name="Save with note").click()
    page.get_by_label("Comment, for everybody").fill("Does the bound still hold after fine-tuning?")
    page.get_by_role("button", name="Comment").click()


def take(browser: Browser, address: str, folder: Path, names: tuple[str, ...], kind: str, **options: Any) -> None:
    """Take pictures of pages in one kind of window."""
    context = browser.new_context(base_url=address, **options)
    page = context.new_page()
    page.goto("/about")  # the font is loaded and kept from here on
    page.evaluate("document.fonts.ready")
    for name in names:
        page.goto(PAGES[name], wait_until="networkidle")
        write(page.screenshot(), folder / f"{name}{kind}.png")
    context.close()


def write(picture: bytes, path: Path) -> None:
    """Write a picture with few colours: text needs no more, and it stays small."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}  {size // 1000} KB")
    if size > LARGEST:
        raise SystemExit(f"{path} is larger than {LARGEST} bytes")


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("needs Chromium: apt-get install chromium")
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        use(browser.new_page(base_url=address))
        take(browser, address, folder, tuple(PAGES), "", **DESKTOP)
        take(browser, address, folder, IN_THE_DARK, "-dark", color_scheme="dark", **DESKTOP)
        take(browser, address, folder, ON_A_PHONE, "-phone", **PHONE)
        browser.close()


if __name__ == "__main__":
    main()
