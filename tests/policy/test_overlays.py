"""A deployer's own files: they tighten, and they settle for a time what no source decides."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.cases import ACME, TODAY, case
from tests.policy.test_sweep import CASES, at_least_as_strict

from countenance.contracts.errors import PolicyError
from countenance.contracts.trust import Case, Effect, Layer
from countenance.policy.examples import check_examples
from countenance.policy.gate import LEGAL_REVIEW, Gate
from countenance.policy.vocabulary import FIELDS

REVIEW = """
[[review]]
settles = "P12"
decided_by = "A. Example, counsel"
authority = "opinion of 2026-11-01, file 7"
decided_on = 2026-11-01
until = 2027-05-01
"""
LOOKS = 'duties = { human_role = "hr" }\ncitation'
CROWD = "duties = { aggregate_k = 20 }\ncitation"
NO_VOICE = """
[[rule]]
id = "ACME-1"
effect = "deny"
reason = "voices are not read here"
citation = "House rules 1"
when = { modality = ["biometric"], purpose = ["support_qa"] }
example = [
  { speaks = true, ruling = "deny", purpose = "support_qa", role = "customer", modality = "voice", output = "engagement", consequence = "individual", jurisdictions = ["US-CA"], on = 2026-11-22 },
]
"""  # noqa: E501


def overlay(folder: Path, *parts: str) -> Path:
    path = folder / "acme.toml"
    path.write_text("".join((ACME, *parts)), encoding="utf-8")
    return path


def test_a_buyer_in_the_eu_is_refused_until_a_review_says_who_decided_and_until_when(
    gate: Gate, tmp_path: Path
) -> None:
    reviewed = Gate.load(overlays=[overlay(tmp_path, REVIEW)])
    buyer = case("sales_coaching", "customer", "face", "EU", facts={"b2b": "yes"})
    assert not gate.rule(buyer).allowed
    ruling = reviewed.rule(buyer)
    assert ruling.allowed
    assert LEGAL_REVIEW in ruling.duties.names
    last = ruling.verdicts[-1]
    assert (last.layer, last.effect, last.citation) == (
        Layer.DEPLOYER,
        Effect.REQUIRE,
        "opinion of 2026-11-01, file 7",
    )
    assert "A. Example, counsel" in last.reason


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2027, 5, 1), True),
        (date(2027, 5, 2), False),
    ],
)
def test_a_review_stands_from_its_day_to_its_last_day(tmp_path: Path, on: date, allowed: bool) -> None:
    reviewed = Gate.load(overlays=[overlay(tmp_path, REVIEW)])
    assert (
        reviewed.rule(case("sales_coaching", "prospect", "voice", "EU", on=on, facts={"b2b": "yes"})).allowed is allowed
    )


def test_a_review_settles_its_own_case_only(tmp_path: Path) -> None:
    narrow = REVIEW + 'when = { role = ["prospect"], jurisdiction = ["EU"] }\n'
    reviewed = Gate.load(overlays=[overlay(tmp_path, narrow)])
    assert reviewed.rule(case("sales_coaching", "prospect", "face", "EU", facts={"b2b": "yes"})).allowed
    assert not reviewed.rule(case("sales_coaching", "customer", "face", "EU", facts={"b2b": "yes"})).allowed
    assert not reviewed.rule(case("sales_coaching", "prospect", "face", "EU", "UK", facts={"b2b": "yes"})).allowed
    assert not reviewed.rule(case("sales_coaching", "agent", "face", "EU", facts={"b2b": "yes"})).allowed
    assert not reviewed.rule(case("support_qa", "customer", "face", "EU", facts={"b2b": "yes"})).allowed, "P12K stands"


def test_a_review_that_was_decided_for_stated_facts_stands_for_no_others(tmp_path: Path) -> None:
    adults = REVIEW + 'when = { facts = { minor = ["adult"], relation = ["other_organisation"] } }\n'
    reviewed = Gate.load(overlays=[overlay(tmp_path, adults)])
    buyer = case("sales_coaching", "customer", "face", "EU", facts={"b2b": "yes"})
    assert reviewed.rule(buyer).allowed
    for facts in ({"b2b": "yes"}, {"b2b": "yes", "minor": "adult"}, {**buyer.facts, "minor": "13_to_17"}):
        assert not reviewed.rule(replace(buyer, facts=facts)).allowed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (REVIEW.replace('"P12"', '"P01"'), "settles P01, which is no unclear case"),
        (REVIEW.replace("2027-05-01", "2026-11-01"), "it must end after it was decided, within a year"),
        (REVIEW.replace("2027-05-01", "2028-05-01"), "within a year"),
        (REVIEW.replace('decided_by = "A. Example, counsel"\n', ""), "`decided_by` is missing"),
        (REVIEW.replace("authority", "authorty"), "unknown key `authorty`"),
        (NO_VOICE.replace('"deny"\nreason', '"allow"\nreason'), "only a law may allow"),
        (NO_VOICE.replace("ACME-1", "P01"), "two rules are called P01"),
        (REVIEW + 'when = { known = { minor = ["adult"] } }\n', "unknown key `known`"),
        (NO_VOICE.replace('"deny"\nreason', '"require"\nreason').replace("citation", CROWD), "a group is asked for"),
        (NO_VOICE.replace('"deny"\nreason', '"require"\nreason').replace("citation", LOOKS), "`human_role` cannot be"),
    ],
)
def test_an_overlay_that_would_loosen_or_is_wrong_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        Gate.load(overlays=[overlay(tmp_path, text)])


def test_an_overlay_is_a_deployers_file_and_a_law_holds_no_review(tmp_path: Path) -> None:
    path = overlay(tmp_path, NO_VOICE)
    path.write_text(path.read_text(encoding="utf-8").replace('"deployer"', '"law"'), encoding="utf-8")
    with pytest.raises(PolicyError, match="an overlay is a deployer's"):
        Gate.load(overlays=[path])
    path.write_text((ACME + REVIEW).replace('"deployer"', '"product"'), encoding="utf-8")
    with pytest.raises(PolicyError, match="only a deployer reviews"):
        Gate.load(overlays=[path])


def test_an_unclear_rule_can_only_refuse(tmp_path: Path) -> None:
    text = NO_VOICE.replace('effect = "deny"', 'effect = "require"\nunclear = true')
    with pytest.raises(PolicyError, match="refused until it is settled"):
        Gate.load(overlays=[overlay(tmp_path, text)])


def test_a_house_rule_refuses_what_the_law_allows_and_speaks_after_it(gate: Gate, tmp_path: Path) -> None:
    tighter = Gate.load(overlays=[overlay(tmp_path, NO_VOICE)])
    caller = case("support_qa", "customer", "voice", "US-CA")
    assert gate.rule(caller).allowed
    ruling = tighter.rule(caller)
    assert not ruling.allowed
    assert [v.layer for v in ruling.verdicts] == [Layer.DEPLOYER]
    assert tighter.digest != gate.digest
    assert not [line for line in check_examples(tighter) if line.startswith("acme")]


PARTS = {
    name: st.lists(st.sampled_from(FIELDS[name]), min_size=1, max_size=3, unique=True)
    for name in ("purpose", "role", "modality", "output", "jurisdiction")
}


@settings(max_examples=120, deadline=None)
@given(
    asked=CASES,
    effect=st.sampled_from(("deny", "require")),
    when=st.fixed_dictionaries({"consequence": st.just(["individual"])}, optional=PARTS),
)
def test_no_overlay_without_a_review_ever_loosens(
    gate: Gate, tmp_path_factory: pytest.TempPathFactory, asked: Case, effect: str, when: dict[str, list[str]]
) -> None:
    table = ", ".join(f"{key} = {value}" for key, value in when.items()).replace("'", '"')
    rule = NO_VOICE.replace('effect = "deny"', f'effect = "{effect}"')
    text = rule.replace('when = { modality = ["biometric"], purpose = ["support_qa"] }', f"when = {{ {table} }}")
    tighter = Gate.load(overlays=[overlay(tmp_path_factory.mktemp("acme"), text)])
    assert at_least_as_strict(tighter.rule(asked), gate.rule(asked))


def test_today_is_the_day_of_these_tests() -> None:
    assert date(2026, 11, 1) <= TODAY <= date(2027, 5, 1)
