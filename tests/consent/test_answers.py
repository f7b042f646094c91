from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.consent.rulings import ruled

from countenance.consent.answers import Answer, Said, Shown, follow, latest, state
from countenance.consent.asking import REASK, Ask, asking, check_yes
from countenance.consent.evidence import ACTS, CHECKS, Evidence, Guardian, check_evidence
from countenance.contracts.call import Purpose
from countenance.contracts.errors import ConsentError, RefusedError
from countenance.contracts.trust import ConsentStatus, Effect

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
GIVEN, REFUSED = ConsentStatus.GIVEN, ConsentStatus.REFUSED
WITHDRAWN, EXPIRED = ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED
SUBSTANCE = "b" * 64
SHOWN = Shown("call.v1", "en", "a" * 64, SUBSTANCE, NOW)
EU = ruled("EU", modalities=["face"])["face"]
ILLINOIS = ruled("US-IL", modalities=["face"])["face"]
SIGNED = Evidence("typed_name", "A. Person")
GUARDIAN = Guardian("G. Guardian", "mother", "video_call", "agent 7", NOW)


def said(status: ConsentStatus = GIVEN, **change: object) -> Said:
    shown = SHOWN if status is GIVEN else None
    return replace(Said("face", Purpose.SUPPORT_QA, status, "explicit", shown), **change)  # type: ignore[arg-type]


def history(*answers: tuple[ConsentStatus, int]) -> Sequence[Answer]:
    """Answers with their day, counted from NOW."""
    past: list[Answer] = []
    for status, day in answers:
        past.append(follow(past, said(status), NOW + day * DAY, f"r-{len(past)}", YEAR))
    return past


def test_silence_is_refusal() -> None:
    assert state((), NOW) is REFUSED


def test_the_last_answer_holds_and_versions_count_up() -> None:
    past = history((REFUSED, 0), (GIVEN, 1), (WITHDRAWN, 2))
    assert [a.version for a in past] == [1, 2, 3]
    assert state(past, NOW + 3 * DAY) is WITHDRAWN
    assert past[1].expires == NOW + DAY + YEAR
    assert past[2].expires is None


def test_a_yes_ends_with_its_time_to_the_microsecond() -> None:
    past = history((GIVEN, 0))
    assert state(past, NOW + YEAR - timedelta(microseconds=1)) is GIVEN
    assert state(past, NOW + YEAR) is EXPIRED


def test_a_yes_ends_when_what_it_relied_on_has_changed() -> None:
    past = history((GIVEN, 0))
    assert state(past, NOW, SUBSTANCE) is GIVEN
    assert state(past, NOW, "c" * 64) is EXPIRED
    assert state([replace(past[0], said=said(shown=None))], NOW, SUBSTANCE) is EXPIRED
    assert state([replace(past[0], expires=None)], NOW) is EXPIRED


def test_a_clock_that_goes_back_revives_nothing() -> None:
    past = history((GIVEN, 0), (WITHDRAWN, 10))
    again = follow(past, said(), NOW, "r", YEAR)
    assert again.at == NOW + 10 * DAY
    assert latest(past, NOW - YEAR) == NOW + 10 * DAY
    assert state(past, NOW) is WITHDRAWN


def test_only_utc_is_a_time() -> None:
    for wrong in (NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=1)))):
        with pytest.raises(ConsentError, match="not in UTC"):
            state(history((GIVEN, 0)), wrong)


@pytest.mark.parametrize(
    ("past", "wrong", "message"),
    [
        ((), said(kind="nod"), "unknown kind `nod`"),
        ((), said(kind="none"), "unknown kind `none`"),
        ((), said(shown=None), "does not say which notice"),
        ((), said(EXPIRED), "cannot expire"),
        (history((REFUSED, 0)), said(EXPIRED), "cannot expire"),
        (history((GIVEN, 0)), said(modality="voice"), "does not belong"),
        (history((GIVEN, 0)), said(purpose=Purpose.SAFETY), "does not belong"),
    ],
)
def test_an_answer_that_cannot_follow_is_refused(past: Sequence[Answer], wrong: Said, message: str) -> None:
    with pytest.raises(ConsentError, match=message) as caught:
        follow(past, wrong, NOW, "r", YEAR)
    assert caught.value.remedy


def test_a_yes_without_an_end_is_refused() -> None:
    with pytest.raises(ConsentError, match="how long it is valid"):
        follow((), said(), NOW, "r")


def test_nobody_is_asked_again_within_six_months_of_a_no() -> None:
    for no in (REFUSED, WITHDRAWN):
        past = history((no, 0))
        assert asking(past, EU, NOW + REASK - timedelta(microseconds=1), SUBSTANCE).ask is Ask.LEAVE
        assert asking(past, EU, NOW, SUBSTANCE).until == NOW + REASK
        assert asking(past, EU, NOW + REASK, SUBSTANCE).ask is Ask.ASK


def test_six_months_are_never_shorter_than_the_calendar_says() -> None:
    for month in range(1, 13):
        start = datetime(2026, month, 1, tzinfo=UTC)
        end = datetime(2026 + (month > 6), (month + 5) % 12 + 1, 1, tzinfo=UTC)
        assert end - start <= REASK


def test_who_is_new_or_whose_yes_has_ended_is_asked() -> None:
    assert asking((), EU, NOW, SUBSTANCE).ask is Ask.ASK
    assert asking(history((GIVEN, 0)), EU, NOW + YEAR, SUBSTANCE).ask is Ask.ASK
    assert asking(history((GIVEN, 0)), EU, NOW, "c" * 64).ask is Ask.ASK
    assert asking(history((REFUSED, -9), (GIVEN, 0), (EXPIRED, 1)), EU, NOW + 2 * DAY, SUBSTANCE).ask is Ask.ASK


def test_who_has_answered_yes_is_left_in_peace_unless_the_law_wants_more() -> None:
    past = history((GIVEN, 0))
    assert asking(past, EU, NOW, SUBSTANCE).ask is Ask.ANSWERED
    assert asking(past, EU, NOW, SUBSTANCE).until == NOW + YEAR
    assert asking(past, ILLINOIS, NOW, SUBSTANCE).ask is Ask.ASK


def test_what_the_gate_refuses_or_needs_no_consent_is_never_asked() -> None:
    assert asking((), replace(EU, effect=Effect.DENY), NOW, SUBSTANCE).ask is Ask.NEVER
    turns = ruled("EU", modalities=["telemetry"])["telemetry"]
    assert asking((), turns, NOW, SUBSTANCE).ask is Ask.NEVER


def test_a_yes_counts_when_asked_in_time_or_of_the_persons_own_wish() -> None:
    check_yes((), said(), EU, NOW, SUBSTANCE)
    past = history((REFUSED, 0))
    with pytest.raises(ConsentError, match="asked for again before 2027-05-25"):
        check_yes(past, said(), EU, NOW + DAY, SUBSTANCE)
    check_yes(past, said(own_wish=True), EU, NOW + DAY, SUBSTANCE)
    check_yes(past, said(), EU, NOW + REASK, SUBSTANCE)


def test_a_yes_to_what_the_law_refuses_is_refused() -> None:
    with pytest.raises(RefusedError, match="cannot be given"):
        check_yes((), said(), replace(EU, effect=Effect.DENY), NOW, SUBSTANCE)


def test_a_yes_counts_only_for_the_notice_of_today_and_after_it_was_shown() -> None:
    for shown in (None, replace(SHOWN, substance="c" * 64)):
        with pytest.raises(ConsentError, match="not the one of today"):
            check_yes((), said(shown=shown), EU, NOW, SUBSTANCE)
    with pytest.raises(ConsentError, match="before the notice was shown"):
        check_yes((), said(), EU, NOW - DAY, SUBSTANCE)


def test_a_yes_must_be_of_the_kind_the_law_asks_for() -> None:
    with pytest.raises(ConsentError, match="asks for written_release"):
        check_yes((), said(kind="express_written", evidence=SIGNED), ILLINOIS, NOW, SUBSTANCE)
    with pytest.raises(ConsentError, match="not signed"):
        check_yes((), said(kind="written_release"), ILLINOIS, NOW, SUBSTANCE)
    check_yes((), said(kind="written_release", evidence=SIGNED), ILLINOIS, NOW, SUBSTANCE)


@pytest.mark.parametrize("act", ACTS)
def test_an_explicit_yes_may_come_in_any_form(act: str) -> None:
    check_evidence("explicit", Evidence(act))


@pytest.mark.parametrize("kind", ["express_written", "written_release"])
def test_a_written_yes_is_signed(kind: str) -> None:
    for evidence in (Evidence(), Evidence("spoken", "A"), Evidence("typed_name"), Evidence("typed_name", " ")):
        with pytest.raises(ConsentError, match="not signed"):
            check_evidence(kind, evidence)
    with pytest.raises(ConsentError, match="no digest of the paper"):
        check_evidence(kind, Evidence("paper", "A. Person"))
    check_evidence(kind, Evidence("paper", "A. Person", "a" * 64))
    check_evidence(kind, Evidence("electronic_signature", "A. Person"))


def test_a_guardian_is_named_and_checked_and_the_release_is_signed_too() -> None:
    with pytest.raises(ConsentError, match="guardian is missing"):
        check_evidence("parental_verifiable", SIGNED)
    for check in CHECKS:
        check_evidence("parental_verifiable", Evidence(guardian=replace(GUARDIAN, check=check)))
    with pytest.raises(ConsentError, match="cannot be checked by 'face_match'"):
        check_evidence("parental_verifiable", Evidence(guardian=replace(GUARDIAN, check="face_match")))
    for field in ("name", "relation", "checked_by"):
        with pytest.raises(ConsentError, match=f"`{field}` is empty"):
            check_evidence("parental_verifiable", Evidence(guardian=replace(GUARDIAN, **{field: " "})))  # type: ignore[arg-type]
    with pytest.raises(ConsentError, match="not signed"):
        check_evidence("parental_verifiable", Evidence(guardian=GUARDIAN), ["written_release"])
    with pytest.raises(ConsentError, match="is in writing here"):
        check_evidence("parental_verifiable", Evidence(guardian=GUARDIAN), ["consent_in_writing"])
    for duty in ("written_release", "consent_in_writing"):
        check_evidence("parental_verifiable", Evidence("typed_name", guardian=GUARDIAN), [duty])


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        (Evidence("nod"), "cannot be given by 'nod'"),
        (Evidence(document_sha256="short"), "not a SHA-256"),
        (Evidence(screenshot_sha256="Z" * 64), "not a SHA-256"),
    ],
)
def test_evidence_that_cannot_be_is_refused(evidence: Evidence, message: str) -> None:
    with pytest.raises(ConsentError, match=message):
        check_evidence("explicit", evidence)


STEP = st.tuples(st.sampled_from([GIVEN, REFUSED, WITHDRAWN]), st.integers(-400, 400))


@given(steps=st.lists(STEP, max_size=12), ask_day=st.integers(-400, 400))
@settings(deadline=None)
def test_whatever_the_clock_does_time_runs_forward_and_a_no_is_kept(
    steps: list[tuple[ConsentStatus, int]], ask_day: int
) -> None:
    past = history(*steps)
    times = [answer.at for answer in past]
    assert times == sorted(times)
    now = NOW + ask_day * DAY
    if past and past[-1].said.status is not GIVEN:
        assert state(past, now) is past[-1].said.status
        asked = asking(past, EU, now, SUBSTANCE)
        assert (asked.ask is Ask.LEAVE) == (latest(past, now) < past[-1].at + REASK)
