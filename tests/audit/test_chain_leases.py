import errno
from pathlib import Path

import pytest
from tests.audit.papers import CALL, SECOND_US, consent, open_log, ruling, second_of_face
from tests.audit.test_chain_log import FaultyDisk

from countenance.audit.chain_entries import commitment
from countenance.audit.chain_leases import Leases, Outcome, random_salt
from countenance.audit.chain_log import AuditLog, utc_now
from countenance.audit.chain_verify import read_entries, verify
from countenance.audit.permission import Request, lease_for
from countenance.contracts.call import Purpose
from countenance.contracts.errors import AuditError, RefusedError
from countenance.contracts.trust import Consent, ConsentStatus, Lease, Ruling

RULINGS = {"face": ruling(), "voice": ruling("voice")}
CONSENTS = {"face": consent(), "voice": consent("voice")}


def grant(leases: Leases, start_us: int = 0, *modalities: str) -> Lease:
    return leases.grant("p_1", modalities or ("face",), start_us, start_us + SECOND_US, RULINGS, CONSENTS)


def test_a_lease_is_on_the_disk_before_it_is_handed_out(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        lease = grant(Leases(log, CALL), 2 * SECOND_US, "face", "voice")
        entry = read_entries(tmp_path / "audit.jsonl")[-1]
        assert lease.id == "p_1/2000000"
        assert lease.receipts == ("r-face-0", "r-voice-0")
        assert (entry.kind, entry.body["lease"]) == ("LEASE", lease.id)
        assert entry.body["modalities"] == ["face", "voice"]


def test_no_lease_comes_out_of_a_log_that_cannot_write() -> None:
    disk = FaultyDisk()
    leases = Leases(AuditLog(disk, utc_now), CALL)
    disk.fault = errno.ENOSPC
    with pytest.raises(AuditError, match="Inference stops"):
        grant(leases)
    disk.fault = None
    assert grant(leases).id == "p_1/0"


def test_a_result_ends_its_lease_and_tells_nothing_of_what_was_read(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL, salts=lambda: b"s" * 32)
        result = leases.result(grant(leases), {"face": 7}, b"frustrated 0.93")
        assert result.entry.body["counts"] == {"face": 7}
        assert result.entry.body["payload_commit"] == commitment(result.salt, b"frustrated 0.93")
    text = (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    assert "frustrated" not in text
    assert result.salt.hex() not in text


def test_the_same_payload_never_has_the_same_commitment(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        results = [leases.result(grant(leases, n * SECOND_US), {}, b"engaged") for n in range(20)]
    assert len({result.entry.body["payload_commit"] for result in results}) == 20
    assert len(random_salt()) == 32


REFUSED = {
    "no ruling": (Request("p_1", ("gaze",), 0, 1, RULINGS, CONSENTS), "gaze of p_1 has no ruling"),
    "another's ruling": (
        Request("p_1", ("face",), 0, 1, {"face": ruling("voice")}, CONSENTS),
        "face of p_1 has no ruling",
    ),
    "denied": (
        Request("p_1", ("voice", "face"), 0, 1, RULINGS | {"face": ruling(allowed=False)}, CONSENTS),
        r"face of p_1 is refused: a reason \[Test Act 1\]",
    ),
    "no consent": (Request("p_1", ("face",), 0, 1, RULINGS, {}), "has no consent of kind explicit for support_qa"),
    "too late": (Request("p_1", ("face",), 9, 10, RULINGS, {"face": consent(at_us=10)}), "has no consent"),
    "withdrawn": (
        Request("p_1", ("face",), 9, 10, RULINGS, {"face": consent(status=ConsentStatus.WITHDRAWN)}),
        "has no consent",
    ),
    "another's": (Request("p_1", ("face",), 9, 10, RULINGS, {"face": consent(person="p_2")}), "has no consent"),
    "for another modality": (Request("p_1", ("face",), 9, 10, RULINGS, {"face": consent("voice")}), "has no consent"),
    "for another purpose": (
        Request("p_1", ("face",), 9, 10, RULINGS, {"face": consent(purpose=Purpose.SALES_COACHING)}),
        "has no consent",
    ),
    "too weak": (
        Request("p_1", ("face",), 9, 10, {"face": ruling(consent="written_release")}, CONSENTS),
        "has no consent of kind written_release",
    ),
}
WRONG = {
    "nothing": (Request("p_1", (), 0, 1, RULINGS, CONSENTS), "names no modality"),
    "too long": (Request("p_1", ("face",), 0, SECOND_US + 1, RULINGS, CONSENTS), "at most 1000000 us"),
    "no time": (Request("p_1", ("face",), 5, 5, RULINGS, CONSENTS), "more than 0"),
    "two policies": (
        Request("p_1", ("face", "voice"), 0, 1, RULINGS | {"voice": ruling("voice", digest="e" * 64)}, CONSENTS),
        "two policies",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_lease_without_a_ruling_and_a_consent(name: str) -> None:
    request, message = REFUSED[name]
    with pytest.raises(RefusedError, match=message) as caught:
        lease_for(request)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", WRONG)
def test_a_lease_that_makes_no_sense_is_an_error(name: str) -> None:
    request, message = WRONG[name]
    with pytest.raises(AuditError, match=message):
        lease_for(request)


def test_turn_taking_needs_no_consent_but_heeds_an_objection() -> None:
    rulings: dict[str, Ruling] = {"telemetry": ruling("telemetry", consent="none")}
    silent = Request("p_1", ("telemetry",), 0, SECOND_US, rulings, {})
    assert lease_for(silent).receipts == ()
    objection: dict[str, Consent] = {"telemetry": consent("telemetry", status=ConsentStatus.WITHDRAWN)}
    with pytest.raises(RefusedError):
        lease_for(Request("p_1", ("telemetry",), 0, SECOND_US, rulings, objection))


def test_one_refused_person_keeps_all_leases_of_the_moment_back(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        fine = Request("p_1", ("face",), 0, SECOND_US, RULINGS, CONSENTS)
        with pytest.raises(RefusedError):
            leases.grant_all([fine, Request("p_2", ("face",), 0, SECOND_US, RULINGS, CONSENTS)])
        assert log.count == 0
        assert [lease.id for lease in leases.grant_all([fine])] == ["p_1/0"]
        assert leases.grant_all([]) == ()


def test_a_lease_is_given_once_and_ends_once(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        lease = grant(leases)
        with pytest.raises(AuditError, match="already open"):
            grant(leases)
        twice = Request("p_1", ("face",), SECOND_US, 2 * SECOND_US, RULINGS, CONSENTS)
        with pytest.raises(AuditError, match="already open"):
            leases.grant_all([twice, twice])
        with pytest.raises(AuditError, match="is not open"):
            leases.results([Outcome(lease, {}, b""), Outcome(lease, {}, b"")])
        leases.result(lease, {"face": 1}, b"")
        with pytest.raises(AuditError, match="is not open"):
            leases.result(lease, {"face": 1}, b"")
        with pytest.raises(AuditError, match="is not open"):
            leases.close(lease, "hang_up")


def test_a_lease_without_output_is_closed(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        entry = leases.close(grant(leases), "hang_up")
        assert (entry.kind, entry.body["reason"]) == ("LEASE_CLOSE", "hang_up")
        assert grant(leases).id == "p_1/0"


def test_a_result_needs_the_very_lease_that_was_given(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        lease = grant(leases)
        forged = Lease(lease.id, "p_1", ("face", "voice"), 0, SECOND_US, lease.policy_digest, lease.receipts)
        with pytest.raises(AuditError, match="is not open"):
            leases.result(forged, {"voice": 1}, b"")
        with pytest.raises(AuditError, match="does not cover voice"):
            leases.result(lease, {"voice": 1}, b"")


def test_after_a_withdrawal_nothing_of_the_modality_counts(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        leases.ruled("p_1", ruling())
        leases.answered(consent())
        lease = grant(leases)
        stop = consent(at_us=SECOND_US // 2, status=ConsentStatus.WITHDRAWN)
        assert [entry.kind for entry in leases.answered(stop)] == ["CONSENT", "OPT_OUT"]
        with pytest.raises(AuditError, match="was stopped before this result"):
            leases.result(lease, {"face": 3}, b"")
        leases.result(lease, {"face": 0}, b"")
        with pytest.raises(RefusedError, match="was stopped by the person"):
            grant(leases, SECOND_US)
        leases.answered(consent(at_us=SECOND_US))
        leases.result(grant(leases, 2 * SECOND_US), {"face": 3}, b"")
    assert verify(read_entries(tmp_path / "audit.jsonl")) == ()


def test_a_yes_again_does_not_bring_back_what_was_read_before_the_no(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        lease = grant(leases)
        leases.answered(consent(at_us=10, status=ConsentStatus.WITHDRAWN))
        leases.answered(consent(at_us=20))
        with pytest.raises(AuditError, match="was stopped before this result"):
            leases.result(lease, {"face": 3}, b"")


def test_a_refusal_is_logged_and_is_no_opt_out(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        entries = Leases(log, CALL).answered(consent(status=ConsentStatus.REFUSED))
        assert [entry.kind for entry in entries] == ["CONSENT"]


def test_a_no_holds_even_when_it_cannot_be_written() -> None:
    disk = FaultyDisk()
    leases = Leases(AuditLog(disk, utc_now), CALL)
    lease = grant(leases)
    disk.fault = errno.EIO
    with pytest.raises(AuditError):
        leases.answered(consent(at_us=5, status=ConsentStatus.WITHDRAWN))
    disk.fault = None
    with pytest.raises(AuditError, match="was stopped"):
        leases.result(lease, {"face": 1}, b"")
    with pytest.raises(RefusedError, match="was stopped"):
        grant(leases, SECOND_US)


def test_a_lease_left_open_by_a_crash_is_named_when_the_log_opens_again(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        leases.ruled("p_1", ruling())
        leases.answered(consent())
        second_of_face(leases, 0)
        grant(leases, SECOND_US)
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        entry = read_entries(tmp_path / "audit.jsonl")[-1]
        assert (entry.kind, entry.body["lease"]) == ("RECOVERY", "p_1/1000000")
        second_of_face(leases, 1)
    with open_log(tmp_path) as log:
        count = log.count
        Leases(log, CALL)
        Leases(log, "another-call")
        assert log.count == count
    assert verify(read_entries(tmp_path / "audit.jsonl")) == ()


def test_a_no_from_before_a_crash_still_holds(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        leases.answered(consent())
        leases.answered(consent(at_us=2 * SECOND_US, status=ConsentStatus.WITHDRAWN))
        Leases(log, "call-2").answered(consent("voice", status=ConsentStatus.REFUSED))
    with open_log(tmp_path) as log:
        leases = Leases(log, CALL)
        with pytest.raises(RefusedError, match="was stopped"):
            grant(leases, 2 * SECOND_US)
        # What came before the no in media time may be read again: that is how a half-done call is resumed.
        assert grant(leases, SECOND_US, "face", "voice").id == "p_1/1000000"


def test_what_the_gate_said_is_logged(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        entry = Leases(log, CALL).ruled("p_2", ruling("voice", allowed=False))
    assert (entry.kind, entry.body["decision"], entry.body["rule_ids"]) == ("GATE", "deny", ["T1"])
    assert (entry.body["role"], entry.body["jurisdictions"]) == ("customer", ["US-CA"])
