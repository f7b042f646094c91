"""Erasing a person."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest
from bench.faults.people import Exported, House, Seated, request_of
from bench.faults.receiver import listen
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.audit.deletion import Deletion, verify_deletion
from countenance.audit.merkle import check_consistency, check_inclusion
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import VaultError
from countenance.control import tombstones
from countenance.control.delivery import Answer, Delivery
from countenance.control.erasure import DUE_US, HOUR_US, ROTATE_AFTER_US
from countenance.control.tombstones import GIVEN_UP_US, TOPIC
from countenance.control.webhooks import Endpoints
from countenance.storage import outbox
from countenance.storage.tables import (
    asks,
    calls,
    consents,
    deks,
    entries,
    erasures,
    metadata,
    names,
    payloads,
    version,
)
from countenance.surface.webhooks import Bodies


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        yield house


def a_call(house: House, call_id: str = "call-1") -> tuple[Seated, Seated]:
    ann, bob = house.call(call_id, {"p-ann": "MARKER-ann", "p-bob": "bob"})
    for n in range(3):
        house.read(ann, b"MARKER-reading-%d" % n, b"MARKER-event-%d" % n)
        house.read(bob, b"of bob %d" % n)
    return ann, bob


def kinds(house: House, kind: str) -> list[dict[str, object]]:
    return [dict(entry.body) for entry in house.log.entries() if entry.kind == kind]


def statement(receipt: bytes) -> Deletion:
    return verify_deletion(receipt)


def test_what_was_kept_of_the_person_is_gone_and_of_others_whole(house: House) -> None:
    ann, bob = a_call(house)
    house.eraser.erase("MARKER-ann", "request", "subject")
    for name in ann.payloads:
        with pytest.raises(VaultError):
            house.opened(name)
    assert [house.opened(name) for name in bob.payloads] == [b"of bob %d" % n for n in range(3)]
    with house.store.reading() as tx:
        assert house.vault.named(tx, house.vault.tag(tx, "person", "bob")) == ("person", "bob")
        with pytest.raises(VaultError):
            house.vault.named(tx, house.vault.tag(tx, "person", "MARKER-ann"))


def test_no_table_but_the_log_names_the_subject_any_more(house: House) -> None:
    ann, _ = a_call(house)
    a_call(house, "call-2")
    with house.store.reading() as tx:
        tag = house.vault.tag(tx, "person", "MARKER-ann")
    house.eraser.erase("MARKER-ann", "request", "subject")
    with house.store.reading() as tx:
        for table in metadata.sorted_tables:
            if table in (entries, version):
                continue
            said = str(tx.rows(tx.select(table)))
            assert ann.subject_ref not in said, table.name
            assert tag not in said, table.name
        # Answers given apart from any call have a key of their own: it went too.
        assert len(tx.rows(tx.select(consents))) == 4
        assert len(tx.rows(tx.select(asks))) == 2
        left = {row.subject_ref for row in tx.rows(tx.select(deks))}
        assert left == {row.subject_ref for row in tx.rows(tx.select(payloads))}


def test_nothing_deleted_is_left_in_the_files(house: House) -> None:
    ann, _ = a_call(house)
    with house.store.reading() as tx:
        mine = tx.select(payloads).where(payloads.c.subject_ref == ann.subject_ref)
        sealed = [row.sealed for row in tx.rows(mine)]
        sealed += [row.wrapped for row in tx.rows(tx.select(deks).where(deks.c.subject_ref == ann.subject_ref))]
    assert all(any(box in data for data in files(house)) for box in sealed)
    house.eraser.erase("MARKER-ann", "request", "subject")
    assert not any(box in data for data in files(house) for box in sealed)


def test_a_large_file_is_rebuilt_by_the_rotation_not_while_someone_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = a_call(house)
    with house.store.reading() as tx:
        (row,) = tx.rows(tx.select(deks).where(deks.c.subject_ref == ann.subject_ref))
    monkeypatch.setattr("countenance.control.erasure.REBUILT_BYTES", 0)
    for _ in range(40):
        house.read(ann, bytes(400))
    before = pages(house)
    house.eraser.erase("MARKER-ann", "request", "subject")
    assert pages(house) >= before
    assert not any(row.wrapped in data for data in files(house))
    house.eraser.finish(at_once=True)
    assert pages(house) < before


def pages(house: House) -> int:
    with house.store.reading() as tx:
        return int(tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one())


def files(house: House) -> list[bytes]:
    return [path.read_bytes() for path in (house.folder / "store").iterdir()]


def test_the_log_says_so_without_naming_anyone_and_old_proofs_still_hold(house: House) -> None:
    ann, _ = a_call(house)
    size, root = house.log.size, house.log.root
    old = [(house.log.inclusion(entry.seq), entry) for entry in house.log.entries()]
    house.eraser.erase("MARKER-ann", "request", "subject", at_once=True)
    for proof, entry in old:
        check_inclusion(bytes.fromhex(entry.hash), entry.seq, size, proof, root)
    check_consistency(size, house.log.size, root, house.log.root, house.log.consistency(size))
    erased = kinds(house, "ERASURE")
    assert {body["subject_ref"] for body in erased} >= {ann.subject_ref}
    assert {(body["reason"], body["actor"], body["epoch"]) for body in erased} == {("request", "subject", 1)}
    assert [body["basis"] for body in kinds(house, "CONSENT") if body["status"] == "withdrawn"] == ["erasure"] * 2
    assert kinds(house, "KEY_ROTATION") == [{"key_id": "kek", "old_epoch": 1, "epoch": 2}]
    assert b"MARKER" not in b"".join(files(house))


def test_the_receipt_holds_offline_and_says_what_happened(house: House) -> None:
    a_call(house)
    receipt = house.eraser.erase("MARKER-ann", "request", "subject", at_once=True)
    for policy in (None, Policy.trusting(house.log.key.verifier)):
        found = verify_deletion(receipt, policy)
        assert found.own_key is (policy is None)
        assert {entry.kind for entry in found.entries} == {"ERASURE"}
    said = found.statement
    assert said["entries"] == [entry.seq for entry in found.entries]
    assert (said["reason"], said["actor"], said["log"]) == ("request", "subject", "house.example/log")
    assert said["rows"]["payloads"] == 3 + 3 + 2
    assert said["rows"]["deks"] == 2
    assert said["keys"]["epoch"] == 1
    assert said["keys"]["destroyed_at"] is not None
    assert said["erased_at"] is not None
    assert b"MARKER" not in receipt


def test_without_haste_the_old_key_stays_until_the_job_rotates_it_within_a_day(house: House) -> None:
    a_call(house)
    receipt = house.eraser.erase("MARKER-ann", "request", "subject")
    name = statement(receipt).statement["erasure_id"]
    assert statement(receipt).statement["keys"]["destroyed_at"] is None
    house.clock.pass_us(ROTATE_AFTER_US - HOUR_US)
    house.eraser.finish()
    assert house.keys.epochs() == (1,)
    house.clock.pass_us(HOUR_US)
    house.eraser.finish()
    assert house.keys.epochs() == (2,)
    keys = statement(house.eraser.receipt(name)).statement["keys"]
    assert keys["destroyed_at"] == "2026-11-22T21:00:00.000000Z"
    assert keys["destroyed_by"] == "2026-11-23T09:00:00.000000Z"
    assert ROTATE_AFTER_US < DUE_US
    house.eraser.finish()
    assert house.keys.epochs() == (2,)


def test_a_person_can_be_erased_from_one_call_and_stays_in_the_others(house: House) -> None:
    first, _ = a_call(house, "call-1")
    second, _ = a_call(house, "call-2")
    house.eraser.erase("MARKER-ann", "request", "subject", call_ref=first.call.call_ref)
    with pytest.raises(VaultError):
        house.opened(first.payloads[0])
    assert house.opened(second.payloads[0]) == b"MARKER-reading-0"
    with house.store.reading() as tx:
        assert house.vault.named(tx, house.vault.tag(tx, "person", "MARKER-ann")) == ("person", "MARKER-ann")
    house.eraser.erase("MARKER-ann", "request", "subject")
    with pytest.raises(VaultError):
        house.opened(second.payloads[0])


def test_the_last_call_of_a_person_with_no_standing_answer_takes_the_name_along(house: House) -> None:
    ann, _ = a_call(house)
    with house.store.transaction() as tx:
        for table in (consents, asks):
            tx.execute(tx.delete(table))
        tag = house.vault.tag(tx, "person", "MARKER-ann")
    house.eraser.erase("MARKER-ann", "request", "subject", call_ref=ann.call.call_ref)
    with house.store.reading() as tx:
        assert tx.first(tx.select(names).where(names.c.tag == tag)) is None


def test_a_call_in_which_nobody_is_left_goes_as_well(house: House) -> None:
    a_call(house)
    house.eraser.erase("MARKER-ann", "request", "subject")
    with house.store.reading() as tx:
        assert len(tx.rows(tx.select(calls))) == 1
    house.eraser.erase("bob", "request", "subject")
    with house.store.reading() as tx:
        assert tx.rows(tx.select(calls)) == []
        assert {house.vault.named(tx, row.tag)[0] for row in tx.rows(tx.select(names))} <= {"seat"}


def test_a_lease_that_is_open_is_closed_in_the_log(house: House) -> None:
    ann, _ = a_call(house)
    lease = ann.call.leases.grant(request_of(ann, 50))
    house.eraser.erase("MARKER-ann", "request", "subject")
    closed = kinds(house, "LEASE_CLOSE")
    assert [(body["subject_ref"], body["reason"]) for body in closed] == [(ann.subject_ref, "erased")]
    assert str(closed[0]["lease"]).endswith(str(lease.start_us))


def test_who_is_not_known_is_an_error_that_repeats_no_name(house: House) -> None:
    a_call(house)
    with pytest.raises(VaultError, match="nothing is kept about this person") as error:
        house.eraser.erase("MARKER-nobody", "request", "subject")
    assert "MARKER" not in str(error.value)
    with pytest.raises(VaultError, match="nothing is kept"):
        house.eraser.erase("MARKER-ann", "request", "subject", call_ref="0" * 32)


def test_a_receipt_of_no_erasure_is_an_error(house: House) -> None:
    with pytest.raises(VaultError, match="no erasure abc"):
        house.eraser.receipt("abc")


def test_someone_who_joins_while_being_erased_is_not_half_erased(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, _ = a_call(house)
    plan = house.eraser._plan

    def and_then_join(person: str, reason: str, actor: str, call_ref: str | None) -> object:
        planned = plan(person, reason, actor, call_ref)
        house.call("call-2", {"p-again": "MARKER-ann"})
        return planned

    monkeypatch.setattr(house.eraser, "_plan", and_then_join)
    with pytest.raises(VaultError, match="joined or left a call"):
        house.eraser.erase("MARKER-ann", "request", "subject")
    assert kinds(house, "ERASURE") == []
    assert house.opened(ann.payloads[0]) == b"MARKER-reading-0"


def test_receivers_are_told_whose_data_to_delete_in_place_of_what_was_waiting(house: House) -> None:
    a_call(house)
    receipt = house.eraser.erase("MARKER-ann", "request", "subject")
    said = statement(receipt).statement
    assert said["receivers"] == {"waiting": 1, "answered": [], "not_reached": 0}
    assert said["rows"]["outbox"] == 3
    with house.store.reading() as tx:
        (event,) = outbox.unhanded(tx)
        assert event.topic == TOPIC
        assert event.payload_id is not None
        told = json.loads(house.vault.open_sealed(tx, event.payload_id).payload)
    assert told == {
        "call_id": "call-1",
        "participant_id": "p-ann",
        "receipt_id": said["erasure_id"],
        "erased_at": said["asked_at"],
    }


def test_what_was_delivered_is_followed_by_a_tombstone_and_the_answer_is_kept(house: House) -> None:
    a_call(house)
    deliver(house)
    name = statement(house.eraser.erase("MARKER-ann", "request", "subject")).statement["erasure_id"]
    house.clock.pass_us(HOUR_US)
    deliver(house)
    house.eraser.finish()
    found = statement(house.eraser.receipt(name)).statement["receivers"]
    assert [one["at"] for one in found["answered"]] == ["2026-11-22T10:00:00.000000Z"]
    assert (found["waiting"], found["not_reached"]) == (0, 0)
    with house.store.reading() as tx:
        assert tombstones.unsettled(tx) == ()
        assert tx.rows(tx.select(payloads).where(payloads.c.context == "tombstone")) == []


def deliver(house: House, status: int = 204) -> None:
    delivery = listen(house.log, house.vault, house.clock)
    while delivery.run(lambda _: Answer(status)):
        pass


def erased(house: House) -> str:
    return str(statement(house.eraser.erase("MARKER-ann", "request", "subject")).statement["erasure_id"])


def receivers(house: House, name: str) -> dict[str, object]:
    house.eraser.finish()
    return dict(statement(house.eraser.receipt(name)).statement["receivers"])


def test_a_receiver_that_never_answers_is_listed_and_the_name_it_was_to_get_goes(house: House) -> None:
    a_call(house)
    name = erased(house)
    deliver(house, 500)
    house.clock.pass_us(GIVEN_UP_US - 1)
    assert receivers(house, name)["waiting"] == 1
    house.clock.pass_us(1)
    assert receivers(house, name) == {"waiting": 0, "answered": [], "not_reached": 1}


def test_receivers_that_nobody_tried_to_reach_in_all_that_time_are_listed(house: House) -> None:
    a_call(house)
    listen(house.log, house.vault, house.clock)
    name = erased(house)
    house.clock.pass_us(GIVEN_UP_US)
    assert receivers(house, name) == {"waiting": 0, "answered": [], "not_reached": 1}


def test_a_receiver_that_is_gone_is_listed_at_once(house: House) -> None:
    a_call(house)
    name = erased(house)
    deliver(house, 410)
    assert receivers(house, name) == {"waiting": 0, "answered": [], "not_reached": 1}


def test_a_receiver_that_was_removed_is_listed_for_it_may_hold_something(house: House) -> None:
    a_call(house)
    deliver(house)
    endpoints = Endpoints(house.log, house.vault, house.clock)
    endpoints.remove(endpoints.every()[0].row.endpoint_id)
    name = erased(house)
    deliver(house)
    found = receivers(house, name)
    assert (found["not_reached"], len(found["answered"])) == (1, 1)  # type: ignore[arg-type]


def test_where_nobody_listens_nobody_is_listed(house: House) -> None:
    a_call(house)
    name = erased(house)
    assert receivers(house, name)["waiting"] == 1
    Delivery(house.vault, house.clock, Bodies("d")).hand_out()
    assert receivers(house, name) == {"waiting": 0, "answered": [], "not_reached": 0}


def test_who_answered_is_told_in_the_receipt(house: House) -> None:
    a_call(house)
    name = erased(house)
    deliver(house)
    (endpoint,) = Endpoints(house.log, house.vault, house.clock).every()
    assert receivers(house, name)["answered"] == [
        {"event_id": ANY, "receiver": endpoint.row.endpoint_id, "at": "2026-11-22T09:00:00.000000Z"}
    ]


def test_who_gave_only_a_standing_answer_is_erased_too(house: House) -> None:
    ann, bob = a_call(house)
    for seat in (ann, bob):
        house.eraser.erase(seat.person, "request", "subject", call_ref=seat.call.call_ref)
    with house.store.reading() as tx:
        assert len(tx.rows(tx.select(consents))) == 2
    receipt = house.eraser.erase("MARKER-ann", "request", "subject")
    assert statement(receipt).statement["rows"] == {"consents": 1, "deks": 1, "payloads": 1}
    assert ["call_ref" in body for body in kinds(house, "ERASURE")] == [True, True, False]


def test_a_name_that_nothing_stands_under_any_more_is_erased_too(house: House) -> None:
    with house.store.transaction() as tx:
        tag = house.vault.name(tx, "person", "MARKER-ann")
    found = statement(house.eraser.erase("MARKER-ann", "request", "subject"))
    assert ["subject_ref" in entry.body for entry in found.entries] == [False]
    with house.store.reading() as tx:
        assert not house.vault.knows(tx, tag)


class DiedError(Exception):
    """The process dies here."""


POINTS = (
    "log.before_commit", "erasure.deleted", "erasure.scrubbed", "erasure.noted", "rotation kek made",
    "rotation keys wrapped", "rotation tags made", "erasure.rotated", "rotation kek destroyed", "erasure.marked",
)  # fmt: skip


def dying_at(point: str, after: int = 0) -> Callable[[str], None]:
    left = after

    def reached(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left < 0:
                raise DiedError

    return reached


@pytest.mark.parametrize("point", POINTS)
def test_an_erasure_that_dies_anywhere_is_finished_at_the_next_start(tmp_path: Path, point: str) -> None:
    with House(tmp_path) as house:
        ann, bob = a_call(house)
    with House(tmp_path) as house:
        house.eraser._at = dying_at(point)
        house.log._at = dying_at(point)
        with pytest.raises(DiedError):
            house.eraser.erase("MARKER-ann", "request", "subject", at_once=True)
        house.log._at = lambda name: None
    with House(tmp_path) as house:
        house.clock.pass_us(ROTATE_AFTER_US)
        house.eraser.finish()
        if not house.log.entries() or not kinds(house, "ERASURE"):
            # It died before anything was durable: nothing was acknowledged, and asking again does it.
            assert house.opened(ann.payloads[0]) == b"MARKER-reading-0"
            house.eraser.erase("MARKER-ann", "request", "subject", at_once=True)
        assert house.keys.epochs() == (2,) or house.keys.epochs() == (3,)
        with house.store.reading() as tx:
            (row,) = tx.rows(tx.select(erasures))
            assert None not in (row.erased_utc_us, row.rotated_utc_us)
        statement(house.eraser.receipt(row.erasure_id))
        with pytest.raises(VaultError):
            house.opened(ann.payloads[0])
        assert house.opened(bob.payloads[0]) == b"of bob 0"
        assert house.keys.mark() is not None


@settings(max_examples=8, deadline=None)
@given(crashes=st.lists(st.tuples(st.sampled_from(POINTS), st.integers(0, 2)), min_size=1, max_size=3))
def test_any_number_of_deaths_ends_in_the_same_place(
    tmp_path_factory: pytest.TempPathFactory, crashes: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("house")
    with House(folder) as house:
        ann, bob = a_call(house)
    for point, after in crashes:
        with House(folder) as house:
            house.eraser._at = house.log._at = dying_at(point, after)
            with contextlib.suppress(DiedError, VaultError):
                house.eraser.erase("MARKER-ann", "request", "subject", at_once=True)
            house.log._at = lambda name: None
    with House(folder) as house:
        if not kinds(house, "ERASURE"):
            house.eraser.erase("MARKER-ann", "request", "subject")
        house.eraser.finish(at_once=True)
        with house.store.reading() as tx:
            assert all(row.rotated_utc_us is not None for row in tx.rows(tx.select(erasures)))
            assert house.keys.epochs() == (house.vault.epoch(tx),)
        with pytest.raises(VaultError):
            house.opened(ann.payloads[0])
        assert house.opened(bob.payloads[0]) == b"of bob 0"
        assert verify(Exported(house.log), Policy.trusting(house.log.key.verifier)).findings == ()


def test_a_reader_that_holds_the_old_files_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    a_call(house)
    monkeypatch.setattr(house.store, "scrub", lambda largest_bytes: False)
    receipt = house.eraser.erase("MARKER-ann", "request", "subject")
    assert statement(receipt).statement["erased_at"] is None
    monkeypatch.undo()
    house.eraser.finish()
    name = statement(receipt).statement["erasure_id"]
    assert statement(house.eraser.receipt(name)).statement["erased_at"] is not None


def test_another_implementation_believes_the_receipt_and_not_a_changed_one(house: House) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    a_call(house)
    a_call(house, "call-2")
    good = house.folder / "deletion-receipt.json"
    good.write_bytes(house.eraser.erase("MARKER-ann", "request", "subject", at_once=True))
    bad = house.folder / "changed.json"
    bad.write_bytes(good.read_bytes().replace(b'"reason": "request"', b'"reason": "nothing"'))
    program = [node, str(Path(__file__).parents[2] / "clients/verify/bin/countenance-verify.mjs")]
    assert subprocess.run([*program, str(good)], check=False, capture_output=True).returncode == 0
    refused = subprocess.run([*program, str(bad)], check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "does not say what was signed" in refused.stdout + refused.stderr
