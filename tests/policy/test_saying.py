"""What a rule says to the person it concerns: every shipped reason in every language, and never somebody else's."""

from dataclasses import replace
from datetime import date

import pytest

from countenance.contracts.call import FACE, Purpose, Role
from countenance.contracts.trust import Case
from countenance.policy.gate import Gate
from countenance.policy.saying import _words, say
from countenance.policy.vocabulary import FACTS

OTHERS = ("de", "es", "fr")
CASE = Case(Purpose.SUPPORT_QA, Role.STUDENT, FACE, "engagement", "individual", ("US-CA",), date(2026, 11, 23))


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_that_ships_is_said_in_every_language(language: str) -> None:
    reasons = {rule.reason for rule in Gate.load().rules}
    said = {reason: say(reason, language) for reason in reasons}
    assert not [reason for reason, words in said.items() if not words or words == reason]
    assert set(_words()["reason"]) == reasons, "nothing is said that no rule says"
    assert set(_words()["facts"]) == set(FACTS)


@pytest.mark.parametrize("language", OTHERS)
def test_what_was_not_stated_is_said_too(language: str) -> None:
    first = Gate.load().rule(CASE).verdicts[0]
    assert "not stated" in first.reason
    said = say(first.reason, language)
    assert said is not None
    assert said.endswith(f"{_words()['facts']['minor'][language]})")
    assert "minor" not in said


def test_that_no_rule_speaks_is_said_with_its_place() -> None:
    ruling = Gate.load().rule(replace(CASE, purpose=Purpose.SELF_TRAINING, role=Role.CUSTOMER, jurisdictions=("EU",)))
    silent = next(one for one in ruling.verdicts if one.rule_id == "Z99")
    assert say(silent.reason, "de") == "keine Regel erlaubt das in EU"


def test_english_and_a_deployers_own_words_stay_as_they_are() -> None:
    assert say(Gate.load().rule(CASE).verdicts[0].reason, "en") is None
    assert say("no faces here", "fr") is None
