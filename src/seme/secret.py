"""The key that signs cookies and mailed links."""

from __future__ import annotations

import os
import secrets

from seme.errors import SemeError
from seme.settings import Settings


def service_secret(settings: Settings) -> bytes:
    """Return the key from the settings, or one made at the first start and kept in `home/secret` (mode 0600).

    Raises
    ------
    SemeError
        If the kept key is too short to be one.
    """
    given = settings.secret.get_secret_value()
    if given:
        return given.encode()
    path = settings.home / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".secret-{os.getpid()}-{secrets.token_hex(4)}")
    if not path.exists():
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # fails if another process was first: then its key is the key
        except FileExistsError:
            pass
        finally:
            part.unlink()
    key = path.read_bytes()
    if len(key) < 32:
        raise SemeError(f"{path} holds no key", hint=f"Delete {path}: links and cookies made with it stop working")
    return key
