import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from countenance.consent.register import Register
from countenance.contracts.call import Purpose
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import CONSENT_KINDS, Consent, ConsentStatus, Duties

GIVEN, REFUSED = ConsentStatus.GIVEN, ConsentStatus.REFUSED
WITHDRAWN, EXPIRED = ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED
SECOND_US = 1_000_000


@pytest.fixture
def register() -> Register:
    return Register("call-1", Purpose.SUPPORT_QA)


def test_silence_is_refusal(register: Register) -> None:
    assert register.status("p_1", "face", 5 * SECOND_US) is REFUSED
    assert register.current("p_1", "face", 5 * SECOND_US) is None
    assert not register.permits("p_1", "face", 5 * SECOND_US, Duties())


def test_a_yes_counts_for_one_person_and_one_modality(register: Register) -> None:
    register.answer("p_1", "face", GIVEN, 0)
    assert register.permits("p_1", "face", 0, Duties())
    assert not register.permits("p_1", "voice", 0, Duties())
    assert not register.permits("p_2", "face", 0, Duties())


def test_an_answer_holds_from_its_media_time(register: Register) -> None:
    register.answer("p_1", "face", GIVEN, 10)
    register.answer("p_1", "face", WITHDRAWN, 20)
    assert [register.status("p_1", "face", at) for at in (9, 10, 19, 20)] == [REFUSED, GIVEN, GIVEN, WITHDRAWN]


def test_the_last_answer_at_one_moment_counts(register: Register) -> None:
    register.answer("p_1", "face", GIVEN, 10)
    register.answer("p_1", "face", WITHDRAWN, 10)
    assert register.status("p_1", "face", 10) is WITHDRAWN


@pytest.mark.parametrize("duty", CONSENT_KINDS)
@pytest.mark.parametrize("kind", CONSENT_KINDS[1:])
def test_a_consent_must_be_as_strong_as_the_ruling_asks(register: Register, kind: str, duty: str) -> None:
    register.answer("p_1", "face", GIVEN, 0, kind=kind)
    expected = CONSENT_KINDS.index(kind) >= CONSENT_KINDS.index(duty)
    assert register.permits("p_1", "face", 0, Duties(consent=duty)) is expected


def test_where_no_consent_is_needed_silence_is_enough_and_an_objection_still_counts(register: Register) -> None:
    duties = Duties(consent="none")
    assert register.permits("p_1", "telemetry", 0, duties)
    register.answer("p_1", "telemetry", WITHDRAWN, 5)
    assert register.permits("p_1", "telemetry", 4, duties)
    assert not register.permits("p_1", "telemetry", 5, duties)


def test_every_answer_has_its_own_version_and_receipt(register: Register) -> None:
    first = register.answer("p_1", "face", GIVEN, 0, notice="en.v1")
    second = register.answer("p_1", "face", WITHDRAWN, 10)
    other = register.answer("p_1", "voice", GIVEN, 10)
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert len({first.receipt_id, second.receipt_id, other.receipt_id}) == 3
    assert first.notice == "en.v1"
    assert register.records == (first, second, other)


def test_changes_are_found_in_order_of_time(register: Register) -> None:
    register.answer("p_1", "face", GIVEN, 0)
    late = register.answer("p_1", "face", WITHDRAWN, 30)
    early = register.answer("p_2", "face", GIVEN, 20)
    assert register.changes_between(0, 30) == (early, late)
    assert register.changes_between(20, 29) == ()
    assert register.changes_between(-1, 0)[0].status is GIVEN


def consent(**change: object) -> Consent:
    fields: dict[str, object] = {
        "participant_id": "p_1",
        "modality": "face",
        "purpose": Purpose.SUPPORT_QA,
        "status": GIVEN,
        "at_us": 0,
        "receipt_id": "r",
    }
    return Consent(**(fields | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (consent(purpose=Purpose.SALES_COACHING), "is for sales_coaching, this call is for support_qa"),
        (consent(kind="nod"), "unknown kind `nod`"),
        (consent(kind="none"), "unknown kind `none`"),
        (consent(version=2), "version 2 out of turn"),
        (consent(status=EXPIRED), "cannot expire"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(register: Register, wrong: Consent, message: str) -> None:
    with pytest.raises(ConsentError, match=message) as caught:
        register.record(wrong)
    assert caught.value.remedy
    assert register.records == ()


def test_the_past_is_never_rewritten(register: Register) -> None:
    register.answer("p_1", "face", GIVEN, 10)
    with pytest.raises(ConsentError, match="lies before"):
        register.answer("p_1", "face", WITHDRAWN, 9)
    with pytest.raises(ConsentError, match="version 1 out of turn"):
        register.record(consent(at_us=20))


def test_only_what_is_given_expires(register: Register) -> None:
    register.answer("p_1", "face", REFUSED, 0)
    with pytest.raises(ConsentError, match="cannot expire"):
        register.answer("p_1", "face", EXPIRED, 5)
    register.answer("p_1", "face", GIVEN, 6)
    register.answer("p_1", "face", EXPIRED, 7)
    assert register.status("p_1", "face", 7) is EXPIRED


PEOPLE, MODALITIES = ("p_1", "p_2"), ("face", "voice", "text")
PERSON, MODALITY = st.sampled_from(PEOPLE), st.sampled_from(MODALITIES)


class Answers(RuleBasedStateMachine):
    """People answer as they like; a plain table of answers says what must hold at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.register = Register("call-1", Purpose.SUPPORT_QA)
        self.now = 0
        self.history: dict[tuple[str, str], list[tuple[int, ConsentStatus, str]]] = {}

    @rule(step=st.integers(0, 3))
    def time_passes(self, step: int) -> None:
        self.now += step

    @rule(person=PERSON, modality=MODALITY, kind=st.sampled_from(CONSENT_KINDS[1:]))
    def gives(self, person: str, modality: str, kind: str) -> None:
        self._answer(person, modality, GIVEN, kind)

    @rule(person=PERSON, modality=MODALITY, status=st.sampled_from([REFUSED, WITHDRAWN]))
    def stops(self, person: str, modality: str, status: ConsentStatus) -> None:
        self._answer(person, modality, status, "explicit")

    @precondition(lambda self: any(past[-1][1] is GIVEN for past in self.history.values()))
    @rule(choice=st.randoms(use_true_random=False))
    def expires(self, choice: object) -> None:
        given = sorted(key for key, past in self.history.items() if past[-1][1] is GIVEN)
        self._answer(*given[0], EXPIRED, "explicit")

    def _answer(self, person: str, modality: str, status: ConsentStatus, kind: str) -> None:
        self.register.answer(person, modality, status, self.now, kind=kind)
        self.history.setdefault((person, modality), []).append((self.now, status, kind))

    @invariant()
    def every_moment_is_answered_as_the_table_says(self) -> None:
        for person in PEOPLE:
            for modality in MODALITIES:
                for at_us in range(self.now + 1):
                    past = [a for a in self.history.get((person, modality), []) if a[0] <= at_us]
                    status, kind = past[-1][1:] if past else (REFUSED, "none")
                    assert self.register.status(person, modality, at_us) is status
                    for duty in ("explicit", "written_release"):
                        strong = CONSENT_KINDS.index(kind) >= CONSENT_KINDS.index(duty)
                        permitted = self.register.permits(person, modality, at_us, Duties(consent=duty))
                        assert permitted == (status is GIVEN and strong)

    @invariant()
    def versions_count_up_without_a_gap(self) -> None:
        for key, past in self.history.items():
            versions = [c.version for c in self.register.records if (c.participant_id, c.modality) == key]
            assert versions == list(range(1, len(past) + 1))


Answers.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
test_any_sequence_of_answers_keeps_the_rules = Answers.TestCase
