"""What deleting leaves in the files of SQLite: the database is built anew without it, the write-ahead log cut."""

from sqlalchemy import Engine


def scrub(engine: Engine) -> bool:
    """Build the database file anew and cut its write-ahead log to nothing; False when a reader held that up.

    `secure_delete` zeroes what is deleted, but rows that SQLite had moved between pages before leave old copies in the
    unused part of a page: only a rebuilt file is free of them.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, _, _) = cursor.fetchone() or (1, 0, 0)
        cursor.close()
        return not busy
    finally:
        connection.close()
