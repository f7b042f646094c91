"""The control plane: everything that must be asked before anything is read, and what it does when the disk fails."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.consent.rulings import ADULT, DAY, GATE, TERMS
from tests.control.desks import EN, SIGNED

from countenance.audit.export import StoredLog
from countenance.audit.outcome import Outcome, Outgoing
from countenance.audit.permission import Request
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.consent.answers import Said
from countenance.consent.notice import write_notice
from countenance.contracts.call import Call, Modality, Participant, Purpose, Role
from countenance.contracts.errors import AuditError, ConsentError, RefusedError, StorageError
from countenance.contracts.trust import Case, ConsentStatus, Lease
from countenance.control.erasure import HOUR_US, Eraser
from countenance.control.opening import Tenant, open_tenant
from countenance.control.plane import Control
from countenance.control.running import LAPSE_US, RunningCall
from countenance.policy.vocabulary import output_of
from countenance.storage.points import Points, nowhere
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000
QA = Purpose.SUPPORT_QA
CALL = Call("room-7", "d", QA, (Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.CUSTOMER)))
PEOPLE = {"p_1": "crm-ana", "p_2": "crm-ben"}
MODEL = {"face-cues.v1": "e" * 64}
GIVEN, WITHDRAWN = ConsentStatus.GIVEN, ConsentStatus.WITHDRAWN


class Switch:
    """A disk that can be broken: every commit of the store goes through it."""

    def __init__(self) -> None:
        self.broken = False

    def __call__(self, name: str) -> None:
        if self.broken and name == "store.before_commit":
            raise StorageError("the disk is full", "")


class Plane:
    """A control plane with a call of two people."""

    def __init__(self, place: Place, folder: Path, clock: ManualClock | None = None, points: Points = nowhere) -> None:
        self.disk = Switch()
        self.clock = clock or ManualClock()
        self.tenant: Tenant = open_tenant(place.where, place.tenant, folder / "keys", self.clock, self.disk)
        self.control = Control(self.tenant, GATE, points)
        self.control.loaded(MODEL, "1.0")
        self.stops: list[tuple[str, Modality]] = []
        self.call = self.control.open_call(CALL, PEOPLE, stop=lambda who, modality: self.stops.append((who, modality)))

    def permit(self, who: str = "p_1", *modalities: Modality) -> None:
        for modality in modalities or ("face",):
            self.rule(who, modality)
            self.says(who, modality)

    def rule(self, who: str, modality: Modality = "face", place: str = "EU") -> None:
        case = Case(QA, Role.CUSTOMER, modality, output_of(modality), "individual", (place,), DAY, ADULT)
        self.control.rule(self.call, who, case)

    def says(self, who: str, modality: Modality = "face", status: ConsentStatus = GIVEN) -> None:
        ruling = self.call.rulings[who, modality]
        notice, seat = write_notice(EN, {modality: ruling}, TERMS), self.call.place(who)
        show, told = self.control.consents.show, (PEOPLE[who], notice, QA, seat)
        shown = show(*told, own_wish=True)[modality] if status is GIVEN else None
        said = Said(modality, QA, status, ruling.duties.consent, shown, SIGNED, own_wish=True)
        self.control.answer(self.call, who, said, TERMS)

    def grant(self, second: int) -> list[Lease]:
        return list(self.control.grant(self.call, second * SECOND_US, (second + 1) * SECOND_US))

    def second(self, second: int, faces: int = 5) -> None:
        leases = self.grant(second)
        self.control.ran({"face": faces * len(leases)})
        event = Outgoing("io.countenance.signal.v1", b"{}")
        self.control.results(self.call, [Outcome(lease, {"face": faces}, b"x", (event,)) for lease in leases])

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.tenant.log.entries()]

    def findings(self) -> object:
        return verify(
            StoredLog(self.tenant.log), Policy.trusting(self.tenant.log.key.verifier), completeness=True
        ).findings


@pytest.fixture
def plane(place: Place, tmp_path: Path) -> Iterator[Plane]:
    made = Plane(place, tmp_path)
    yield made
    made.tenant.store.close()


def test_nothing_is_granted_before_a_ruling_and_an_answer(plane: Plane) -> None:
    assert plane.grant(0) == []
    plane.rule("p_1")
    assert plane.grant(0) == []
    plane.says("p_1")
    assert [lease.participant_id for lease in plane.grant(0)] == ["p_1"]


def test_only_those_who_are_asked_for_get_a_lease(plane: Plane) -> None:
    plane.permit("p_1")
    plane.permit("p_2")
    (lease,) = plane.control.grant(plane.call, 0, SECOND_US, ["p_2"])
    assert lease.participant_id == "p_2"


def test_a_call_that_runs_and_ends_is_complete_in_the_log(plane: Plane) -> None:
    plane.permit("p_1")
    plane.permit("p_2")
    for second in range(3):
        plane.second(second)
    plane.grant(3)
    plane.control.close_lease(plane.call, plane.call.open_leases[0], "no_media")
    plane.control.end_call(plane.call)
    assert plane.kinds()[-2:] == ["LEASE_CLOSE", "LEASE_CLOSE"]
    assert plane.findings() == ()
    health = plane.control.health()
    assert (health.writes, health.why, health.open_leases, health.waiting, health.unaccounted) == (True, None, 0, 9, 0)
    assert health.log_size == plane.tenant.log.size


def test_model_calls_that_stand_in_no_entry_raise_an_alarm(plane: Plane) -> None:
    plane.permit("p_1")
    plane.second(0)
    plane.control.ran({"face": 1})
    assert plane.control.health().unaccounted == 1
    (lease,) = plane.grant(1)
    plane.control.close_lease(plane.call, lease, "dropped", {"face": 1})
    assert plane.control.health().unaccounted == 0


def test_a_person_is_asked_only_what_the_gate_was_asked(plane: Plane) -> None:
    with pytest.raises(ConsentError, match="p_1 was never asked about voice"):
        plane.control.answer(plane.call, "p_1", Said("voice", QA, GIVEN), TERMS)


def test_a_no_holds_before_the_disk_is_waited_for_and_is_durable_when_stop_returns(plane: Plane) -> None:
    plane.permit("p_1", "face", "voice")
    plane.call.reach(200_000)
    (lease,) = plane.grant(0)
    rows = plane.control.stop("crm-ana", ["face"])
    assert plane.stops[0] == ("p_1", "face")
    assert {row.status for row in rows} == {"withdrawn"}
    assert "OPT_OUT" in plane.kinds()
    with pytest.raises(AuditError, match="face of p_1 was stopped"):
        plane.control.results(plane.call, [Outcome(lease, {"face": 1}, b"x")])
    plane.control.results(plane.call, [Outcome(lease, {"voice": 1}, b"x")])
    assert [one.modalities for one in plane.grant(1)] == [("voice",)]
    plane.control.stop("crm-ana")
    assert plane.grant(2) == []
    assert plane.control.stop("crm-stranger") == ()
    plane.control.end_call(plane.call)
    assert plane.findings() == ()


def test_a_no_that_overtakes_a_lease_being_granted_takes_nothing_from_anyone_else(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.permit("p_1", "face", "voice")
    plane.permit("p_2")
    grant_all, subject = plane.call.leases.grant_all, plane.call.subjects["p_1"]

    def overtaken(requests: Iterable[Request]) -> Sequence[Lease]:
        plane.call.bar(subject, "face")
        return grant_all(requests)

    monkeypatch.setattr(plane.call.leases, "grant_all", overtaken)
    assert [(one.participant_id, one.modalities) for one in plane.grant(0)] == [("p_1", ("voice",)), ("p_2", ("face",))]


def test_every_worker_is_told_of_a_no_before_the_leases_of_any_call_are_waited_for(plane: Plane) -> None:
    plane.permit("p_1", "face", "voice")
    told: list[tuple[str, Modality]] = []
    other = plane.control.open_call(
        replace(CALL, id="room-8"), PEOPLE, stop=lambda who, modality: told.append((who, modality))
    )
    waited: list[int] = []
    plane.call.leases.bar = lambda *_: waited.append(len(told))  # type: ignore[method-assign]
    plane.control.stop("crm-ana", ["face", "voice"])
    assert waited[:2] == [2, 2]
    assert plane.stops[:2] == told[:2] == [("p_1", "face"), ("p_1", "voice")]
    plane.control.end_call(other)


def test_a_no_that_is_an_answer_holds_before_the_register_is_asked(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.permit("p_1", "face", "voice")

    def asked(*_: object) -> None:
        assert plane.stops == [("p_1", "face")]
        assert [one.modalities for one in plane.grant(0)] == [("voice",)]
        raise ConsentError("the register is not asked in this test", "")

    monkeypatch.setattr(plane.control.consents, "answer", asked)
    with pytest.raises(ConsentError, match="not asked"):
        plane.says("p_1", "face", WITHDRAWN)


def test_whoever_was_told_of_a_no_is_granted_nothing_of_it_before_it_stands(place: Place, tmp_path: Path) -> None:
    plane = Plane(place, tmp_path)
    plane.permit("p_1", "face", "voice")
    granted: list[Lease] = []
    plane.call._stop = lambda *_: granted.extend(plane.grant(0))
    plane.call.bar(plane.call.subjects["p_1"], "face")
    assert [one.modalities for one in granted] == [("voice",)]
    plane.tenant.store.close()


def test_who_said_no_may_say_yes_again(plane: Plane) -> None:
    plane.permit("p_1")
    plane.control.stop("crm-ana")
    assert plane.grant(0) == []
    plane.call.reach(SECOND_US)
    plane.says("p_1")
    assert len(plane.grant(2)) == 1


def test_an_earlier_answer_is_carried_into_a_call(plane: Plane) -> None:
    plane.permit("p_1")
    plane.control.end_call(plane.call)
    plane.call = plane.control.open_call(CALL, PEOPLE)
    plane.rule("p_1")
    assert plane.grant(0) == []
    assert len(plane.control.carry(plane.call, "p_1", TERMS)) == 1
    assert len(plane.grant(0)) == 1


def test_a_call_that_a_stop_interrupted_goes_on_with_its_answers(place: Place, tmp_path: Path) -> None:
    first = Plane(place, tmp_path)
    first.permit("p_1", "face", "voice")
    first.control.stop("crm-ana", ["voice"])
    first.grant(0)
    first.tenant.store.close()
    second = Plane(place, tmp_path, first.clock)
    try:
        assert second.call.call_ref == first.call.call_ref
        assert second.call.seats == first.call.seats
        assert second.grant(1) == []
        second.rule("p_1")
        second.rule("p_1", "voice")
        assert [lease.modalities for lease in second.grant(1)] == [("face",)]
        assert "RECOVERY" in second.kinds()
    finally:
        second.tenant.store.close()


def test_consents_expire_while_a_call_runs_whatever_the_wall_clock_says(plane: Plane) -> None:
    plane.permit("p_1")
    assert len(plane.grant(0)) == 1
    plane.clock.set_by(-24 * 3600 * SECOND_US)
    plane.clock.pass_us(366 * 24 * 3600 * SECOND_US // 2)
    plane.control.tick()
    assert len(plane.grant(1)) == 1
    plane.clock.pass_us(366 * 24 * 3600 * SECOND_US // 2)
    plane.control.tick()
    assert plane.grant(2) == []
    assert ("p_1", "face") in plane.stops
    kinds = plane.kinds()
    assert "CLOCK_ANOMALY" in kinds
    assert plane.tenant.log.entries()[kinds.index("OPT_OUT") - 1].body["status"] == "expired"


def test_what_was_never_said_yes_to_in_this_call_cannot_expire_in_it(plane: Plane) -> None:
    plane.permit("p_1")
    plane.control.end_call(plane.call)
    plane.call = plane.control.open_call(CALL, PEOPLE)
    plane.rule("p_1")
    plane.clock.pass_us(366 * 24 * 3600 * SECOND_US)
    assert plane.control.tick().writes
    assert plane.call.register.records == ()


def test_a_lease_whose_worker_is_silent_is_closed(plane: Plane) -> None:
    plane.permit("p_1")
    plane.grant(0)
    plane.clock.pass_us(LAPSE_US)
    plane.control.tick()
    assert len(plane.call.open_leases) == 1
    plane.clock.pass_us(1)
    plane.control.tick()
    assert plane.call.open_leases == ()
    assert plane.tenant.log.entries()[-1].body["reason"] == "lapsed"


def test_a_tick_signs_what_has_grown(plane: Plane) -> None:
    plane.control.tick()
    size = plane.tenant.log.size
    plane.permit("p_1")
    plane.clock.pass_us(SECOND_US)
    plane.control.tick()
    assert plane.tenant.log.checkpoint().text.split("\n")[1] == str(plane.tenant.log.size) != str(size)


def test_what_runs_on_a_person_ends_before_they_are_erased(plane: Plane) -> None:
    plane.permit("p_1")
    plane.permit("p_2")
    plane.grant(0)
    plane.control.leave("crm-ana")
    assert [lease.participant_id for lease in plane.call.open_leases] == ["p_2"]


def test_the_key_of_an_erasure_is_destroyed_within_a_day_while_the_process_runs(plane: Plane) -> None:
    plane.permit("p_1")
    plane.control.stop("crm-ana")
    Eraser(plane.tenant.log, plane.tenant.vault, plane.clock).erase("crm-ana", "request", "officer")
    (epoch,) = plane.tenant.keys.epochs()
    for _ in range(14):
        plane.control.tick()
        plane.clock.pass_us(HOUR_US)
    assert plane.tenant.keys.epochs() == (epoch + 1,)


def test_without_a_disk_nothing_is_inferred_and_it_goes_on_by_itself(plane: Plane) -> None:
    plane.permit("p_1")
    (lease,) = plane.grant(0)
    plane.disk.broken = True
    with pytest.raises(AuditError, match="the disk is full"):
        plane.control.results(plane.call, [Outcome(lease, {"face": 1}, b"x")])
    with pytest.raises(AuditError, match="the disk is full"):
        plane.grant(1)
    down = plane.control.tick()
    assert (down.writes, down.log_size, down.waiting) == (False, None, None)
    assert down.why is not None
    assert "the disk is full" in down.why
    assert down.since_us == plane.clock.mono_us()
    plane.clock.pass_us(SECOND_US)
    assert plane.control.tick().since_us == down.since_us
    plane.disk.broken = False
    up = plane.control.tick()
    assert (up.writes, up.why, up.since_us) == (True, None, None)
    plane.control.results(plane.call, [Outcome(lease, {"face": 1}, b"x")])
    assert len(plane.grant(1)) == 1


def test_a_no_that_the_disk_did_not_take_holds_and_is_said_again(plane: Plane) -> None:
    plane.permit("p_1")
    (lease,) = plane.grant(0)
    assert not list(plane.call.undurable_noes)
    plane.disk.broken = True
    with pytest.raises(AuditError):
        plane.control.stop("crm-ana")
    assert plane.stops[0] == ("p_1", "face")
    assert list(plane.call.undurable_noes) == [("p_1", "face")]
    assert "OPT_OUT" not in plane.kinds()
    plane.control.tick()
    plane.disk.broken = False
    with pytest.raises(AuditError, match="was stopped"):
        plane.control.results(plane.call, [Outcome(lease, {"face": 1}, b"x")])
    plane.control.tick()
    assert "OPT_OUT" in plane.kinds()
    assert not list(plane.call.undurable_noes), "the register has it"
    assert plane.control.tick().writes


@pytest.mark.parametrize(
    "act",
    [
        lambda plane: plane.control.loaded(MODEL, "1.0"),
        lambda plane: plane.rule("p_1", "voice"),
        lambda plane: plane.says("p_1", status=ConsentStatus.WITHDRAWN),
        lambda plane: plane.control.carry(plane.call, "p_2", TERMS),
        lambda plane: plane.control.open_call(Call("room-8", "d", QA, CALL.participants), PEOPLE),
        lambda plane: plane.control.end_call(plane.call),
    ],
)
def test_whatever_meets_the_broken_disk_first_the_health_page_knows(
    plane: Plane, act: Callable[[Plane], object]
) -> None:
    plane.permit("p_1")
    plane.says("p_2") if ("p_2", "face") in plane.call.rulings else plane.permit("p_2")
    plane.grant(0)
    plane.disk.broken = True
    with pytest.raises((AuditError, StorageError)):
        act(plane)
    assert not plane.control.health().writes


def test_a_store_that_cannot_be_read_is_unwell_too(plane: Plane) -> None:
    plane.tenant.store.reading = broken_reading  # type: ignore[assignment, method-assign]
    health = plane.control.health()
    assert (health.writes, health.log_size) == (False, None)


def broken_reading() -> Iterator[None]:
    raise StorageError("the disk is gone", "")


def test_an_error_that_is_not_of_the_store_is_not_hidden(plane: Plane) -> None:
    def refuse() -> None:
        raise ConsentError("a wrong record", "")

    plane.control.consents.expire = refuse  # type: ignore[assignment]
    with pytest.raises(ConsentError):
        plane.control.tick()
    assert plane.control.health().writes
    with pytest.raises(ConsentError):
        plane.control.consents.expire()


def test_a_no_to_something_else_than_the_disk_is_not_kept_for_later(plane: Plane) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError("no", "")

    plane.control.consents.stop = refuse  # type: ignore[assignment, method-assign]
    with pytest.raises(RefusedError):
        plane.control.stop("crm-ana")
    assert plane.control.tick().writes


def test_noes_and_answers_for_calls_that_do_not_run_here_change_nothing(plane: Plane) -> None:
    plane.permit("p_1")
    assert plane.control.times() == {plane.call.call_ref: 0}
    plane.control.end_call(plane.call)
    assert plane.control.times() == {}
    plane.control.stop("crm-ana")
    plane.control.bar(plane.call.place("p_1"), "face")
    assert isinstance(plane.call, RunningCall)
    assert plane.stops == []


def test_steady_time_goes_on_from_the_log_after_a_restart(place: Place, tmp_path: Path) -> None:
    first = Plane(place, tmp_path)
    late = first.clock.utc()
    first.tenant.store.close()
    clock = ManualClock(late - timedelta(days=1))
    second = Plane(place, tmp_path, clock)
    try:
        assert second.control.clock.utc() >= late
    finally:
        second.tenant.store.close()
