"""Running the service."""

from __future__ import annotations

import gc
import os
from typing import Any

import uvicorn
from fastapi import FastAPI

from seme.secret import service_secret
from seme.settings import Settings
from seme.settings import settings as settings_of_process
from seme.web.app import create_app, refuse_open_door
from seme.web.sharing import ShortConnections


def serve(settings: Settings) -> None:
    """Serve until interrupted, in one process or with several workers."""
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "server_header": False,
        "timeout_keep_alive": 15,
        "limit_concurrency": 500,
    }
    if settings.workers == 1:
        uvicorn.run(_lasting(create_app(settings)), **options)
        return
    refuse_open_door(settings)
    service_secret(settings)  # made once, before every worker looks for it
    # Workers are new processes, which read the settings for themselves: what was given as an option must be there.
    os.environ |= {"SEME_HOST": settings.host, "SEME_PORT": str(settings.port)}
    uvicorn.run("seme.web.serve:worker", factory=True, workers=settings.workers, **options)


def worker() -> FastAPI:
    """Make the application of one worker from the settings of its process."""
    app = create_app(settings_of_process())
    app.add_middleware(ShortConnections)
    return _lasting(app)


def _lasting(app: FastAPI) -> FastAPI:
    """Leave what lasts as long as the process out of garbage collection: going over it takes a tenth of a second."""
    gc.collect()
    gc.freeze()
    return app
