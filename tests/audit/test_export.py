"""An exported log verifies at every size, grows in place, and forgets what was pruned."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from tests.audit.logs import KEY, FaultError, fail_at, open_log

from countenance.audit.export import SignedLog, StoredLog, export, write_files
from countenance.audit.folder import AbsentError, LogFolder
from countenance.audit.quorum import Policy
from countenance.audit.tiles import Tile, tiles_of
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError
from countenance.storage.store import Store
from countenance.storage.tables import entries as rows

TRUST = Policy.trusting(KEY.verifier)


def entries(n: int) -> list[tuple[str, dict[str, object]]]:
    return [("CONFIG", {"software": str(i)}) for i in range(n)]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_an_export_is_whole_after_every_growth(tmp_path_factory: pytest.TempPathFactory, steps: list[int]) -> None:
    place = tmp_path_factory.mktemp("log")
    with Store.open(place) as store:
        log = open_log(store)
        for step in steps:
            log.append_all(entries(step))
            size = export(log, place / "log")
            report = verify(LogFolder(place / "log"), TRUST)
            assert (report.findings, report.entries, report.point.size) == ((), size, log.size)
            files = {p.relative_to(place / "log").as_posix() for p in (place / "log").rglob("*") if p.is_file()}
            assert files == {"checkpoint", "log.vkey", *(tile.path for tile in tiles_of(size))}
        assert verify(StoredLog(log), TRUST).findings == ()


def test_a_crash_between_files_leaves_the_last_export_valid(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        log = open_log(store)
        log.append_all(entries(300))
        export(log, tmp_path / "log")
        log.append_all(entries(300))
        for point in ("export.tile", "export.before_checkpoint"):
            with pytest.raises(FaultError):
                export(log, tmp_path / "log", fail_at(point))
            assert verify(LogFolder(tmp_path / "log"), TRUST).point.size == 300
        assert export(log, tmp_path / "log") == 600
        assert verify(LogFolder(tmp_path / "log"), TRUST).findings == ()


def test_entries_whose_time_is_over_leave_the_files_and_the_tree_still_verifies(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        log = open_log(store)
        log.append_all(entries(600))
        export(log, tmp_path / "log")
        log.append_all([("RETENTION", {"minimum": 512})])
        assert log.prune(600) == 512
        export(log, tmp_path / "log")
        shutil.copytree(tmp_path / "log", tmp_path / "later")
        report = verify(LogFolder(tmp_path / "log"), TRUST)
        assert (report.findings, report.minimum, report.entries) == ((), 512, 601 - 512)
        with pytest.raises(AbsentError):
            StoredLog(log).fetch(Tile(None, 0))
        assert export(log, tmp_path / "fresh") == 601
        assert verify(LogFolder(tmp_path / "fresh"), TRUST).findings == ()


def test_a_log_is_exported_beside_its_writer_as_it_was_signed_last(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open_reading(tmp_path) as beside:
        log = open_log(store)
        with pytest.raises(AuditError, match="nothing of this log is signed yet"):
            SignedLog(beside, KEY.verifier)
        log.append_all(entries(600))
        log.checkpoint(at_once=True)
        source = SignedLog(beside, KEY.verifier)
        log.append_all([("RETENTION", {"minimum": 256}), *entries(200)])
        assert verify(source, TRUST).findings == ()
        assert write_files(source, tmp_path / "log") == 600
        log.prune(256)
        log.checkpoint(at_once=True)
        assert write_files(SignedLog(beside, KEY.verifier), tmp_path / "log") == 801
        report = verify(LogFolder(tmp_path / "log"), TRUST)
        assert (report.findings, report.minimum, report.point.size) == ((), 256, 801)
        with pytest.raises(AbsentError):
            source.fetch(Tile(None, 0))


def test_what_is_not_what_was_signed_is_not_exported_beside_the_writer(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open_reading(tmp_path) as beside:
        log = open_log(store)
        log.append_all(entries(300))
        log.checkpoint(at_once=True)
        with store.transaction() as tx:
            tx.execute(update(rows).where(rows.c.seq == 299).values(leaf=b"{}"))
        with pytest.raises(AuditError, match="does not hold the log that was signed"):
            SignedLog(beside, KEY.verifier)


@pytest.mark.parametrize("changed", [3, 255, 256, 290, 299])
def test_a_row_that_is_changed_in_the_store_is_named_before_its_tile_is_full_too(tmp_path: Path, changed: int) -> None:
    with Store.open(tmp_path) as store:
        log = open_log(store)
        log.append_all(entries(300))
        with store.transaction() as tx:
            row = tx.find(rows, seq=changed)
            assert row is not None
            leaf = bytes(row.leaf).replace(b'"software":"', b'"software":"un')
            tx.execute(update(rows).where(rows.c.seq == changed).values(leaf=leaf))
        (found, *_) = verify(StoredLog(log), TRUST).findings
        assert found.seq == changed
        export(log, tmp_path / "log")
        (found, *_) = verify(LogFolder(tmp_path / "log"), TRUST).findings
        assert found.seq == changed


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store.open(tmp_path / "store") as store:
        log = open_log(store)
        log.append_all(entries(1))
        with pytest.raises(AuditError, match="cannot be exported"):
            export(log, tmp_path / "file" / "log")
