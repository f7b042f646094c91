"""The log in the store, on both engines."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.logs import CALL, KEY, FaultError, fail_at, open_log
from tests.conftest import Place

from countenance.audit.checkpoint import open_checkpoint
from countenance.audit.growth import Growth
from countenance.audit.log import Log
from countenance.audit.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    leaf_hash,
    root_of,
)  # fmt: skip
from countenance.audit.note import SigningKey
from countenance.contracts.errors import AuditError, RefusedError, StorageError
from countenance.contracts.trust import LogEntry
from countenance.storage import entries as rows
from countenance.storage import leases
from countenance.storage.leases import LeaseRow
from countenance.storage.store import Store, Transaction
from countenance.storage.tables import call_entries, checkpoints, entries, marks, tiles
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open() as store:
        yield store


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "one", "acme") as store:
        yield store


def drafts(n: int, first: int = 0) -> list[tuple[str, Mapping[str, object]]]:
    return [("RESULT", {"call_ref": CALL, "counts": {"face": first + number}}) for number in range(n)]


def plain_root(log: Log, size: int) -> bytes:
    """The root computed with no tiles at all."""
    with log.store.reading() as tx:
        return root_of([leaf_hash(leaf) for leaf in rows.read(tx, 0, size)])


def test_what_append_returned_is_there_after_opening_again(place: Place) -> None:
    with place.open() as store:
        log = open_log(store)
        made = [log.append("CONFIG", {"software": "1"}), *log.append_all(drafts(2))]
        root = log.root
    with place.open() as store:
        log = open_log(store)
        assert log.entries() == tuple(made)
        assert [entry.seq for entry in made] == [0, 1, 2]
        assert (log.size, log.root) == (3, root)
        assert log.entries(1, 2) == tuple(made[1:2])


def test_an_empty_log_has_the_empty_root_and_appending_nothing_writes_nothing(store: Store) -> None:
    log = open_log(store)
    assert log.append_all([]) == ()
    assert (log.size, log.root, log.entries()) == (0, EMPTY_ROOT, ())
    assert open_checkpoint(log.checkpoint().data, [KEY.verifier])[0].size == 0


def test_the_entries_of_a_call_are_found_by_kind(store: Store) -> None:
    log = open_log(store)
    log.append_all([("CONFIG", {}), ("LEASE", {"call_ref": CALL}), ("RESULT", {"call_ref": CALL}), ("GATE", {})])
    assert [entry.seq for entry in log.of_call(CALL)] == [1, 2]
    assert [entry.seq for entry in log.of_call(CALL, "RESULT")] == [2]
    assert log.of_call("d" * 32) == ()


@pytest.mark.parametrize("batch", [1, 100, 700])
def test_the_entries_of_a_call_are_found_in_full_tiles_and_after_them(store: Store, batch: int) -> None:
    log = open_log(store)
    calls = [None if n % 3 == 2 else "ab"[n % 3] * 32 for n in range(700)]
    for start in range(0, len(calls), batch):
        log.append_all([("GATE", {"call_ref": call}) for call in calls[start : start + batch]])
    assert [entry.seq for entry in log.of_call("a" * 32)] == list(range(0, 700, 3))
    assert [entry.seq for entry in log.of_call("b" * 32, "GATE")] == list(range(1, 700, 3))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 400), min_size=1, max_size=4))
def test_tiles_hold_the_same_tree_as_the_leaves(tmp_path: Path, batches: list[int]) -> None:
    folder = tmp_path / f"tiles-{abs(hash(tuple(batches)))}"
    with Store.open(folder, "acme") as store:
        log = open_log(store)
        for batch in batches:
            log.append_all(drafts(batch, log.size))
        size = log.size
        assert log.root == plain_root(log, size) == log.root_at(size)
        for old in {0, 1, size // 2, size}:
            root = log.root_at(old)
            assert root == plain_root(log, old)
            check_consistency(old, size, root, log.root, log.consistency(old))
        for seq in {0, size // 2, size - 1}:
            check_inclusion(bytes.fromhex(log.entries(seq, seq + 1)[0].hash), seq, size, log.inclusion(seq), log.root)


def test_a_tree_of_three_tile_levels_grows_and_loads(store: Store) -> None:
    log = open_log(store)
    start, total = 0, 65_536 + 256 * 3 + 5
    while start < total:
        start += len(log.append_all(drafts(min(8192, total - start), start)))
    again = open_log(store)
    assert again.root == log.root
    assert again.inclusion(65_535, 65_537) == log.inclusion(65_535, 65_537)
    with store.reading() as tx:
        rowset = tx.rows(tx.select(tiles, tiles.c.level, tiles.c.place, tiles.c.hashes).order_by(tiles.c.level))
        widths = {(row.level, row.place): len(row.hashes) // 32 for row in rowset if row.level}
    assert widths == {(1, 0): 256, (1, 1): 3, (2, 0): 1}
    assert log.root == plain_root(log, total)


def test_an_old_proof_is_made_where_the_partial_tile_has_grown_full(store: Store) -> None:
    log = open_log(store)
    log.append_all(drafts(300))
    root = log.root_at(200)
    check_inclusion(bytes.fromhex(log.entries(7, 8)[0].hash), 7, 200, log.inclusion(7, 200), root)
    check_consistency(100, 200, log.root_at(100), root, log.consistency(100, 200))


def test_other_rows_are_written_with_the_entries_or_not_at_all(store: Store) -> None:
    log = open_log(store)
    seen: list[Sequence[LogEntry]] = []

    def also(tx: Transaction, made: Sequence[LogEntry]) -> None:
        seen.append(made)
        tx.insert(marks, {"name": "also", "value": str(made[0].seq)})

    def refuse(tx: Transaction, made: Sequence[LogEntry]) -> None:
        tx.insert(marks, {"name": "refused", "value": str(made[0].seq)})
        raise RefusedError("no", "")

    first = log.append_all(drafts(1), also)
    with pytest.raises(RefusedError):
        log.append_all(drafts(1), refuse)
    assert log.append("CONFIG", {}).seq == 1
    with store.reading() as tx:
        assert [(row.name, row.value) for row in tx.rows(tx.select(marks, marks.c.name, marks.c.value))] == [
            ("also", "0")
        ]
    assert seen == [first]


def test_a_wrong_entry_is_refused_before_anything_is_written(store: Store) -> None:
    log = open_log(store)
    with pytest.raises(AuditError, match="may not stand"):
        log.append_all([*drafts(1), ("RESULT", {"label": "calm"})])
    with pytest.raises(AuditError, match="exceeds"):
        log.append_all([*drafts(1), ("RESULT", {"items": ["x" * 128] * 600})])
    assert (log.size, log.append("CONFIG", {}).seq) == (0, 0)


@pytest.mark.parametrize("point", ["log.before_entries", "log.after_entries", "log.after_tile", "log.before_commit"])
def test_a_fault_before_the_commit_leaves_nothing(store: Store, point: str) -> None:
    open_log(store).append_all(drafts(255))
    log = Log(store, KEY, ManualClock(), fail_at(point))
    with pytest.raises(FaultError):
        log.append("CONFIG", {})
    assert log.size == 255
    assert log.append("CONFIG", {}).seq == 255
    assert log.root == plain_root(log, 256)


def test_an_entry_is_durable_before_anyone_hears_of_it(store: Store) -> None:
    log = Log(store, KEY, ManualClock(), fail_at("log.after_commit"))
    with pytest.raises(FaultError):
        log.append("CONFIG", {})
    assert log.size == 1
    assert log.append("CONFIG", {}).seq == 1


def test_the_log_stops_on_a_fault_of_the_store_and_goes_on_by_itself(store: Store) -> None:
    log = open_log(store)
    log.append("CONFIG", {})

    def broken(tx: Transaction, _: Sequence[LogEntry]) -> None:
        tx.insert(marks, {"name": "x", "value": "1"}, {"name": "x", "value": "1"})

    with pytest.raises(AuditError, match="the audit log cannot go on: the store cannot be written") as caught:
        log.append_all(drafts(1), broken)
    assert isinstance(caught.value.__cause__, AuditError)
    assert log.append("CONFIG", {}).seq == 1
    assert log.root == plain_root(log, 2)


def test_callers_in_threads_share_transactions_and_keep_their_own_answers(sqlite: Store) -> None:
    commits: list[str] = []
    gate = threading.Event()

    def points(name: str) -> None:
        if name == "log.before_entries" and not commits:
            commits.append(name)
            gate.wait(10)
        elif name == "log.before_commit":
            commits.append(name)

    log = Log(sqlite, KEY, ManualClock(), points)
    got: dict[int, object] = {}

    def refuse(_: Transaction, __: Sequence[LogEntry]) -> None:
        raise RefusedError("no", "")

    def call(number: int) -> None:
        try:
            got[number] = log.append_all(drafts(1, number), refuse if number == 3 else None)[0]
        except RefusedError as fault:
            got[number] = fault

    threads = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    threads[0].start()
    while not commits:
        threads[0].join(0.001)
    for thread in threads[1:]:
        thread.start()
    while len(log._turns.waiting) < 5:
        threads[0].join(0.001)
    gate.set()
    for thread in threads:
        thread.join()
    made = {number: entry for number, entry in got.items() if isinstance(entry, LogEntry)}
    assert isinstance(got[3], RefusedError)
    assert sorted(made) == [0, 1, 2, 4, 5]
    assert all(entry.body["counts"] == {"face": number} for number, entry in made.items())
    assert sorted(entry.seq for entry in made.values()) == [0, 1, 2, 3, 4]
    assert log.root == plain_root(log, 5)


def test_an_entry_is_not_asked_for_while_one_is_written(sqlite: Store) -> None:
    log = open_log(sqlite)

    def also(_: Transaction, __: Sequence[LogEntry]) -> None:
        log.append("CONFIG", {})

    with pytest.raises(AuditError, match="while one is being written"):
        log.append_all(drafts(1), also)
    assert log.append("CONFIG", {}).seq == 0


def test_callers_who_shared_a_fault_of_the_store_all_hear_of_it(sqlite: Store) -> None:
    entered, gate, commits = threading.Event(), threading.Event(), count()

    def points(name: str) -> None:
        if name == "log.before_entries" and not entered.is_set():
            entered.set()
            gate.wait(10)
        elif name == "log.before_commit" and next(commits):
            raise StorageError("the disk is full", "")

    log = Log(sqlite, KEY, ManualClock(), points)
    got: list[object] = []

    def call() -> None:
        try:
            got.append(log.append("CONFIG", {}))
        except AuditError as fault:
            got.append(fault)

    first = threading.Thread(target=call)
    first.start()
    entered.wait(10)
    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(log._turns.waiting) < 3:
        first.join(0.001)
    gate.set()
    for thread in (first, *threads):
        thread.join()
    faults = [one for one in got if isinstance(one, AuditError)]
    assert len(faults) == 3
    assert all("the disk is full" in str(fault) for fault in faults)
    assert log.size == 1


def test_open_leases_get_their_recovery(place: Place) -> None:
    with place.open() as store:
        open_log(store).append_all(
            [("LEASE", {"call_ref": CALL, "subject_ref": "s", "lease": name}) for name in ("s/0", "s/1")],
            lambda tx, made: leases.put(
                tx, [LeaseRow(str(entry.body["lease"]), CALL, "s", entry.seq) for entry in made]
            ),
        )
    with place.open() as store:
        log = open_log(store)
        found = [(entry.kind, entry.body) for entry in log.entries(2)]
        body = {"call_ref": CALL, "subject_ref": "s", "reason": "interrupted"}
        assert found == [("RECOVERY", body | {"lease": "s/0"}), ("RECOVERY", body | {"lease": "s/1"})]
        assert open_log(store).size == 4


def test_a_checkpoint_is_a_second_old_at_most_or_made_at_once(store: Store) -> None:
    clock = ManualClock()
    log = open_log(store, clock)
    log.append("CONFIG", {})
    first = log.checkpoint()
    assert log.checkpoint() == first
    log.append("CONFIG", {})
    assert log.checkpoint() == first
    second = log.checkpoint(at_once=True)
    log.append("CONFIG", {})
    clock.pass_us(SECOND_US)
    third = log.checkpoint()
    sizes = [open_checkpoint(note.data, [KEY.verifier])[0] for note in (first, second, third)]
    assert [(point.size, point.root) for point in sizes] == [(n, log.root_at(n)) for n in (1, 2, 3)]
    assert open_log(store, clock).checkpoint() == third


def test_nothing_is_signed_that_does_not_begin_with_what_was_signed(store: Store) -> None:
    log = open_log(store)
    log.append_all(drafts(3))
    log.checkpoint()
    with store.transaction() as tx:
        tx.execute(tx.update(checkpoints).values(root=bytes(32))) if place_is_sqlite(store) else forge(tx)
    with pytest.raises(AuditError, match="does not begin with"):
        open_log(store)
    log.append("CONFIG", {})
    log._signed = rows.SignedSize(3, bytes(32), "", 0)
    with pytest.raises(AuditError, match="does not begin with"):
        log.checkpoint(at_once=True)


def place_is_sqlite(store: Store) -> bool:
    with store.reading() as tx:
        return tx.connection.dialect.name == "sqlite"


def forge(tx: Transaction) -> None:
    """The application role cannot change a checkpoint, so a forger deletes and adds one."""
    last = rows.last_checkpoint(tx)
    assert last is not None
    tx.execute(tx.delete(checkpoints))
    rows.put_checkpoint(tx, rows.SignedSize(last.size, bytes(32), last.note, last.signed_utc_us))


def test_a_log_shorter_than_what_was_signed_is_not_continued(store: Store) -> None:
    log = open_log(store)
    log.append_all(drafts(3))
    log.checkpoint()
    with store.transaction() as tx:
        tx.execute(tx.delete(entries).where(entries.c.seq == 2))
    with pytest.raises(AuditError, match="went back from 3 to 2"):
        open_log(store)


def test_another_key_does_not_continue_the_log(store: Store) -> None:
    log = open_log(store)
    log.append("CONFIG", {})
    log.checkpoint()
    with pytest.raises(AuditError):
        Log.open(store, SigningKey(KEY.name, bytes(32)), ManualClock())


def test_a_missing_entry_is_named(store: Store) -> None:
    log = open_log(store)
    log.append_all(drafts(5))
    with pytest.raises(AuditError, match="entry 5 of the log is missing"):
        log.entries(4, 6)
    for gone in (2, 0):
        with store.transaction() as tx:
            tx.execute(tx.delete(entries).where(entries.c.seq == gone))
        with pytest.raises(AuditError, match=f"entry {gone} of the log is missing"):
            log.entries()


def test_a_missing_or_cut_tile_is_named(store: Store) -> None:
    log = open_log(store)
    log.append_all(drafts(700))
    with store.transaction() as tx:
        tx.execute(tx.update(tiles).where(tiles.c.level == 1).values(hashes=bytes(32)))
    with pytest.raises(AuditError, match=r"tile/1/000.p/2 is not in the store"):
        open_log(store)
    with store.transaction() as tx:
        tx.execute(tx.delete(tiles).where(tiles.c.level == 0, tiles.c.place == 0))
    with pytest.raises(AuditError, match="tile/0/000 is not in the store"):
        log.inclusion(3)


@pytest.mark.parametrize("at_once", [256, 65_536])
def test_pruned_entries_are_gone_and_all_proofs_still_hold(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("countenance.audit.log.PRUNE_AT_ONCE", at_once)
    log = open_log(store)
    made = log.append_all(drafts(700))
    root = log.root
    assert log.prune(600) == 512
    assert log.prune(300) == 256
    with store.reading() as tx:
        assert rows.minimum(tx) == 512
    with pytest.raises(AuditError, match="entry 511 of the log is missing"):
        log.entries(511)
    assert log.entries(512) == tuple(made[512:])
    with store.reading() as tx:
        assert [row.seq for row in tx.rows(tx.select(call_entries))] == []
    again = open_log(store)
    assert (again.size, again.root) == (700, root)
    check_inclusion(bytes.fromhex(made[3].hash), 3, 700, again.inclusion(3), root)


def test_the_last_entry_is_never_pruned(store: Store) -> None:
    log = open_log(store)
    assert log.prune(10) == 0
    log.append_all(drafts(512))
    assert log.prune(10_000) == 256
    again = open_log(store)
    assert (again.size, again.root) == (512, log.root)
    assert again.append("CONFIG", {}).seq == 512


def test_a_growth_of_nothing_is_the_empty_tree() -> None:
    assert (Growth().size, Growth().root) == (0, EMPTY_ROOT)
