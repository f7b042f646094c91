"""A copy of a SQLite database as it stands at one moment, while others read and write it."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine


def copy_database(engine: Engine, to: Path) -> None:
    """Write the copy under a name that is not taken, for its owner alone, and force it to the disk."""
    handle = os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    connection = engine.raw_connection()
    try:
        source = connection.driver_connection
        target = sqlite3.connect(to)
        try:
            source.backup(target)  # type: ignore[union-attr]
        finally:
            target.close()
        os.fsync(handle)
    finally:
        connection.close()
        os.close(handle)
