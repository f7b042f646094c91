"""A recorded call stands in the store as a live one does: seated once, found by person, gone on with, ended."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests.consent.rulings import TERMS, ruled

from countenance.analysis import custody
from countenance.analysis.run import analyse
from countenance.assembly import Job, assemble
from countenance.consent.answers import Said
from countenance.contracts.call import FACE, Call, Participant, Purpose, Role
from countenance.contracts.errors import ConsentError
from countenance.contracts.media import SECOND_US
from countenance.contracts.trust import Case, Consent, ConsentStatus
from countenance.control.consents import Consents
from countenance.control.erasure import Eraser
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.control.roster import Roster
from countenance.control.running import RunningCall
from countenance.deployment import read_deployment
from countenance.policy.gate import Gate
from countenance.storage.wiping import seats_of
from countenance.testing.logs import check_log, read_log
from countenance.testing.sample_call.make import SampleCall

DAY = date(2026, 11, 22)
ANA, BEN = Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.CUSTOMER)
CALL = Call("c", "d", Purpose.SUPPORT_QA, (ANA, BEN))
PEOPLE = {"p_1": "Ana", "p_2": "Ben"}
GATE = Gate.load()


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with open_tenant(tmp_path / "store") as tenant:
        yield Control(tenant, GATE)


def opened(control: Control) -> RunningCall:
    return custody.open_recorded(control, CALL, PEOPLE, (), 30)


def refs(call: RunningCall) -> set[str]:
    return {call.call_ref, *call.subjects.values()}


def test_a_recorded_call_keeps_its_references_until_it_ends(control: Control, tmp_path: Path) -> None:
    first = opened(control)
    assert refs(opened(Control(control.tenant, GATE))) == refs(first)
    custody.finish(control, first, tmp_path / "log")
    assert not refs(opened(control)) & refs(first)
    assert not check_log(tmp_path / "log")


def test_the_people_of_a_recorded_call_are_found_by_their_own_ids(control: Control) -> None:
    call, vault = opened(control), control.tenant.vault
    with vault.store.reading() as tx:
        (seat,) = seats_of(vault, tx, "Ana")
        assert (seat.call_ref, seat.subject_ref) == (call.call_ref, call.subjects["p_1"])
        assert vault.named(tx, str(seat.seat_tag)) == ("seat", "c", "p_1")


def test_what_the_operator_states_holds_in_the_log_of_this_call_alone(control: Control) -> None:
    call = opened(control)
    case = Case(CALL.purpose, Role.CUSTOMER, FACE, "engagement", "individual", ("US-CA",), DAY)
    call.ruled("p_1", GATE.rule(case))
    call.leases.answered(Consent("p_1", FACE, CALL.purpose, ConsentStatus.GIVEN, 0, "r", 1, "express_written"))
    call.leases.answered(Consent("p_1", FACE, CALL.purpose, ConsentStatus.WITHDRAWN, 9, "r", 2, "express_written"))
    again = opened(Control(control.tenant, GATE))
    assert again.register.records == ()
    assert again.leases.bars("p_1", FACE, 9)
    with control.tenant.store.reading() as tx:
        assert control.consents.ledger.answers(tx, "Ana") == ()


def words_alone(call: SampleCall, store: Path) -> Job:
    told = read_deployment(call.deployment)
    people = tuple(p.model_copy(update={"consent": ("text",), "withdraw": ()}) for p in told.participant)
    return assemble(told.model_copy(update={"participant": people, "store": store}), DAY)


def interrupted(job: Job, out: Path, at_s: int) -> None:
    def stop(done_us: int, total_us: int) -> None:
        if done_us >= at_s * SECOND_US:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyse(job, out, stop)


def test_nothing_in_the_store_names_a_digest_of_what_was_read(sample_call: SampleCall, tmp_path: Path) -> None:
    job = words_alone(sample_call, tmp_path / "store")
    interrupted(job, tmp_path / "report", 15)
    with open_tenant(tmp_path / "store") as tenant:
        (known,) = Roster(tenant.vault).page(10)
    assert known.call_id.startswith(f"{job.call.id}-")
    assert job.digest not in known.call_id


def test_who_is_erased_before_an_analysis_goes_on_is_not_read_on_under_the_old_reference(
    sample_call: SampleCall, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    interrupted(words_alone(sample_call, store), tmp_path / "report", 25)
    with open_tenant(store) as tenant:
        Eraser(tenant.log, tenant.vault, tenant.clock).erase("Ana", "request", "officer")
    outcome = analyse(words_alone(sample_call, store), tmp_path / "report", lambda done, total: None)
    assert outcome.resumed_us == 0
    assert not check_log(store / "log")
    assert outcome.record.audit is not None
    gone = {leaf["subject_ref"] for leaf in read_log(store / "log") if leaf["kind"] == "ERASURE"}
    assert not gone & set(outcome.record.audit.subjects.values())


def test_an_analysis_that_left_no_checkpoint_begins_anew_as_another_call(
    sample_call: SampleCall, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    interrupted(words_alone(sample_call, store), tmp_path / "report", 25)
    (tmp_path / "report.partial" / "checkpoint.json").unlink()
    outcome = analyse(words_alone(sample_call, store), tmp_path / "report", lambda done, total: None)
    assert outcome.resumed_us == 0
    assert not check_log(store / "log")
    assert outcome.record.audit is not None
    leases = [leaf["call_ref"] for leaf in read_log(store / "log") if leaf["kind"] == "LEASE"]
    assert len(set(leases)) == 2
    assert leases[-1] == outcome.record.audit.call_ref


def customer_says_no(job: Job, store: Path, modality: str) -> str:
    """The customer's own no, in the register of the store; returns their name."""
    customer = next(one for one in job.deployment.participant if one.role is Role.CUSTOMER)
    with open_tenant(store) as tenant:
        consents = Consents(tenant.log, tenant.vault, tenant.clock)
        (ruling,) = ruled("US-CA", modalities=[modality]).values()
        no = Said(modality, Purpose.SUPPORT_QA, ConsentStatus.REFUSED)
        consents.answer(customer.known_as, no, ruling, TERMS)
    return customer.name


def test_what_a_person_said_themselves_goes_before_what_a_file_says_of_them(
    sample_call: SampleCall, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    job = words_alone(sample_call, store)
    name = customer_says_no(job, store, "text")
    with pytest.raises(ConsentError, match=f"{name} said no to text for support_qa on 20"):
        analyse(job, tmp_path / "report", lambda *_: None)
    assert not (tmp_path / "report").exists()
    with open_tenant(store) as tenant:
        assert "LEASE" not in [entry.kind for entry in tenant.log.entries()]


def test_of_who_has_objected_to_turn_taking_nobody_counts_when_they_spoke(
    sample_call: SampleCall, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    job = words_alone(sample_call, store)
    name = customer_says_no(job, store, "telemetry")
    outcome = analyse(job, tmp_path / "report", lambda *_: None)
    spoken = {one.participant_id for one in outcome.record.telemetry.talk}
    names = {one.name: one.id for one in job.call.participants}
    assert spoken == set(names.values()) - {names[name]}
