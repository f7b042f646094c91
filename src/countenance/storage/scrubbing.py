"""What deleting leaves in the files of SQLite: the database is built anew without it, the write-ahead log cut."""

import os

from sqlalchemy import Engine


def scrub(engine: Engine, largest_bytes: int | None = None) -> bool:
    """Build the database file anew and cut its write-ahead log to nothing; False when a reader held that up.

    `secure_delete` zeroes what is deleted, but rows that SQLite had moved between pages before can leave old copies in
    the unused part of a page: only a rebuilt file is free of them. Rebuilding costs seconds for each 100 MB; a file
    that is larger than `largest_bytes` only has its write-ahead log cut.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if largest_bytes is None or os.path.getsize(str(engine.url.database)) <= largest_bytes:  # noqa: PTH202
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, _, _) = cursor.fetchone() or (1, 0, 0)
        cursor.close()
        return not busy
    finally:
        connection.close()
