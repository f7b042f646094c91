import json
from dataclasses import replace
from datetime import date

from countenance.consent.receipt import Terms, receipt, receipt_id
from countenance.consent.register import Register
from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, ConsentStatus, Duties, Effect, Layer, Ruling, Verdict

CASE = Case(Purpose.SUPPORT_QA, Role.CUSTOMER, "face", "engagement", "individual", ("US-CA",), date(2026, 11, 22))
VERDICT = Verdict("A11", Layer.LAW, Effect.ALLOW, "allowed", "CUBI 503.001")
RULING = Ruling(Effect.ALLOW, CASE, (VERDICT,), Duties(consent="express_written", retention_days=30), "d" * 64)
TERMS = Terms(controllers=("Example Ltd",), notice_sha256="a" * 64)


def test_the_same_answer_has_the_same_receipt_id_everywhere() -> None:
    again = receipt_id("call-1", "p_1", "face", Purpose.SUPPORT_QA, 1)
    assert again == receipt_id("call-1", "p_1", "face", Purpose.SUPPORT_QA, 1)
    assert again == "ccf0537c-16dd-5973-bd88-d735ea7985b9"


def test_no_two_answers_share_a_receipt_id() -> None:
    ids = {
        receipt_id(call, person, modality, purpose, version)
        for call, person in (("a", "bc"), ("ab", "c"), ("abc", ""))
        for modality in ("face", "voice")
        for purpose in (Purpose.SUPPORT_QA, Purpose.SALES_COACHING)
        for version in (1, 2, 11)
    }
    assert len(ids) == 3 * 2 * 2 * 3


def test_a_receipt_says_what_was_asked_of_whom_and_how_to_withdraw() -> None:
    given = Register("call-1", Purpose.SUPPORT_QA).answer("p_1", "face", ConsentStatus.GIVEN, 0, kind="express_written")
    paper = receipt(given, RULING, TERMS)
    assert json.loads(json.dumps(paper)) == paper
    assert paper["receipt_id"] == given.receipt_id
    assert paper["purposes"] == [
        {
            "purpose": "support_qa",
            "modality": "face",
            "status": "given",
            "kind": "express_written",
            "lawful_basis": "consent",
            "retention_days": 30,
        }
    ]
    assert paper["jurisdiction"] == ["US-CA"]
    assert paper["policy"] == {"digest": "d" * 64}
    assert paper["sensitive"] is True
    assert paper["withdrawal"] == {"method": TERMS.withdrawal_method, "withdrawn_at_us": None}


def test_a_withdrawal_has_a_receipt_too() -> None:
    register = Register("call-1", Purpose.SUPPORT_QA)
    register.answer("p_1", "face", ConsentStatus.GIVEN, 0)
    paper = receipt(register.answer("p_1", "face", ConsentStatus.WITHDRAWN, 7), RULING, TERMS)
    assert paper["version"] == 2
    assert paper["withdrawal"] == {"method": TERMS.withdrawal_method, "withdrawn_at_us": 7}


def test_turn_taking_is_not_sensitive() -> None:
    objection = Register("call-1", Purpose.SUPPORT_QA).answer("p_1", "telemetry", ConsentStatus.WITHDRAWN, 0)
    paper = receipt(objection, replace(RULING, duties=Duties(consent="none", retention_days=90)), TERMS)
    assert paper["sensitive"] is False
