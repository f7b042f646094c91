"""Leases on the log in the store, on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.audit.logs import CALL, KEY, SUBJECTS, FaultError, fail_at, leases_of, open_log, vault_of
from tests.audit.papers import consent, ruling
from tests.conftest import Place

from countenance.audit.completeness import Completeness
from countenance.audit.export import StoredLog
from countenance.audit.leases import Leases
from countenance.audit.outcome import Outcome, Outgoing, Terms
from countenance.audit.permission import Request
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError, RefusedError, StorageError, VaultError
from countenance.contracts.trust import ConsentStatus, Lease
from countenance.storage import outbox
from countenance.storage.clocks import micros
from countenance.storage.leases import open_ones
from countenance.storage.store import Store
from countenance.storage.tables import payloads
from countenance.storage.vault import Vault
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000
MODEL = "e" * 64
WITHDRAWN, REFUSED = ConsentStatus.WITHDRAWN, ConsentStatus.REFUSED


class Desk:
    """A log, a vault and the leases of one call."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.clock = ManualClock()
        self.log = open_log(store, self.clock)
        self.vault = vault_of(store, folder, self.clock)
        self.leases = self.again()

    def again(self, terms: Terms = Terms((MODEL,), retention_us=9)) -> Leases:  # noqa: B008
        return leases_of(self.log, self.vault, terms)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.log.entries()]

    def permit(self, *modalities: Modality, person: str = "p_1") -> None:
        for modality in modalities:
            self.leases.ruled(person, ruling(modality))
            self.leases.answered(consent(modality, person=person))


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Iterator[Desk]:
    with place.open() as store:
        yield Desk(store, tmp_path)


def request(second: int = 0, *modalities: Modality, person: str = "p_1") -> Request:
    wanted = modalities or ("face",)
    rulings = {m: ruling(m) for m in wanted}
    consents = {m: consent(m, person=person) for m in wanted}
    return Request(person, wanted, second * SECOND_US, (second + 1) * SECOND_US, rulings, consents)


def outcome(lease: Lease, faces: int = 5, *events: Outgoing) -> Outcome:
    return Outcome(lease, {"face": faces}, b"what came out", events)


def test_a_lease_says_on_whom_what_by_which_models_and_on_which_answer(desk: Desk) -> None:
    desk.permit("face", "voice")
    lease = desk.leases.grant(request(0, "face", "voice"))
    entry = desk.log.entries()[-1]
    assert (entry.kind, entry.body) == (
        "LEASE",
        {
            "call_ref": CALL,
            "subject_ref": SUBJECTS["p_1"],
            "lease": f"{SUBJECTS['p_1']}/0",
            "start_us": 0,
            "end_us": SECOND_US,
            "modalities": ["face", "voice"],
            "policy_digest": "d" * 64,
            "model_digests": [MODEL],
            "consent_index": {"face": 1, "voice": 3},
            "limit": 100,
            "valid_us": SECOND_US,
        },
    )
    assert desk.leases.open == (lease,)


def test_a_lease_on_a_recording_has_no_end_in_real_time(desk: Desk) -> None:
    desk.leases = desk.again(Terms(valid_us=None))
    desk.leases.grant(request())
    assert "valid_us" not in desk.log.entries()[-1].body


def test_no_leaf_names_a_participant_or_a_receipt(desk: Desk) -> None:
    desk.permit("face")
    desk.leases.result(outcome(desk.leases.grant(request())))
    leaves = [str(entry.body) for entry in desk.log.entries()]
    assert not any("p_1" in leaf or "r-face" in leaf for leaf in leaves)


def test_a_result_its_payload_and_what_leaves_are_durable_together(desk: Desk) -> None:
    lease = desk.leases.grant(request())
    event = Outgoing("io.countenance.signal.v1", b"a signal")
    result = desk.leases.result(outcome(lease, 5, event, event))
    assert result.entry.body["counts"] == {"face": 5}
    with desk.log.store.reading() as tx:
        record = desk.vault.open_sealed(tx, result.payload_id)
        first, second = tx.rows(tx.select(payloads).where(payloads.c.context == "event"))
        row = tx.first(tx.select(payloads).where(payloads.c.payload_id == result.payload_id))
        waiting = outbox.unhanded(tx)
        assert desk.vault.open_sealed(tx, str(waiting[0].payload_id)).payload == b"a signal"
        assert outbox.waiting(tx) == 2
        assert open_ones(tx) == ()
    assert row is not None
    assert row.seq == first.seq == second.seq == result.entry.seq
    assert record.payload == b"what came out"
    assert result.entry.body["payload_commit"] == record.commitment
    assert row.delete_due_utc_us == micros(desk.clock.utc()) + 9
    assert [one.topic for one in waiting] == [event.topic] * 2
    assert desk.leases.open == ()


def test_payloads_without_a_retention_have_no_due_date(desk: Desk) -> None:
    desk.leases = desk.again(Terms())
    desk.leases.result(outcome(desk.leases.grant(request())))
    with desk.log.store.reading() as tx:
        assert [row.delete_due_utc_us for row in tx.rows(tx.select(payloads))] == [None]


POINTS = (
    "lease.before_log", "lease.after_row", "result.before_log", "result.after_payload", "result.after_outbox",
    "result.after_lease_end", "consent.before_log", "opt_out.before_log",
)  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_fault_before_the_disk_leaves_no_half_of_anything(desk: Desk, point: str) -> None:
    leases = Leases(desk.log, desk.vault, CALL, SUBJECTS, points=fail_at(point))
    with pytest.raises(FaultError):
        story(leases)
    size = desk.log.size
    with desk.log.store.reading() as tx:
        kept = len(tx.rows(tx.select(payloads).where(payloads.c.context == "result")))
        assert len(open_ones(tx)) == sum(e.kind == "LEASE" for e in desk.log.entries()) - kept
        assert outbox.waiting(tx) == kept
    assert sum(entry.kind == "RESULT" for entry in desk.log.entries()) == kept
    assert desk.log.append("CONFIG", {}).seq == size


def story(leases: Leases) -> None:
    lease = leases.grant(request())
    leases.result(outcome(lease, 1, Outgoing("t", b"x")))
    leases.answered(consent(at_us=SECOND_US, status=WITHDRAWN))


def closing(leases: Leases) -> None:
    leases.close(leases.grant(request()), "hang_up")


AFTER = ("lease.granted", "result.durable", "consent.durable", "opt_out.durable", "lease.closed")


@pytest.mark.parametrize("point", AFTER)
def test_after_a_crash_behind_the_disk_the_log_tells_what_was_acknowledged(
    place: Place, tmp_path: Path, point: str
) -> None:
    with place.open() as store:
        desk = Desk(store, tmp_path)
        leases = Leases(desk.log, desk.vault, CALL, SUBJECTS, points=fail_at(point))
        with pytest.raises(FaultError):
            closing(leases) if point == "lease.closed" else story(leases)
        before = desk.kinds()
    with place.open() as store:
        again = Desk(store, tmp_path)
        recovered = ["RECOVERY"] if point == "lease.granted" else []
        assert again.kinds() == before + recovered
        found = verify(StoredLog(again.log), Policy.trusting(KEY.verifier))
        assert found.findings == ()


def test_several_leases_are_given_and_ended_with_one_wait_for_the_disk(desk: Desk) -> None:
    leases = desk.leases.grant_all([request(), request(person="p_2")])
    results = desk.leases.results(outcome(lease) for lease in leases)
    assert len({result.entry.mono_us for result in results}) == 1
    assert [result.entry.body["subject_ref"] for result in results] == list(SUBJECTS.values())
    assert desk.leases.grant_all([]) == ()
    assert desk.leases.results([]) == ()


def test_leases_of_two_threads_of_a_call_do_not_collide(desk: Desk) -> None:
    lease = desk.leases.grant(request())
    for wanted in ([request()], [request(1), request(1)]):
        with pytest.raises(AuditError, match="is already open"):
            desk.leases.grant_all(wanted)
    desk.leases.result(outcome(lease))
    with pytest.raises(AuditError, match="is not open"):
        desk.leases.result(outcome(lease))
    other = desk.leases.grant(request(2))
    with pytest.raises(AuditError, match="is not open"):
        desk.leases.results([outcome(other), outcome(other)])
    with pytest.raises(AuditError, match="is not open"):
        desk.leases.close(lease, "late")


def test_a_result_keeps_to_its_lease(desk: Desk) -> None:
    lease = desk.leases.grant(request())
    with pytest.raises(AuditError, match="does not cover voice"):
        desk.leases.result(Outcome(lease, {"voice": 1}, b""))
    with pytest.raises(AuditError, match="101 readings of face exceed the 100"):
        desk.leases.result(outcome(lease, 101))
    assert desk.leases.result(outcome(lease, 100)).entry.kind == "RESULT"


def test_a_closed_lease_says_why_and_what_ran_for_nothing(desk: Desk) -> None:
    first, second = desk.leases.grant_all([request(), request(person="p_2")])
    assert desk.leases.close(first, "hang_up").body["reason"] == "hang_up"
    assert desk.leases.close(second, "stopped", {"face": 3}).body["counts"] == {"face": 3}
    with desk.log.store.reading() as tx:
        assert open_ones(tx) == ()


@pytest.mark.parametrize("status", [WITHDRAWN, REFUSED, ConsentStatus.EXPIRED])
def test_a_no_bars_open_leases_and_new_ones(desk: Desk, status: ConsentStatus) -> None:
    lease = desk.leases.grant(request(0, "face", "voice"))
    entries = desk.leases.answered(consent(at_us=500_000, status=status))
    assert [entry.kind for entry in entries] == (["CONSENT"] if status is REFUSED else ["CONSENT", "OPT_OUT"])
    with pytest.raises(AuditError, match="face of p_1 was stopped"):
        desk.leases.result(Outcome(lease, {"face": 1, "voice": 1}, b""))
    assert desk.leases.result(Outcome(lease, {"face": 0, "voice": 1}, b"")).entry.kind == "RESULT"
    with pytest.raises(RefusedError, match="stopped by the person"):
        desk.leases.grant(request(1))
    desk.leases.answered(consent(at_us=2 * SECOND_US))
    assert desk.leases.grant(request(3)).modalities == ("face",)


def test_a_no_holds_when_the_disk_fails(desk: Desk) -> None:
    leases = Leases(desk.log, desk.vault, CALL, SUBJECTS, points=fail_at("opt_out.before_log"))
    lease = leases.grant(request())
    with pytest.raises(FaultError):
        leases.answered(consent(at_us=500_000, status=WITHDRAWN))
    with pytest.raises(AuditError, match="was stopped"):
        leases.result(outcome(lease))
    with pytest.raises(RefusedError):
        leases.grant(request(1))


def test_a_no_and_the_answer_behind_a_lease_outlive_the_process(desk: Desk) -> None:
    desk.permit("face", "voice")
    desk.leases.answered(consent("voice", at_us=SECOND_US, status=WITHDRAWN))
    again = desk.again()
    assert again.grant(request(1)).modalities == ("face",)
    assert desk.log.entries()[-1].body["consent_index"] == {"face": 1}
    with pytest.raises(RefusedError):
        again.grant(request(2, "voice"))


def test_answers_of_people_who_have_no_seat_here_are_passed_over(desk: Desk) -> None:
    desk.leases.stands("9" * 32, "face", 5, None)
    assert desk.leases.grant(request()).modalities == ("face",)


def test_other_fields_and_rows_come_with_an_answer(desk: Desk) -> None:
    seen: list[int] = []
    entries = desk.leases.answered(consent(), {"language": "de"}, lambda _, made: seen.append(made[0].seq))
    assert entries[0].body["language"] == "de"
    assert seen == [entries[0].seq]


def test_nobody_without_a_seat_is_ruled_on(desk: Desk) -> None:
    with pytest.raises(AuditError, match="p_9 has no seat in this call"):
        desk.leases.ruled("p_9", ruling())


def test_what_was_refused_gets_no_lease_and_no_entry(desk: Desk) -> None:
    bad = Request("p_1", ("face",), 0, SECOND_US, {"face": ruling(allowed=False)}, {})
    with pytest.raises(RefusedError):
        desk.leases.grant_all([request(), bad])
    assert desk.log.size == 0


def test_nothing_is_sealed_of_someone_who_was_erased(desk: Desk) -> None:
    lease = desk.leases.grant(request())
    with desk.log.store.transaction() as tx:
        desk.vault.forget(tx, SUBJECTS["p_1"])
    with pytest.raises(VaultError):
        desk.leases.result(outcome(lease))
    assert desk.kinds() == ["LEASE"]


def test_a_call_written_this_way_is_complete(desk: Desk) -> None:
    desk.log.append_all([("POLICY_LOAD", {"policy_digest": "d" * 64}), ("MODEL_LOAD", {"model": "m", "sha256": MODEL})])
    desk.permit("face")
    for second in range(3):
        desk.leases.result(outcome(desk.leases.grant(request(second))))
    desk.leases.answered(consent(at_us=3 * SECOND_US, status=WITHDRAWN))
    rules = Completeness()
    leaves = [{"kind": e.kind, "seq": e.seq, **e.body} for e in desk.log.entries()]
    assert [*rules.see(leaves), *rules.end()] == []


class Uncertain:
    """A store whose next commit happens, and is reported as a fault: a server that goes away while it commits."""

    def __init__(self) -> None:
        self.armed = False

    def __call__(self, name: str) -> None:
        if self.armed and name == "store.after_commit":
            self.armed = False
            raise StorageError("the server went away", "")


@pytest.fixture
def doubtful(place: Place, tmp_path: Path) -> Iterator[tuple[Desk, Uncertain]]:
    points = Uncertain()
    with Store.open(place.where, place.tenant, points) as store:
        yield Desk(store, tmp_path), points


def test_a_lease_that_may_have_been_given_is_recovered_before_the_next(doubtful: tuple[Desk, Uncertain]) -> None:
    desk, points = doubtful
    points.armed = True
    with pytest.raises(AuditError, match="the server went away"):
        desk.leases.grant(request())
    assert desk.leases.open == ()
    lease = desk.leases.grant(request())
    assert desk.kinds() == ["LEASE", "RECOVERY", "LEASE"]
    assert desk.log.entries()[1].body["reason"] == "unacknowledged"
    desk.leases.result(outcome(lease))


def test_a_result_that_may_have_been_written_is_not_written_twice(doubtful: tuple[Desk, Uncertain]) -> None:
    desk, points = doubtful
    first, second = desk.leases.grant_all([request(), request(person="p_2")])
    points.armed = True
    with pytest.raises(AuditError, match="the server went away"):
        desk.leases.result(outcome(first, 5, Outgoing("t", b"x")))
    with pytest.raises(AuditError, match="is not open"):
        desk.leases.result(outcome(first, 5, Outgoing("t", b"x")))
    assert desk.leases.open == (second,)
    with desk.log.store.reading() as tx:
        assert outbox.waiting(tx) == 1
    desk.leases.close(second, "hang_up")
    assert desk.kinds() == ["LEASE", "LEASE", "RESULT", "LEASE_CLOSE"]


def test_a_result_that_was_not_written_is_written_when_it_is_asked_for_again(desk: Desk) -> None:
    lease = desk.leases.grant(request())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vault, "seal", refuse)
        with pytest.raises(VaultError):
            desk.leases.result(outcome(lease))
    desk.leases.result(outcome(lease))
    assert desk.kinds() == ["LEASE", "RESULT"]


def refuse(*_: object) -> str:
    raise VaultError("no", "")
