"""Every setting of Seme in one place: environment variables `SEME_*`, or `seme.toml` in the data folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


def _default_home() -> Path:
    return Path("~/.local/share/seme").expanduser()


class Settings(BaseSettings):
    """What a person may change. `SEME_HOME` moves everything that Seme writes."""

    model_config = SettingsConfigDict(env_prefix="SEME_", extra="forbid", env_nested_delimiter="__")

    home: Path = Field(default_factory=_default_home)
    """Folder of the library, the index, the secrets and the caches."""
    assets: Path | None = None
    """Folder of models in the form in which they load fast; empty means `assets` in `home`."""
    database: str = ""
    """SQLAlchemy address of the library (`postgresql+psycopg://user@host/name`); empty means SQLite in `home`."""

    # Serving
    host: str = "127.0.0.1"
    port: int = Field(default=8057, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that serve, each with its own memory, caches and limits."""
    public_url: str = ""
    """Address that people reach the service at, for feeds and mail; empty means `http://host:port`."""
    sign_in: Literal["off", "mail"] = "off"
    """`off`: one person, no sign-in, only for a loopback host. `mail`: accounts by e-mailed links."""
    secret: SecretStr = SecretStr("")
    """Key of cookies and links; empty means one made at the first start and kept in `home/secret`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-* headers are believed."""
    rate_per_minute: int = Field(default=600, ge=1)
    """Requests that one address may make a minute, pages and API together."""
    writes_per_minute: int = Field(default=60, ge=1)
    page_size: int = Field(default=60, ge=1, le=200)
    """Papers on a page of a listing; a page of hits has at most 30."""

    # Searching
    encoder_path: Path | None = None
    """Folder with `model.onnx` and `tokenizer.json`; empty means an installed package, then the hub."""
    threads: int = Field(default=2, ge=1, le=256)
    vector_scan: Literal["float32", "int8", "binary"] = "binary"
    """What a search by meaning reads of each vector; the last two score their best again exactly."""
    lexical_weight: float = Field(default=0.4, ge=0.0, le=1.0)
    """Share of BM25 in the hybrid score; the rest is the dense score."""
    feedback_hits: int = Field(default=1, ge=0, le=20)
    """First hits that move the query's vector a little before a second round; 0 for one round. `benchmarks.judged`
    chose this and the share."""

    # Trending (the formula stands in `papers.ranking`)
    trending_votes: float = Field(default=1.0, ge=0)
    trending_comments: float = Field(default=0.5, ge=0)
    trending_gravity: float = Field(default=1.5, ge=0)
    """Exponent of the age in the trending formula: the larger, the sooner papers sink."""
    trending_grace_hours: float = Field(default=2.0, gt=0)

    # Mail
    smtp: SecretStr = SecretStr("")
    """`smtp://user:password@host:587` (STARTTLS), `smtps://...:465`, or `smtp+plain://localhost:25` without TLS."""
    mail_from: str = "Seme <seme@localhost>"
    contact: str = "unset"
    """Address or page put into the User-Agent that arXiv sees, as its terms ask."""

    # Harvesting
    arxiv_api: str = "https://export.arxiv.org/api/query"
    arxiv_feed: str = "https://rss.arxiv.org/atom"
    arxiv_oai: str = "https://oaipmh.arxiv.org/oai"
    arxiv_interval: float = Field(default=3.0, ge=0)
    """Seconds between two requests to arXiv, over all processes of this machine."""
    arxiv_connect_timeout: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    """Seconds to wait for a connection; the next two likewise for more bytes, and for the whole of an answer."""
    arxiv_read_timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    arxiv_total_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    arxiv_attempts: int = Field(default=6, ge=1)
    """How often one request is made before a harvest gives up until its next run."""
    arxiv_backoff: float = Field(default=3.0, gt=0, allow_inf_nan=False)
    """Seconds of the first pause after a failure; each further one is twice as long."""
    arxiv_budget: float = Field(default=900.0, ge=0, allow_inf_nan=False)
    """Seconds that all such pauses of one harvest may take together."""

    @field_validator("home", "assets", "encoder_path")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @property
    def database_url(self) -> str:
        """Return the address of the library's database."""
        return self.database or f"sqlite:///{self.home / 'library.sqlite3'}"

    @property
    def base_url(self) -> str:
        """Return the address that feeds and mail point at, without a closing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def assets_path(self) -> Path:
        """Return the folder of the converted models."""
        return self.assets or self.home / "assets"

    @property
    def index_path(self) -> Path:
        """Return the folder of the search index."""
        return self.home / "index"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic passes all of them by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, and that wins over `seme.toml`."""
        given = {**env_settings(), **init_settings()}
        home = Path(given.get("home") or _default_home()).expanduser()
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "seme.toml"))


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
