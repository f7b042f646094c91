"""Disks that run full: a small tmpfs in a mount namespace of its own, and a limit on the size of files."""

import contextlib
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BALLAST = "ballast"
PAGE = 4096
MOUNT = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def unshared() -> Sequence[str] | None:
    """The command that gives a process mounts of its own, or None where the machine allows none."""
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    command = ["unshare", *flags]
    if shutil.which("unshare") is None:
        return None
    probe = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return command if probe.returncode == 0 else None


def run_on_small_disk(folder: Path, size: int, command: Sequence[str]) -> int:
    """Run a command in a namespace in which `folder` is a disk of so many bytes; returns its exit status."""
    own_mounts = unshared()
    if own_mounts is None:
        raise RuntimeError("this machine gives no process mounts of its own: unshare --mount is refused")
    inside = [*own_mounts, "sh", "-c", MOUNT, "sh", str(size), str(folder), *command]
    return subprocess.run(inside, check=False, stdout=sys.stdout).returncode


class SmallDisk:
    """The disk as the harness inside the namespace fills and frees it."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / BALLAST
        self._folder = folder

    @property
    def free(self) -> int:
        """Bytes that are left."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leaving: int) -> None:
        """Take all space but so many bytes, in whole pages."""
        handle = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            wanted = size + self.free - leaving
            os.ftruncate(handle, min(size, max(0, wanted)))
            if wanted > size:
                os.posix_fallocate(handle, 0, wanted)
        finally:
            os.close(handle)

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Within this, no file of this process grows beyond a size: writes behind it fail, with EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def is_full(folder: Path) -> bool:
    """Whether not even one page can be written."""
    probe = folder / "probe"
    try:
        probe.write_bytes(bytes(PAGE))
    except OSError as fault:
        return fault.errno == errno.ENOSPC
    finally:
        probe.unlink(missing_ok=True)
    return False
