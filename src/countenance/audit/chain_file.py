"""The file under the log: bytes that are on the disk when a call returns, or an OSError."""

import fcntl
import os
from pathlib import Path
from typing import Protocol


class LogFile(Protocol):
    """What the log needs of a file; tests put faulty disks here."""

    def read(self) -> bytes:
        """All bytes."""
        ...

    def put(self, at: int, data: bytes) -> None:
        """Write at this offset, drop whatever lies behind, and force it to the disk."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class DiskFile:
    """A real file, held by one writer at a time."""

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if new:
                _sync_folder(path.parent)
        except OSError:
            os.close(self._handle)
            raise

    def read(self) -> bytes:
        """All bytes."""
        with open(self._handle, "rb", closefd=False) as reader:
            return reader.read()

    def put(self, at: int, data: bytes) -> None:
        """Write at this offset, drop whatever lies behind, and force it to the disk."""
        done = 0
        while done < len(data):
            done += os.pwrite(self._handle, data[done:], at + done)
        os.ftruncate(self._handle, at + len(data))
        os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
