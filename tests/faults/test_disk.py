"""R17, the short form: disks that run full and break under a running call; each planted bug is caught."""

from pathlib import Path

import pytest
from bench.faults import syscalls
from bench.faults.disk import fail_calls, inside, suffer
from bench.faults.small_disk import files_up_to, unshared
from bench.faults.trial import PLANTS, Trial

from countenance.contracts.errors import StorageError

NEEDS_STRACE = pytest.mark.skipif(not syscalls.available(), reason="strace is not installed")
NEEDS_MOUNTS = pytest.mark.skipif(unshared() is None, reason="no mount namespaces here: unshare --mount is refused")


class Breakable:
    """A disk on which no commit succeeds while it is broken."""

    def __init__(self) -> None:
        self.broken = False

    def __call__(self, name: str) -> None:
        if self.broken and name == "store.before_commit":
            raise StorageError("the disk is full", "")

    def fail(self) -> None:
        self.broken = True

    def heal(self) -> None:
        self.broken = False


def test_inference_stops_and_comes_back_by_itself(tmp_path: Path) -> None:
    disk = Breakable()
    ended = suffer(Trial(tmp_path, points=disk), disk.fail, disk.heal)
    assert ended.misses == ()
    assert ended.refused > 3
    assert ended.ran_on_us == 0


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(plant: str, tmp_path: Path) -> None:
    disk = Breakable()
    assert suffer(Trial(tmp_path, points=disk, plant=plant), disk.fail, disk.heal).misses


def test_one_persons_no_that_cannot_be_written_stops_nobody_else(tmp_path: Path) -> None:
    disk = Breakable()
    trial = Trial(tmp_path, points=disk)
    trial.seconds(1)
    disk.fail()
    assert not trial.stop("p0", "face")
    disk.heal()
    trial.turn()
    assert {who: lease.modalities for who, lease in trial.room.leases.items()} == {
        "p0": ("text", "voice"),
        "p1": ("face", "text", "voice"),
    }
    assert "OPT_OUT" in [entry.kind for entry in trial.tenant.log.entries()]
    trial.close()


def test_files_that_may_not_grow_stop_inference_too(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.seconds(1)
    size = max(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    with files_up_to(size):
        trial.seconds(3)
        assert trial.faults.count > 0
        assert not trial.room.leases
    trial.seconds(8)
    assert trial.room.leases
    assert list(trial.misses()) == []
    trial.close()


@NEEDS_MOUNTS
def test_a_disk_that_runs_full_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    ended = inside(tmp_path / "small", tmp_path / "out", [0, 3, 8])
    assert [one.misses for one in ended] == [(), (), ()]
    assert all(one.refused for one in ended)


@NEEDS_STRACE
@pytest.mark.parametrize(("call", "error"), [("pwrite64", "EIO"), ("fdatasync", "EIO"), ("pwrite64", "EROFS")])
def test_a_disk_that_breaks_loses_nothing(call: str, error: str, tmp_path: Path) -> None:
    ended = fail_calls(tmp_path, call, error, 2)
    assert ended.misses == ()
    assert ended.refused
