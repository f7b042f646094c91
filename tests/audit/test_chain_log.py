import errno
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from tests.audit.papers import open_log, ticking, whole_call

from countenance.audit.chain_entries import FIELDS, FIRST, canonical, entry_of, line_of
from countenance.audit.chain_log import AuditLog, utc_now
from countenance.audit.chain_verify import chain, read_entries
from countenance.contracts.errors import AuditError


class FaultyDisk:
    """A file in memory whose disk fails when told to, after having written part of the data."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.fault: int | None = None
        self.closed = False

    def read(self) -> bytes:
        self._fail()
        return self.data

    def put(self, at: int, data: bytes) -> None:
        if self.fault is not None:
            self.data = self.data[:at] + data[: len(data) // 2]
        self._fail()
        self.data = self.data[:at] + data

    def close(self) -> None:
        self.closed = True

    def _fail(self) -> None:
        if self.fault is not None:
            raise OSError(self.fault, os.strerror(self.fault))


def test_each_entry_holds_the_hash_of_the_one_before(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        first = log.append("CONFIG", {"config_digest": "c" * 64})
        second = log.append("POLICY_LOAD", {"policy_digest": "d" * 64, "rules": 71})
        assert (first.seq, first.previous) == (0, FIRST)
        assert (second.seq, second.previous) == (1, first.hash)
        assert (log.head, log.count) == (second.hash, 2)
        assert first.at == "2026-11-22T09:00:00.001000Z"
    assert list(read_entries(tmp_path / "audit.jsonl")) == [first, second]


def test_the_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        last = log.append("CONFIG", {"config_digest": "c" * 64})
    with open_log(tmp_path) as log:
        assert log.recovered == (last,)
        assert log.append("CONFIG", {"config_digest": "e" * 64}).previous == last.hash
    assert len(read_entries(tmp_path / "audit.jsonl")) == 2


def test_several_entries_share_one_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_log(tmp_path) as log:
        waits: list[int] = []
        monkeypatch.setattr(os, "fsync", waits.append)
        entries = log.append_all([("CONFIG", {"version": n}) for n in range(20)])
        assert len(waits) == 1
        log.append("CONFIG", {"version": 20})
        assert len(waits) == 2
    assert [entry.seq for entry in entries] == list(range(20))


def test_an_entry_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        entry = log.append("CONFIG", {"version": 1})
        assert (tmp_path / "audit.jsonl").read_bytes() == line_of(entry)


def test_the_log_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o077 == 0


def test_canonical_json_has_one_form() -> None:
    assert canonical({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        {"label": "frustrated"},
        {"probability": 0},
        {"counts": {"face": 0.5}},
        {"reason": "Ana was angry"},
        {"reason": "frustré"},
        {"subject_ref": "x" * 129},
        {"counts": {"a name": 1}},
        {"counts": {1: 1}},
        {"at_us": 2**53},
        {"receipts": [1.5]},
        {"reason": b"bytes"},
    ],
)
def test_nothing_that_was_read_of_a_person_gets_into_an_entry(tmp_path: Path, body: dict[str, object]) -> None:
    with open_log(tmp_path) as log:
        with pytest.raises(AuditError) as caught:
            log.append("RESULT", body)
        assert "angry" not in str(caught.value)
        assert log.count == 0
    assert (tmp_path / "audit.jsonl").read_bytes() == b""


def test_truth_values_and_nothing_are_plain_enough(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        assert log.append("CONFIG", {"status": True, "reason": None}).body == {"status": True, "reason": None}


def test_no_field_can_hold_a_label_a_probability_or_a_name() -> None:
    assert not {"label", "labels", "probability", "score", "scores", "name", "text", "emotion"} & set(FIELDS)


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with open_log(tmp_path) as log, pytest.raises(AuditError, match="no kind `GUESS`"):
        log.append("GUESS", {})


def test_an_entry_stays_small(tmp_path: Path) -> None:
    with open_log(tmp_path) as log, pytest.raises(AuditError, match="exceeds 65535 bytes"):
        log.append("CONFIG", {"model_digests": ["a" * 128] * 600})


def test_a_later_change_of_the_callers_table_reaches_nothing(tmp_path: Path) -> None:
    body: dict[str, object] = {"counts": {"face": 1}, "modalities": ("face",)}
    with open_log(tmp_path) as log:
        entry = log.append("CONFIG", body)
        body["counts"] = {"face": 2}
        assert entry.body == {"counts": {"face": 1}, "modalities": ["face"]}


def test_a_clock_without_a_zone_is_refused(tmp_path: Path) -> None:
    zoneless = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None)
    with AuditLog.open(tmp_path / "audit.jsonl", lambda: zoneless) as log, pytest.raises(AuditError, match="time zone"):
        log.append("CONFIG", {})


def test_times_are_utc(tmp_path: Path) -> None:
    there = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    with AuditLog.open(tmp_path / "audit.jsonl", lambda: there) as log:
        assert log.append("CONFIG", {}).at == "2026-11-22T09:00:00.000000Z"
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failing_disk_stops_the_log_and_a_working_one_is_enough_to_go_on(fault: int) -> None:
    disk = FaultyDisk()
    log = AuditLog(disk, ticking())
    kept = log.append("CONFIG", {"version": 1})
    disk.fault = fault
    with pytest.raises(AuditError, match=r"cannot be written: .*Inference stops") as caught:
        log.append("CONFIG", {"version": 2})
    assert isinstance(caught.value.__cause__, OSError)
    assert (log.head, log.count) == (kept.hash, 1)
    disk.fault = None
    log.append("CONFIG", {"version": 3})
    again = AuditLog(FaultyDisk(disk.data), ticking())
    assert [entry.body["version"] for entry in again.recovered] == [1, 3]


def test_what_a_failing_disk_left_behind_is_a_torn_line() -> None:
    disk = FaultyDisk()
    log = AuditLog(disk, ticking())
    log.append("CONFIG", {"version": 1})
    disk.fault = errno.ENOSPC
    with pytest.raises(AuditError):
        log.append("CONFIG", {"version": 2})
    again = FaultyDisk(disk.data)
    assert AuditLog(again, ticking()).count == 2
    assert b"RECOVERY" in again.data


def test_a_disk_that_cannot_be_read_is_an_error() -> None:
    disk = FaultyDisk()
    disk.fault = errno.EIO
    with pytest.raises(AuditError, match="cannot be read"):
        AuditLog(disk, ticking())


def test_a_log_has_one_writer_at_a_time(tmp_path: Path) -> None:
    with open_log(tmp_path), pytest.raises(AuditError, match="another process writes"):
        open_log(tmp_path)
    open_log(tmp_path).close()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be opened: No such file"):
        open_log(tmp_path / "nowhere")


def test_wherever_the_last_line_tears_the_log_recovers_and_says_so(tmp_path: Path) -> None:
    data = whole_call(tmp_path)
    lines = data.splitlines(keepends=True)
    before = b"".join(lines[:-1])
    for torn in range(1, len(lines[-1])):
        disk = FaultyDisk(before + lines[-1][:torn])
        log = AuditLog(disk, ticking())
        assert log.count == len(lines)
        assert disk.data.startswith(before)
        note = entry_of(disk.data.splitlines(keepends=True)[-1])
        assert note is not None
        assert (note.kind, note.body["cut_bytes"]) == ("RECOVERY", torn)
        assert list(chain([*log.recovered, note])) == []


def test_a_crash_during_recovery_is_recovered_too(tmp_path: Path) -> None:
    data = whole_call(tmp_path)
    before = data[: data.rfind(b"\n", 0, -1) + 1]
    tail = data[len(before) : -1]
    disk = FaultyDisk(before + tail)
    count = AuditLog(disk, ticking()).count
    note = disk.data[len(before) :]
    for written in range(len(note) + 1):
        # The note was half written over the torn line, and what lay behind was not dropped yet.
        again = FaultyDisk(before + note[:written] + tail[written:])
        log = AuditLog(again, ticking())
        last = entry_of(again.data.splitlines(keepends=True)[-1])
        assert again.data.startswith(before)
        assert last is not None
        assert last.kind == "RECOVERY"
        assert log.count in (count, count + 1)


def test_a_whole_line_that_is_damaged_is_never_repaired(tmp_path: Path) -> None:
    data = whole_call(tmp_path)
    (tmp_path / "audit.jsonl").write_bytes(data.replace(b'"seq":3', b'"seq":4', 1))
    with pytest.raises(AuditError, match="damaged at entry 3"):
        open_log(tmp_path)
    (tmp_path / "audit.jsonl").write_bytes(data)
    open_log(tmp_path).close()


CHILD = """
import sys
from pathlib import Path
from countenance.audit.chain_log import AuditLog
log = AuditLog.open(Path(sys.argv[1]))
n = 0
while True:
    entries = log.append_all([("CONFIG", {"version": n + i}) for i in range(1 + n % 3)])
    n += len(entries)
    print(entries[-1].seq, flush=True)
"""


def test_no_acknowledged_entry_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    path, dice = tmp_path / "audit.jsonl", Random(7)
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(dice.randint(1, 120))]
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().split(b"\n")[:-1]]
        child.stdout.close()
        child.wait()
        with AuditLog.open(path, ticking()) as log:
            assert log.count > acknowledged[-1]
            assert list(chain(log.recovered)) == []
