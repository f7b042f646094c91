from datetime import timedelta

import pytest
from tests.consent.rulings import TERMS, ruled
from tests.control.desks import Desk

from countenance.consent.answers import Said
from countenance.consent.ledger import Place
from countenance.consent.receipt import check_receipt
from countenance.consent.retention import Limits, consent_days, limits
from countenance.contracts.call import Purpose, Role
from countenance.contracts.errors import VaultError
from countenance.contracts.trust import ConsentStatus, Duties
from countenance.control.retention import Retention
from countenance.storage import entries, outbox
from countenance.storage.calls import close_call
from countenance.storage.clocks import micros
from countenance.storage.outbox import Event
from countenance.storage.tables import asks, calls, consents, deks, names, payloads, subjects
from countenance.storage.tables import outbox as outbox_rows

PERSON = "crm-4711-ana"
QA = Purpose.SUPPORT_QA


@pytest.fixture
def job(desk: Desk) -> Retention:
    return Retention(desk.log, desk.vault, desk.clock)


def reading(desk: Desk, seat: Place, days: int | None, context: str = "result", *, sent: bool = False) -> str:
    """Something read of a person, to be kept for so many days."""
    due = None if days is None else micros(desk.clock.utc() + timedelta(days=days))
    with desk.store.transaction() as tx:
        kept = desk.vault.seal(tx, seat.subject_ref, b"engaged", context, seat.call_ref, 0, due)
        if sent:
            outbox.put(tx, 0, [Event("topic", seat.call_ref, kept)], micros(desk.clock.utc()))
    return kept


def close(desk: Desk, seat: Place) -> None:
    with desk.store.transaction() as tx:
        close_call(tx, str(seat.call_ref), micros(desk.clock.utc()))


def rows(desk: Desk) -> dict[str, int]:
    tables = (payloads, deks, subjects, calls, consents, asks, names)
    with desk.store.reading() as tx:
        return {table.name: len(tx.rows(tx.select(table))) for table in tables}


def test_the_shortest_of_all_days_holds_and_the_log_is_kept_for_the_longest() -> None:
    both = [
        Duties(retention_days=30, names=("destroy_max_365d",)),
        Duties(retention_days=90, names=("audit_log_2190d",)),
    ]
    assert limits(both) == Limits(30, None, 365, 2190)
    assert limits([Duties(retention_days=2000, names=("destroy_on_purpose_end_max_1095d",))]).days == 1095
    assert limits([Duties(retention_days=900, names=("destroy_max_365d",))]).days == 365
    assert limits([]) == Limits(0)
    assert limits([Duties()], 400).log_days == 400


def test_what_is_only_recommended_yet_shortens_nothing_and_keeps_the_log_already() -> None:
    coming = Duties(names=("recommended:art26_6_logs_200d", "recommended:destroy_max_1d"))
    assert limits([coming]) == Limits(30, None, None, 200)


def test_the_law_files_name_their_limits() -> None:
    face = {place: limits(r.duties for r in ruled(place).values()) for place in ("EU", "US-IL", "US-TX", "US-CO")}
    assert face["EU"].log_days == 183
    assert face["US-IL"].contact_days == 1095
    assert face["US-TX"].purpose_days == 365
    patient = ruled("US-CA", purpose=Purpose.TELEHEALTH_SUPPORT, role=Role.PATIENT)
    assert limits(r.duties for r in patient.values()).log_days == 2190


def test_answers_are_kept_as_long_as_the_log_and_never_shorter_than_the_peace_after_a_no() -> None:
    assert consent_days(183) == 184
    assert consent_days(2190) == 2190


def test_a_reading_goes_when_its_day_has_come_and_not_before(desk: Desk, job: Retention) -> None:
    seat = desk.seat(PERSON)
    kept, other = reading(desk, seat, 30), reading(desk, seat, 90)
    desk.pass_(days=30, microseconds=-1)
    assert job.run().payloads == {}
    assert "RETENTION" not in desk.kinds()
    desk.pass_(microseconds=1)
    done = job.run()
    assert done.payloads == {"result": 1}
    assert desk.last("RETENTION").body == {"scope": "due", "counts": {"result": 1, "answers": 0, "seats": 0}}
    with desk.store.reading() as tx:
        assert desk.vault.open_sealed(tx, other).payload == b"engaged"
        with pytest.raises(VaultError):
            desk.vault.open_sealed(tx, kept)
    assert b"engaged" not in b"".join(path.read_bytes() for path in desk.folder.glob("store.sqlite*"))


def test_a_dry_run_says_what_would_go_and_changes_nothing(desk: Desk, job: Retention) -> None:
    seat = desk.seat(PERSON)
    reading(desk, seat, 30)
    reading(desk, seat, 40)
    desk.pass_(days=31)
    before = (rows(desk), desk.log.size)
    plan = job.run(dry_run=True)
    assert (plan.payloads, plan.dry_run) == ({"result": 1}, True)
    assert plan.next_due_utc_us == micros(desk.clock.utc() + timedelta(days=9))
    assert (rows(desk), desk.log.size) == before


def test_when_a_purpose_ends_all_that_was_read_for_it_is_due(desk: Desk, job: Retention) -> None:
    here, there = desk.seat(PERSON), desk.seat(PERSON, purpose=Purpose.SALES_COACHING)
    reading(desk, here, 30)
    reading(desk, there, 30)
    job.end_purpose(QA)
    desk.pass_(days=1)
    later = desk.seat(PERSON)
    reading(desk, later, 30)
    assert job.run().payloads == {"result": 1}
    assert job.run().payloads == {}
    job.end_purpose(QA)
    assert job.run().payloads == {"result": 1}


def test_a_reading_without_a_day_is_named_and_not_touched(desk: Desk, job: Retention) -> None:
    reading(desk, desk.seat(PERSON), None)
    done = job.run()
    assert done.undated == {"result": 1}
    assert done.payloads == {}
    assert done.next_due_utc_us is None


def test_a_reading_without_a_day_has_that_of_its_seat(desk: Desk, job: Retention) -> None:
    seat = desk.seat(PERSON)
    due = micros(desk.clock.utc() + timedelta(days=30))
    with desk.store.transaction() as tx:
        tx.execute(tx.update(subjects).values(delete_due_utc_us=due))
    reading(desk, seat, None)
    reading(desk, seat, 40)
    done = job.run()
    assert (done.undated, done.payloads) == ({}, {})
    desk.pass_(days=30)
    assert job.run().payloads == {"result": 1}
    desk.pass_(days=10)
    assert job.run().payloads == {"result": 1}


def test_an_event_that_nobody_received_in_time_is_lost_and_counted(desk: Desk, job: Retention) -> None:
    reading(desk, desk.seat(PERSON), 30, "event", sent=True)
    desk.pass_(days=31)
    assert job.run().lost_events == 1
    with desk.store.reading() as tx:
        assert outbox.waiting(tx) == 0


def test_a_seat_goes_with_its_last_reading_and_consent_stays(desk: Desk, job: Retention) -> None:
    seat = desk.seat(PERSON)
    receipt = desk.says(PERSON, "face", seat=seat)
    reading(desk, seat, 30)
    close(desk, seat)
    desk.pass_(days=31)
    assert job.run().seats == 1
    assert rows(desk)["calls"] == 0
    check_receipt(desk.receipts.receipt(receipt))
    with desk.store.reading() as tx:
        assert desk.vault.tag(tx, "person", PERSON) in {row.person_tag for row in tx.rows(tx.select(consents))}


def test_a_call_that_was_never_closed_is_over_after_two_days(desk: Desk, job: Retention) -> None:
    desk.seat(PERSON)
    desk.pass_(days=1)
    assert job.run().seats == 0
    desk.pass_(days=1, microseconds=1)
    assert job.run().seats == 1
    assert set(rows(desk).values()) == {0}


def test_answers_go_when_a_person_has_been_silent_and_no_yes_stands(desk: Desk, job: Retention) -> None:
    desk.says(PERSON, "face", ConsentStatus.REFUSED)
    desk.says("other", "face")
    desk.pass_(days=184)
    assert job.run().answers == 0
    desk.pass_(microseconds=1)
    assert job.run(dry_run=True).answers == 1
    assert job.run().answers == 1
    left = rows(desk)
    assert (left["consents"], left["subjects"], left["asks"]) == (1, 1, 0)
    desk.pass_(days=365)
    desk.consents.expire()
    desk.pass_(days=185)
    assert job.run().answers == 2
    assert set(rows(desk).values()) == {0}


def test_who_is_shown_a_notice_again_keeps_their_name_until_that_is_over_too(desk: Desk, job: Retention) -> None:
    desk.says(PERSON, "face", ConsentStatus.REFUSED)
    desk.pass_(days=185)
    desk.shown(PERSON, ruled("EU", modalities=["face"])["face"])
    assert job.run().answers == 1
    left = rows(desk)
    assert (left["consents"], left["asks"], left["names"]) == (0, 1, 1)
    desk.pass_(days=185)
    job.run()
    assert set(rows(desk).values()) == {0}


def test_longer_duties_of_anybody_keep_log_and_answers_longer(desk: Desk, job: Retention) -> None:
    desk.says(PERSON, "text", ConsentStatus.REFUSED)
    ruling = ruled("US-CA", purpose=Purpose.TELEHEALTH_SUPPORT, role=Role.PATIENT, modalities=["text"])["text"]
    shown = desk.shown("patient", ruling)
    said = Said("text", ruling.case.purpose, ConsentStatus.REFUSED, ruling.duties.consent, shown)
    desk.consents.answer("patient", said, ruling, TERMS)
    desk.pass_(days=185)
    assert job.run().answers == 0
    desk.pass_(days=2190)
    assert job.run().answers == 2


def test_the_log_is_pruned_in_full_tiles_and_proofs_still_hold(desk: Desk, job: Retention) -> None:
    receipt = desk.says(PERSON, "face")
    for _ in range(300):
        desk.log.append("CONFIG", {"profile": "open"})
    desk.pass_(days=184)
    desk.log.append("CONFIG", {"profile": "open"})
    assert job.run(dry_run=True).entries == 256
    assert job.run().entries == 256
    assert desk.last("RETENTION").body == {"scope": "log", "minimum": 256}
    assert job.run().entries == 0
    with desk.store.reading() as tx:
        assert entries.minimum(tx) == 256
    check_receipt(desk.receipts.receipt(receipt))


def test_longer_days_for_the_log_can_be_asked_for_and_shorter_cannot(desk: Desk) -> None:
    for _ in range(256):
        desk.log.append("CONFIG", {"profile": "open"})
    desk.pass_(days=200)
    assert Retention(desk.log, desk.vault, desk.clock, 365).run().entries == 0
    assert Retention(desk.log, desk.vault, desk.clock, 1).run().entries == 256


def test_events_that_were_handed_on_go_after_thirty_days_though_nothing_else_is_due(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        outbox.put(tx, 0, [Event("t")], micros(desk.clock.utc()))
        outbox.handed(tx, outbox.unhanded(tx), micros(desk.clock.utc()))
        outbox.put(tx, 1, [Event("waits")], micros(desk.clock.utc()))
    kept = []
    for days in (29.9, 0.2):
        desk.pass_(days=days)
        Retention(desk.log, desk.vault, desk.clock).run()
        with desk.store.reading() as tx:
            kept.append(len(tx.rows(tx.select(outbox_rows))))
    assert kept == [2, 1]
