"""A real PostgreSQL server for tests: made with initdb, run by a user who is not root, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from countenance.storage.store import Store

OWNER, APPLICATION = "store_owner", "store_app"
DATABASE = "countenance"


@dataclass(frozen=True)
class Server:
    """A running server, known by the folder of its socket."""

    folder: Path

    def url(self, role: str = APPLICATION, database: str = DATABASE) -> str:
        return f"postgresql+pg8000://{role}@/{database}?unix_sock={self.folder}/.s.PGSQL.5432"

    def admin(self, *statements: str, database: str = "postgres") -> None:
        engine = create_engine(self.url("postgres", database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def control(self, *words: str) -> None:
        """`pg_ctl`, as the server's user."""
        run_as_server("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), *words)

    def start(self) -> None:
        # Only a socket in a folder of our own: no port, no other user.
        self.control("start", "-o", f"-c listen_addresses='' -c unix_socket_directories={self.folder}")


def binaries() -> Path | None:
    """The newest folder of PostgreSQL programs, in Debian's place or on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def run_as_server(program: str, *words: str) -> None:
    folder = binaries()
    assert folder is not None
    # The server refuses to run as root.
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
    subprocess.run([str(folder / program), *words], check=True, cwd="/", stdout=subprocess.DEVNULL, **who)


@contextmanager
def running() -> Iterator[Server]:
    """A server with the tables of a store, owned by one role and used by another; skips by name where there is none."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed (initdb was not found)")
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("PostgreSQL cannot run as root and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="countenance-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        run_as_server("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        server = Server(folder)
        server.start()
        try:
            server.admin(
                f"CREATE ROLE {OWNER} LOGIN",
                f"CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOBYPASSRLS",
                f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
            )
            Store.prepare(server.url(OWNER), APPLICATION)
            yield server
        finally:
            server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)
