"""Backups: an old one is known when it is opened, and brought up to its log before it serves."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.faults.people import Exported, House, Seated, request_of

from countenance.audit.deletion import verify_deletion
from countenance.audit.note import VerifierKey
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError, StorageError, VaultError
from countenance.control import backups
from countenance.control.erasure import ROTATE_AFTER_US
from countenance.storage.clocks import micros
from countenance.storage.engine import FILE
from countenance.storage.keys import KeyFolder
from countenance.storage.store import Store
from countenance.storage.tables import backups as backup_rows
from countenance.storage.tables import consents, deks, erasures, keks, leases, payloads, subjects


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        yield house


def two(house: House, call: str = "call-1") -> tuple[Seated, Seated]:
    ann, bob = house.call(call, {"p-ann": "ann", "p-bob": "bob"})
    for seat in (ann, bob):
        house.read(seat, seat.person.encode())
    return ann, bob


class Loss:
    """The disk of a house is lost after a backup; the keys, and the exported log, are elsewhere."""

    def __init__(self, house: House, backup: Path) -> None:
        self.folder = house.folder
        self.key = house.log.key.verifier
        self.clock = house.clock
        self.source = Exported(house.log)
        house.store.close()
        shutil.rmtree(house.folder / "store")
        (house.folder / "store").mkdir(mode=0o700)
        shutil.copy(backup, house.folder / "store" / FILE)

    @property
    def keys(self) -> KeyFolder:
        return KeyFolder(self.folder / "keys")

    def check(self) -> None:
        with Store.open(self.folder / "store") as store:
            backups.check(store, self.keys, self.key)

    def restore(self, source: Exported | None = None, key: VerifierKey | None = None) -> backups.Restored:
        with Store.open(self.folder / "store") as store:
            return backups.restore(store, self.keys, key or self.key, source or self.source, self.clock)


def backed_up(house: House) -> Path:
    to = house.folder / "backup.sqlite"
    backups.back_up(house.vault, to)
    return to


def test_a_backup_holds_the_database_and_no_key(house: House) -> None:
    two(house)
    to = backed_up(house)
    data = to.read_bytes()
    assert to.stat().st_mode & 0o777 == 0o600
    assert not any(path.read_bytes() in data for path in house.keys.folder.iterdir())
    with house.store.reading() as tx:
        (row,) = tx.rows(tx.select(backup_rows))
        assert (row.epoch, row.log_size, row.taken_utc_us) == (1, house.log.size, micros(house.clock.utc()))


def test_a_backup_overwrites_nothing(house: House) -> None:
    backed_up(house)
    with pytest.raises(StorageError, match="cannot be copied"):
        backed_up(house)


def test_a_store_that_is_as_new_as_its_mark_is_served(house: House) -> None:
    two(house)
    backups.check(house.store, house.keys, house.log.key.verifier)
    house.eraser.finish()
    house.log.append("CONFIG", {"software": "1"})
    backups.check(house.store, house.keys, house.log.key.verifier)


def test_a_store_older_than_its_log_is_refused(house: House) -> None:
    two(house)
    to = backed_up(house)
    house.eraser.erase("ann", "request", "subject")
    loss = Loss(house, to)
    with pytest.raises(StorageError, match=r"the store is a backup.*countenance restore"):
        loss.check()


def test_a_store_of_another_history_is_refused(house: House, tmp_path: Path) -> None:
    two(house)
    house.eraser.finish()
    with House(tmp_path / "other") as other:
        for n in range(20):
            other.log.append("CONFIG", {"software": str(n)})
        with pytest.raises(StorageError, match="or other ones"):
            backups.check(other.store, house.keys, house.log.key.verifier)


def test_a_backup_from_before_an_erasure_is_brought_up_to_it_before_it_serves(house: House) -> None:
    ann, bob = two(house)
    to = backed_up(house)
    receipt = house.eraser.erase("ann", "request", "subject")
    loss = Loss(house, to)
    done = loss.restore()
    assert done.erased == 2
    assert done.unreadable == 0
    loss.check()
    with House(house.folder) as again:
        with pytest.raises(VaultError):
            again.opened(ann.payloads[0])
        assert again.opened(bob.payloads[0]) == b"bob"
        assert not any(b"ann" in path.read_bytes() for path in (house.folder / "store").iterdir())
        # The rotation that was due is due still, and the receipt can be asked for again.
        again.clock.pass_us(ROTATE_AFTER_US)
        again.eraser.finish()
        assert again.keys.epochs() == (2,)
        name = verify_deletion(receipt).statement["erasure_id"]
        keys = verify_deletion(again.eraser.receipt(name)).statement["keys"]
        assert keys["destroyed_at"] is not None
        assert again.opened(bob.payloads[0]) == b"bob"


def test_the_log_goes_on_where_it_was_and_holds(house: House) -> None:
    two(house)
    to = backed_up(house)
    for n in range(600):
        house.log.append("CONFIG", {"software": str(n)})
    house.eraser.erase("ann", "request", "subject")
    size, root = house.log.size, house.log.root
    loss = Loss(house, to)
    assert loss.restore().entries == size - backup_size(to)
    with House(house.folder) as again:
        assert (again.log.size, again.log.root_at(size)) == (size, root)
        again.log.append("CONFIG", {"software": "more"})
        assert verify(Exported(again.log), Policy.trusting(loss.key)).findings == ()


def backup_size(to: Path) -> int:
    with sqlite3.connect(to) as connection:
        (size,) = connection.execute("SELECT log_size FROM backups").fetchone()
    connection.close()
    return int(size)


def test_restoring_what_is_whole_changes_nothing(house: House) -> None:
    ann, _ = two(house)
    source, verifier = Exported(house.log), house.log.key.verifier
    house.log.append("CONFIG", {"software": "1"})
    done = backups.restore(house.store, house.keys, verifier, source, house.clock)
    assert done == backups.Restored(0, 0, 0, 0)
    assert house.opened(ann.payloads[0]) == b"ann"


def test_a_backup_from_before_a_rotation_is_empty_of_people_and_says_so(house: House) -> None:
    ann, bob = two(house)
    to = backed_up(house)
    house.eraser.erase("ann", "request", "subject", at_once=True)
    loss = Loss(house, to)
    done = loss.restore()
    assert (done.erased, done.unreadable) == (2, 2)
    with House(house.folder) as again:
        for seat in (ann, bob):
            with pytest.raises(VaultError):
                again.opened(seat.payloads[0])
        with again.store.reading() as tx:
            for table in (deks, payloads, subjects, consents):
                assert tx.rows(tx.select(table)) == [], table.name
            assert [row.epoch for row in tx.rows(tx.select(keks)) if row.destroyed_utc_us is None] == [2]
        carl, _ = two(again, "call-2")
        assert again.opened(carl.payloads[0]) == b"ann"


def test_with_no_key_left_a_new_epoch_begins(house: House) -> None:
    two(house)
    to = backed_up(house)
    loss = Loss(house, to)
    loss.keys.destroy_kek(1)
    assert loss.restore().unreadable == 4
    assert loss.keys.epochs() == (2,)
    House(house.folder).store.close()


def test_a_yes_that_may_have_been_taken_back_is_not_believed(house: House) -> None:
    two(house)
    to = backed_up(house)
    said = {"modality": "text", "purpose": "support_qa", "status": "withdrawn", "version": 2}
    house.log.append("CONSENT", {"subject_ref": "f" * 32, **said})
    loss = Loss(house, to)
    assert loss.restore().doubted == 4
    with House(house.folder) as again, again.store.reading() as tx:
        assert tx.rows(tx.select(consents)) == []


def test_leases_stand_as_the_log_left_them(house: House) -> None:
    ann, bob = two(house)
    first = ann.call.leases.grant(request_of(ann, 20))
    to = backed_up(house)
    ann.call.leases.close(first, "idle")
    bob.call.leases.grant(request_of(bob, 21))
    loss = Loss(house, to)
    loss.restore()
    with Store.open(house.folder / "store") as store, store.reading() as tx:
        assert [row.subject_ref for row in tx.rows(tx.select(leases))] == [bob.subject_ref]
    with House(house.folder) as again:
        assert [e.body["subject_ref"] for e in again.log.entries() if e.kind == "RECOVERY"] == [bob.subject_ref]


def test_an_export_older_than_the_mark_is_refused(house: House) -> None:
    two(house)
    to, old = backed_up(house), Exported(house.log)
    house.eraser.erase("ann", "request", "subject")
    loss = Loss(house, to)
    with pytest.raises(StorageError, match="Find a newer export"):
        loss.restore(old)


def test_the_log_of_somebody_else_is_refused_and_the_backup_stays_as_it_was(house: House, tmp_path: Path) -> None:
    two(house)
    to = backed_up(house)
    with House(tmp_path / "other") as other:
        for n in range(20):
            other.log.append("CONFIG", {"software": str(n)})
        source, key = Exported(other.log), other.log.key.verifier
    loss = Loss(house, to)
    with pytest.raises(AuditError):
        loss.restore(source)
    with pytest.raises(StorageError, match="not the beginning of this log"):
        loss.restore(source, key)
    assert loss.restore().entries == 0


def test_an_erasure_of_someone_with_no_seat_is_replayed(house: House) -> None:
    ann, _ = two(house)
    to = backed_up(house)
    house.eraser.erase("ann", "request", "subject")
    refs = [e.body["subject_ref"] for e in house.log.entries() if e.kind == "ERASURE"]
    assert set(refs) > {ann.subject_ref}
    loss = Loss(house, to)
    loss.restore()
    with Store.open(house.folder / "store") as store, store.reading() as tx:
        assert not {row.subject_ref for row in tx.rows(tx.select(deks))} & set(refs)
        (row,) = [json.loads(r.receipt) for r in tx.rows(tx.select(erasures))]
        assert len(row["entries"]) == 2
