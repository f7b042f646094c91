"""May this lease be given: law, consent and length."""

from dataclasses import replace

import pytest
from tests.audit.papers import consent, ruling

from countenance.audit.permission import LONGEST_US, Request, lease_for
from countenance.contracts.call import Purpose
from countenance.contracts.errors import AuditError, RefusedError
from countenance.contracts.trust import Consent, ConsentStatus, Ruling

SECOND_US = 1_000_000
ASKED = Request("p_1", ("face",), 0, SECOND_US, {"face": ruling()}, {"face": consent()})


def test_what_law_and_person_permit_is_leased_for_a_second_at_most() -> None:
    lease = lease_for(ASKED)
    assert (lease.participant_id, lease.modalities, lease.start_us, lease.end_us) == ("p_1", ("face",), 0, SECOND_US)
    assert (lease.policy_digest, lease.receipts) == ("d" * 64, ("r-face-0",))


@pytest.mark.parametrize("end_us", [0, -1, LONGEST_US + 1])
def test_a_lease_has_a_length(end_us: int) -> None:
    with pytest.raises(AuditError, match="must last more than 0"):
        lease_for(replace(ASKED, end_us=end_us))


def test_a_lease_names_a_modality() -> None:
    with pytest.raises(AuditError, match="names no modality"):
        lease_for(replace(ASKED, modalities=()))


@pytest.mark.parametrize("rulings", [{}, {"face": ruling("voice")}])
def test_without_a_ruling_there_is_no_lease(rulings: dict[str, Ruling]) -> None:
    with pytest.raises(RefusedError, match="face of p_1 has no ruling"):
        lease_for(replace(ASKED, rulings=rulings))


def test_what_the_law_refuses_names_the_law() -> None:
    with pytest.raises(RefusedError, match=r"a reason \[Test Act 1\]"):
        lease_for(replace(ASKED, rulings={"face": ruling(allowed=False)}))


def test_two_policies_are_not_mixed() -> None:
    asked = Request(
        "p_1", ("face", "voice"), 0, SECOND_US,
        {"face": ruling(), "voice": ruling("voice", digest="e" * 64)},
        {"face": consent(), "voice": consent("voice")},
    )  # fmt: skip
    with pytest.raises(AuditError, match="mixes rulings of two policies"):
        lease_for(asked)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"face": consent(status=ConsentStatus.REFUSED)},
        {"face": consent(status=ConsentStatus.WITHDRAWN)},
        {"face": consent(at_us=1)},
        {"face": consent(person="p_2")},
        {"face": consent(purpose=Purpose.SALES_COACHING)},
        {"face": consent("voice")},
    ],
)
def test_without_the_persons_own_yes_there_is_no_lease(answers: dict[str, Consent]) -> None:
    with pytest.raises(RefusedError, match="has no consent of kind explicit for support_qa"):
        lease_for(replace(ASKED, consents=answers))


def test_a_weaker_yes_than_the_law_asks_for_is_none() -> None:
    strict = {"face": ruling(consent="written_release")}
    with pytest.raises(RefusedError, match="no consent of kind written_release"):
        lease_for(replace(ASKED, rulings=strict))
    assert lease_for(replace(ASKED, rulings=strict, consents={"face": consent(kind="written_release")})).receipts


def test_where_silence_is_enough_an_objection_still_counts() -> None:
    silent = replace(ASKED, rulings={"face": ruling(consent="none")}, consents={})
    assert lease_for(silent).receipts == ()
    with pytest.raises(RefusedError):
        lease_for(replace(silent, consents={"face": consent(status=ConsentStatus.REFUSED)}))


def test_a_stop_holds_from_its_moment_on() -> None:
    stopped = {("p_1", "face"): SECOND_US}
    assert lease_for(ASKED, stopped).modalities == ("face",)
    with pytest.raises(RefusedError, match="was stopped by the person"):
        lease_for(replace(ASKED, start_us=SECOND_US, end_us=2 * SECOND_US), stopped)
