"""Running the service."""

from __future__ import annotations

import uvicorn

from seme.settings import Settings
from seme.web.app import create_app


def serve(settings: Settings) -> None:
    """Serve until interrupted."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        timeout_keep_alive=15,
        limit_concurrency=500,
    )
