"""A person's whole story on SQLite and on a real PostgreSQL."""

from pathlib import Path

from tests.conftest import Place
from tests.consent.rulings import TERMS, ruled
from tests.control.desks import Calls, Desk

from countenance.audit.deletion import verify_deletion
from countenance.consent.receipt import check_receipt
from countenance.contracts.trust import ConsentStatus
from countenance.control.erasure import Eraser
from countenance.control.retention import Retention
from countenance.control.subject import Subject
from countenance.storage.clocks import micros
from countenance.storage.consents import counts

PERSON = "crm-4711-ana"


def test_a_story_from_the_first_yes_to_the_deletion(place: Place, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", place.where, place.tenant)
    subject = Subject(desk.log, desk.vault, desk.consents, Eraser(desk.log, desk.vault, desk.clock))
    receipt = desk.says(PERSON, "face", place="US-CO")
    seat = desk.seat(PERSON)
    assert len(desk.consents.carry(PERSON, seat, ruled("US-CO", modalities=["face"]), TERMS)) == 1
    desk.consents.running = Calls({seat.call_ref: 5})
    with desk.store.transaction() as tx:
        due = micros(desk.clock.utc()) + 1
        kept = desk.vault.seal(tx, seat.subject_ref, b"{}", "result", seat.call_ref, 0, due)
    subject.dispute(PERSON, kept, "That was a cough.")
    exported = subject.export(PERSON)
    assert [one["payload_id"] for one in exported["readings"] if one["context"] == "result"] == [kept]
    assert len(exported["receipts"]) == 2
    check_receipt(desk.receipts.receipt(receipt))
    desk.pass_(days=366)
    assert [row.status for row in desk.consents.expire()] == ["expired", "expired"]
    assert desk.kinds()[-1] == "OPT_OUT"
    job = Retention(desk.log, desk.vault, desk.clock)
    assert job.run(dry_run=True).payloads == job.run().payloads
    assert job.run().payloads == {}
    desk.says(PERSON, "voice", ConsentStatus.REFUSED)
    with desk.store.reading() as tx:
        assert counts(tx)["face", "support_qa", "expired"] == 1
    assert verify_deletion(subject.stop_and_delete(PERSON, at_once=True)).statement["reason"] == "art17"
    assert subject.see(PERSON).answers == ()
    desk.store.close()
