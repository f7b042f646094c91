"""The folder of a tenant's keys: kept apart from the database and from its backups, and able to forget a key."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from countenance.contracts.errors import VaultError
from countenance.storage.folders import make_folder, sync_folder

KEY_BYTES = 32
LOG_KEY = "log.key"
TOKEN_KEY = "token.key"
MARK = "mark.note"
KEK = re.compile(r"kek-([1-9][0-9]{0,8})\.key")
DRAFT = ".draft"
"""Ends the name of a file that is being written; a crash can leave one, the next opening destroys it."""


class KeyFolder:
    """The signing key of the log and the key-encryption keys (KEK) of a tenant, one file each, for their owner alone.

    The folder is 0700 and the files 0600, or they are not used. It never belongs into the backup set that holds the
    database: who has both a backup and the KEK of its epoch can read everything in it.
    """

    def __init__(self, folder: Path, random: Callable[[int], bytes] = os.urandom) -> None:
        self.folder = folder
        self._random = random
        try:
            make_folder(folder)
            _refuse_loose(folder, 0o700)
            for draft in folder.glob(f"*{DRAFT}"):
                _destroy(draft, random)
        except OSError as fault:
            raise _fault(folder, "used", fault) from fault

    def log_seed(self) -> bytes:
        """The 32 bytes of the log's Ed25519 key; made at the first call."""
        return self._read_or_make(LOG_KEY)

    def token_secret(self) -> bytes:
        """The 32 bytes under which the tenant's tokens are signed; made at the first call."""
        return self._read_or_make(TOKEN_KEY)

    def epochs(self) -> tuple[int, ...]:
        """The epochs whose KEK exists, the oldest first."""
        found = (KEK.fullmatch(path.name) for path in self.folder.iterdir())
        return tuple(sorted(int(match[1]) for match in found if match))

    def kek(self, epoch: int) -> bytes:
        """The KEK of an epoch; raises VaultError when it was destroyed or never existed."""
        return self._read(_name_of(epoch))

    def make_kek(self, epoch: int) -> bytes:
        """The KEK of an epoch, made unless it is there already."""
        return self._read_or_make(_name_of(epoch))

    def destroy_kek(self, epoch: int) -> None:
        """Overwrite the KEK of an epoch, then remove its name; nothing it wrapped can be opened again.

        An SSD may keep the overwritten cells and a snapshot the file: docs/erasure.md says what to do about both.
        """
        try:
            _destroy(self.folder / _name_of(epoch), self._random)
        except OSError as fault:
            raise _fault(self.folder / _name_of(epoch), "destroyed", fault) from fault

    def mark(self) -> bytes | None:
        """What `put_mark` kept last: the newest point of the log that a restored database must have reached."""
        path = self.folder / MARK
        return self._bytes_of(path) if path.exists() else None

    def put_mark(self, data: bytes) -> None:
        """Keep a mark in place of the last one, in one step."""
        self._write(self.folder / MARK, data)

    def _read_or_make(self, name: str) -> bytes:
        if not (self.folder / name).exists():
            self._write(self.folder / name, self._random(KEY_BYTES))
        return self._read(name)

    def _read(self, name: str) -> bytes:
        key = self._bytes_of(self.folder / name)
        if len(key) != KEY_BYTES:
            raise VaultError(f"the key {self.folder / name} has {len(key)} bytes, not {KEY_BYTES}", "Restore the file.")
        return key

    def _bytes_of(self, path: Path) -> bytes:
        try:
            _refuse_loose(path, 0o600)
            return path.read_bytes()
        except FileNotFoundError as fault:
            remedy = "What it wrapped cannot be opened; if it was moved, bring the keys folder back."
            raise VaultError(f"the key {path} does not exist", remedy) from fault
        except OSError as fault:
            raise _fault(path, "read", fault) from fault

    def _write(self, path: Path, data: bytes) -> None:
        draft = path.with_name(path.name + DRAFT)
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(self.folder)
        except OSError as fault:
            draft.unlink(missing_ok=True)
            raise _fault(path, "written", fault) from fault


def _name_of(epoch: int) -> str:
    return f"kek-{epoch}.key"


def _refuse_loose(path: Path, most: int) -> None:
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        raise VaultError(f"{path} is a symbolic link", "Put the keys themselves there.")
    if mode & ~most or found.st_uid != os.geteuid():
        remedy = f"Make it yours alone: `chmod {most:o} {path}`; who could read it may have a copy."
        raise VaultError(f"{path} is open to others (mode {mode:o}, owner {found.st_uid})", remedy)


def _destroy(path: Path, random: Callable[[int], bytes]) -> None:
    """Overwrite, force to the disk, unlink, force the folder; a file that is gone already stays gone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        os.pwrite(handle, random(max(os.fstat(handle).st_size, KEY_BYTES)), 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    path.unlink()
    sync_folder(path.parent)


def _fault(path: Path, what: str, fault: OSError) -> VaultError:
    return VaultError(f"{path} cannot be {what}: {fault.strerror}", "Check the folder, its rights and its disk.")
