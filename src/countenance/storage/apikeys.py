"""API keys of all tenants, hashed, and ended tokens: one SQLite file that the server and commands may change.

It stands beside the stores, not in them: a store has one writer, and a key must be revocable while that runs.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.contracts.errors import StorageError
from countenance.storage.folders import make_folder

NAME = "access.sqlite"
WAIT_S = 5.0
FORM = 1
TABLE = """
CREATE TABLE IF NOT EXISTS api_keys (
  key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, sha256 TEXT NOT NULL, label TEXT NOT NULL, position TEXT NOT NULL,
  scopes TEXT NOT NULL, made_utc_us INTEGER NOT NULL, expires_utc_us INTEGER, revoked_utc_us INTEGER
) WITHOUT ROWID
"""
ENDED = """
CREATE TABLE IF NOT EXISTS ended_tokens (token_id TEXT PRIMARY KEY, ends_utc_us INTEGER NOT NULL) WITHOUT ROWID
"""
COLUMNS = "key_id, tenant, sha256, label, position, scopes, made_utc_us, expires_utc_us, revoked_utc_us"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One API key, without its secret."""

    key_id: str
    tenant: str
    sha256: str
    """Of the secret part; that has 256 random bits, so a plain hash keeps it."""
    label: str
    """What the operator calls it; names nobody in logs."""
    position: str
    scopes: str
    """Separated by spaces."""
    made_utc_us: int
    expires_utc_us: int | None = None
    revoked_utc_us: int | None = None


class KeyFile:
    """The keys of an installation; several processes may hold it open."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._one = threading.Lock()
        try:
            make_folder(folder)
            self.path.touch(mode=0o600)
        except OSError as fault:
            raise StorageError(f"{self.path} cannot be made: {fault.strerror}", "Check folder and rights.") from fault
        with self._faults():
            self._connection = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._check_form()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, row: KeyRow) -> None:
        """Keep a key; it is on the disk when this returns."""
        values = tuple(getattr(row, name) for name in COLUMNS.split(", "))
        self._run(f"INSERT INTO api_keys ({COLUMNS}) VALUES ({', '.join('?' * len(values))})", *values)

    def find(self, key_id: str) -> KeyRow | None:
        """The key of an id, also when it has ended."""
        rows = self._run(f"SELECT {COLUMNS} FROM api_keys WHERE key_id = ?", key_id)
        return KeyRow(*rows[0]) if rows else None

    def all(self) -> Sequence[KeyRow]:
        """Every key, the oldest first."""
        return tuple(KeyRow(*row) for row in self._run(f"SELECT {COLUMNS} FROM api_keys ORDER BY made_utc_us, key_id"))

    def revoke(self, key_id: str, at_utc_us: int) -> bool:
        """End a key; False when there is none of this id that has not ended already."""
        statement = "UPDATE api_keys SET revoked_utc_us = ? WHERE key_id = ? AND revoked_utc_us IS NULL RETURNING 1"
        return bool(self._run(statement, at_utc_us, key_id))

    def end_token(self, token_id: str, ends_utc_us: int, now_utc_us: int) -> None:
        """Remember until its own end that a token counts no more, and forget those that have come to theirs."""
        self._run("DELETE FROM ended_tokens WHERE ends_utc_us <= ?", now_utc_us)
        self._run("INSERT OR REPLACE INTO ended_tokens VALUES (?, ?)", token_id, ends_utc_us)

    def has_ended(self, token_id: str) -> bool:
        """Whether a token was ended before its time."""
        return bool(self._run("SELECT 1 FROM ended_tokens WHERE token_id = ?", token_id))

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._one, self._faults():
            return self._connection.execute(statement, values).fetchall()

    def _check_form(self) -> None:
        (form,) = self._connection.execute("PRAGMA user_version").fetchone()
        if form > FORM:
            raise StorageError(f"{self.path} has form {form}, this program knows {FORM}", "Install the newer program.")
        self._connection.execute(TABLE)
        self._connection.execute(ENDED)
        self._connection.execute(f"PRAGMA user_version={FORM}")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            raise StorageError(
                f"{self.path} cannot be used: {fault}", "Check the file, its rights and disk."
            ) from fault
