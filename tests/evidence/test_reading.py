"""What a pack says of a store comes out of the store: counted, verified, and without a name."""

from pathlib import Path

import pytest
from tests.evidence.test_pack import TODAY

from countenance.analysis import custody
from countenance.contracts.call import FACE, Call, Participant, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.contracts.trust import Case, Consent, ConsentStatus
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.evidence.reading import read_store
from countenance.policy.gate import Gate

CALL = Call("c", "d", Purpose.SUPPORT_QA, (Participant("p_1", "Ana", Role.CUSTOMER),))


@pytest.fixture(name="place")
def store_with_a_call(tmp_path: Path) -> Path:
    gate = Gate.load()
    case = Case(CALL.purpose, Role.CUSTOMER, FACE, "engagement", "individual", ("US-CA",), TODAY)
    with open_tenant(tmp_path) as tenant:
        tenant.log.append("POLICY_LOAD", {"policy_digest": gate.digest})
        call = custody.open_recorded(Control(tenant, gate), CALL, {"p_1": "Ana"}, (), 30)
        call.ruled("p_1", gate.rule(case))
        call.leases.answered(Consent("p_1", FACE, CALL.purpose, ConsentStatus.GIVEN, 0, "r", 1, "express_written"))
    return tmp_path


def test_a_store_is_summed_up_in_kinds_decisions_and_a_checkpoint(place: Path) -> None:
    kept = read_store(place)
    assert kept.kinds == {"CONSENT": 1, "GATE": 1, "POLICY_LOAD": 1}
    assert [(d.role, d.modality, d.decision, d.n) for d in kept.decided] == [("customer", "face", "allow", 1)]
    assert "A11" in kept.decided[0].rule_ids
    assert kept.checkpoint.startswith(f"{kept.origin}\n3\n")
    assert kept.findings == ()
    assert "Ana" not in str(kept)


def test_what_verification_finds_is_told(place: Path) -> None:
    with open_tenant(place) as tenant:
        tenant.log.append("RESULT", {"lease": "nobody/0", "counts": {"face": 1}})
    assert any("entry 3" in line for line in read_store(place).findings)


def test_a_folder_without_a_store_is_said_and_nothing_is_made_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no store"):
        read_store(tmp_path)
    assert not list(tmp_path.iterdir())
