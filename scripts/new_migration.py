"""Write a migration for what changed in `papers/library/schema.py`: python scripts/new_migration.py "what changed"."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

MIGRATIONS = Path(__file__).parent.parent / "src/seme/papers/library/migrations"


def main() -> None:
    """Bring an empty SQLite database to the last migration and write what the schema has beyond it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/empty.sqlite3")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            command.revision(config, message=sys.argv[1], autogenerate=True)
        engine.dispose()


if __name__ == "__main__":
    main()
