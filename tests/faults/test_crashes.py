"""The crash states themselves: what they keep, what they may lose, and that a lazy program is caught by them."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from bench.faults import syscalls
from bench.faults.crashes import MANNERS, Disk, crashes, lay_out, without_syncs
from bench.faults.syscalls import FailedSync, Name, Reader, Resize, Said, Step, Sync, SyncFolder, Write

WRITER = """
import os, sqlite3, sys
folder = sys.argv[1]
c = sqlite3.connect(folder + "/x.sqlite", isolation_level=None)
c.execute("pragma journal_mode=wal"); c.execute("pragma synchronous=" + sys.argv[2])
c.execute("pragma wal_autocheckpoint=8")
c.execute("create table t(a integer primary key, b blob)")
for n in range(40):
    c.execute("insert into t(b) values(?)", (bytes(300),))
    os.write(1, b"%d\\n" % n)
"""

NEEDS_STRACE = pytest.mark.skipif(not syscalls.available(), reason="strace is not installed")


def recorded(folder: Path, synchronous: str) -> tuple[Sequence[Step], str]:
    root = folder / "disk"
    root.mkdir()
    steps = syscalls.record([sys.executable, "-c", WRITER, str(root), synchronous], root, folder / "trace")
    return steps, str(root.resolve())


def lost(steps: Sequence[Step], root: str, folder: Path, number: int = 400) -> int:
    """How many crash states lack an acknowledged row or cannot be read."""
    missed = 0
    for n, state in enumerate(crashes(steps, number, Random(7))):
        place = folder / f"crash-{n}"
        place.mkdir()
        lay_out(state, root, place)
        connection = sqlite3.connect(place / "x.sqlite")
        try:
            rows = connection.execute("select count(*) from t").fetchone()[0]
        except sqlite3.DatabaseError:
            rows = 0
        finally:
            connection.close()
        missed += rows < state.said.count(b"\n")
    return missed


@NEEDS_STRACE
def test_a_program_that_syncs_before_it_acknowledges_loses_nothing(tmp_path: Path) -> None:
    steps, root = recorded(tmp_path, "full")
    assert sum(isinstance(step, Said) for step in steps) == 40
    assert sum(isinstance(step, Sync) for step in steps) > 40
    assert lost(steps, root, tmp_path) == 0


@NEEDS_STRACE
def test_a_program_that_does_not_sync_is_caught(tmp_path: Path) -> None:
    steps, root = recorded(tmp_path, "off")
    assert lost(steps, root, tmp_path) > 100


@NEEDS_STRACE
def test_syncs_taken_out_of_a_recording_are_caught(tmp_path: Path) -> None:
    steps, root = recorded(tmp_path, "full")
    assert lost(without_syncs(steps, "-wal"), root, tmp_path) > 100


def disk_after(*steps: Step) -> Disk:
    disk = Disk()
    for index, step in enumerate(steps):
        disk.do(index, step)
    return disk


@pytest.mark.parametrize("manner", MANNERS)
def test_what_was_synced_survives_in_every_manner(manner: str) -> None:
    disk = disk_after(Name("/d/f", 1), Write(1, 0, b"a" * 1500), Sync(1, 2), SyncFolder("/d"))
    for seed in range(20):
        assert disk.crash(Random(seed), manner) == {"/d/f": b"a" * 1500}


def test_what_was_not_synced_may_be_lost_torn_zeroed_or_reordered() -> None:
    base = (Name("/d/f", 1), Write(1, 0, b"a" * 1500), Sync(1, 2), SyncFolder("/d"))
    disk = disk_after(*base, Write(1, 600, b"b" * 1500), Write(1, 600, b"c" * 100))
    seen = {manner: {disk.crash(Random(seed), manner)["/d/f"] for seed in range(200)} for manner in MANNERS}
    assert seen["lose_all"] == {b"a" * 1500}
    assert seen["keep_all"] == {b"a" * 600 + b"c" * 100 + b"b" * 1400}
    assert seen["cut"] == {b"a" * 1500, b"a" * 600 + b"b" * 1500, b"a" * 600 + b"c" * 100 + b"b" * 1400}
    assert any(data[600:1024] == bytes(424) for data in seen["zeroed"])
    assert any(data[600:700] == b"b" * 100 and b"c" not in data for data in seen["reordered"])
    assert all(data[:600] == b"a" * 600 for found in seen.values() for data in found)


def test_a_new_name_is_sure_only_when_its_folder_is_synced() -> None:
    new = (Name("/d/t", 1), Write(1, 0, b"new"), Sync(1, 2), Name("/d/t", None), Name("/d/f", 1))
    loose = disk_after(*new)
    assert {b"".join(loose.crash(Random(n), "cut").values()) for n in range(50)} >= {b"", b"new"}
    assert disk_after(*new, SyncFolder("/d")).crash(Random(0), "lose_all") == {"/d/f": b"new"}


def test_files_vanish_with_a_folder_whose_name_was_not_synced() -> None:
    disk = disk_after(Name("/d/sub", -1), Name("/d/sub/f", 1), Sync(1, 2), SyncFolder("/d/sub"))
    assert disk.crash(Random(0), "lose_all") == {}
    disk.do(4, SyncFolder("/d"))
    assert disk.crash(Random(0), "lose_all") == {"/d/sub/f": b""}


def test_a_sync_covers_only_what_was_written_before_it_began() -> None:
    disk = disk_after(Name("/d/f", 1), SyncFolder("/d"), Write(1, 0, b"a"), Write(1, 1, b"b"), Sync(1, 3))
    assert disk.crash(Random(0), "lose_all") == {"/d/f": b"a"}
    assert disk.crash(Random(0), "keep_all") == {"/d/f": b"ab"}


def test_what_a_failed_sync_spoke_of_stays_doubtful_until_it_is_written_again() -> None:
    base = (Name("/d/f", 1), SyncFolder("/d"), Write(1, 0, b"aaaa"), FailedSync(1, 3), Sync(1, 4))
    assert disk_after(*base).crash(Random(0), "lose_all") == {"/d/f": b""}
    seen = {disk_after(*base).crash(Random(n), "keep_all")["/d/f"] for n in range(20)}
    assert seen == {b"", b"aaaa"}
    part = disk_after(*base, Write(1, 1, b"bb"), Sync(1, 6))
    assert {part.crash(Random(n), "keep_all")["/d/f"] for n in range(99)} == {
        b"\0bb", b"abb", b"\0bba", b"abba",
    }  # fmt: skip
    again = disk_after(*base, Write(1, 0, b"bbbb"), Sync(1, 6))
    assert again.crash(Random(0), "lose_all") == {"/d/f": b"bbbb"}


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def test_interrupted_calls_and_offsets_are_read_from_the_lines_of_strace() -> None:
    d, f = hexed("/d"), hexed("/d/f")
    lines = [
        f'7 openat(AT_FDCWD<{d}>, "{f}", O_RDWR|O_CREAT, 0600) = 3<{f}>',
        f'7 write(3<{f}>, "{hexed("ab")}", 2) = 2',
        f"7 fsync(3<{f}> <unfinished ...>",
        f'8 write(3<{f}>, "{hexed("X")}", 1) = 1',
        "7 <... fsync resumed>) = 0",
        f'7 write(3<{f}>, "{hexed("c")}", 1) = 1',
        f"7 ftruncate(3<{f}>, 2) = 0",
        f'7 write(1<{hexed("/out")}>, "{hexed("ok")}", 2) = 2',
        f"7 fsync(4<{d}>) = -1 EIO (Input/output error)",
        f"7 fsync(3<{f}>) = -1 EIO (Input/output error) (INJECTED)",
        f"7 fsync(4<{d}>) = 0",
        "7 +++ exited with 0 +++",
    ]
    assert Reader("/d").read(iter(lines)) == [
        Name("/d/f", 1), Write(1, 0, b"ab"), Write(1, 0, b"X"), Sync(1, 2), Write(1, 2, b"c"), Resize(1, 2),
        Said(b"ok"), FailedSync(1, 7), SyncFolder("/d"),
    ]  # fmt: skip


def test_a_trace_with_a_call_that_is_not_modelled_is_refused() -> None:
    line = f"7 fallocate(3<{hexed('/d/f')}>, 0, 0, 10) = 0"
    with pytest.raises(RuntimeError, match="not modelled"):
        Reader("/d").read(iter([line]))
