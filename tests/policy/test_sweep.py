"""Every combination of a reduced space: decided once, never loosened by more places or by less knowledge."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.cases import STATED, TODAY

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import CONSENT_KINDS, Case, Duties, Effect, Layer, Ruling
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, JURISDICTIONS, OUTPUTS

MODALITIES = ("face", "voice", "text", "telemetry")
SOME_OUTPUTS = ("engagement", "turn_taking", "diagnosis")

# An adult's role: the law asks for actual knowledge, so nobody's silence makes a child or a colleague of them.
ADULTS: set[Role] = {
    role for role in Role if role not in (Role.STUDENT, Role.LEARNER_INDEPENDENT, Role.PATIENT, Role.GUEST)
}
OUTSIDERS: set[Role] = {Role.CUSTOMER, Role.PROSPECT, Role.PATIENT, Role.LEARNER_INDEPENDENT, Role.PANELIST}


def space() -> Iterator[Case]:
    for purpose, role, modality, output, consequence, place in product(
        Purpose, Role, MODALITIES, SOME_OUTPUTS, CONSEQUENCES, (*JURISDICTIONS, "")
    ):
        yield Case(purpose, role, modality, output, consequence, (place,) if place else (), TODAY, STATED)


def test_every_case_is_decided_once_with_reason_and_citation_and_the_law_first(gate: Gate) -> None:
    order = list(Layer)
    cases = 0
    for asked in space():
        cases += 1
        ruling = gate.rule(asked)
        effects = {verdict.effect for verdict in ruling.verdicts}
        if ruling.allowed:
            assert asked.output != "diagnosis"
            assert asked.consequence != "solely_automated"
            assert Effect.ALLOW in effects
            assert Effect.DENY not in effects
        else:
            assert effects == {Effect.DENY}
        assert all(verdict.reason and verdict.citation for verdict in ruling.verdicts)
        layers = [order.index(verdict.layer) for verdict in ruling.verdicts]
        assert layers == sorted(layers)
    assert cases == 10 * 13 * 4 * 3 * 3 * 12


CASES = st.builds(
    Case,
    purpose=st.sampled_from(list(Purpose)),
    role=st.sampled_from(list(Role)),
    modality=st.sampled_from([*MODALITIES, "gait"]),
    output=st.sampled_from(OUTPUTS),
    consequence=st.sampled_from(CONSEQUENCES),
    jurisdictions=st.lists(st.sampled_from(JURISDICTIONS), min_size=1, max_size=3).map(tuple),
    on=st.dates(TODAY.replace(year=2024), TODAY.replace(year=2029)),
    facts=st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FACTS.items()}),
)


def at_least_as_strict(strict: Ruling, loose: Ruling) -> bool:
    if not strict.allowed:
        return True
    return loose.allowed and _duties_hold(strict.duties, loose.duties)


def _duties_hold(strict: Duties, loose: Duties) -> bool:
    bound = {name.removeprefix("recommended:") for name in strict.names}
    return (
        CONSENT_KINDS.index(strict.consent) >= CONSENT_KINDS.index(loose.consent)
        and strict.retention_days <= loose.retention_days
        and {name.removeprefix("recommended:") for name in loose.names} <= bound
        and (strict.aggregate_k or 0) >= (loose.aggregate_k or 0)
        and (strict.human_role == loose.human_role or loose.human_role is None)
    )


@settings(max_examples=250, deadline=None)
@given(CASES, st.sampled_from(JURISDICTIONS))
def test_adding_a_place_never_loosens(gate: Gate, asked: Case, place: str) -> None:
    more = replace(asked, jurisdictions=(*asked.jurisdictions, place))
    assert at_least_as_strict(gate.rule(more), gate.rule(asked))


@settings(max_examples=250, deadline=None)
@given(CASES, st.sampled_from(sorted(FACTS)))
def test_knowing_less_never_loosens(gate: Gate, asked: Case, fact: str) -> None:
    knows_by_role: dict[str, set[Role]] = {"minor": ADULTS, "relation": OUTSIDERS, "b2b": set(Role)}
    # COPPA asks about actual knowledge of a child's turn-taking too, whatever the role.
    turn_taking_of_a_child = fact == "minor" and asked.modality == "telemetry"
    if asked.role in knows_by_role.get(fact, set()) or turn_taking_of_a_child:
        return
    unstated = replace(asked, facts={name: value for name, value in asked.facts.items() if name != fact})
    assert at_least_as_strict(gate.rule(unstated), gate.rule(asked))


def test_an_unknown_place_never_allows_what_a_listed_place_denies(gate: Gate) -> None:
    for asked in space():
        if not asked.jurisdictions and gate.rule(asked).allowed:
            for place in JURISDICTIONS:
                assert gate.rule(replace(asked, jurisdictions=(place,))).allowed, (asked, place)


def test_the_same_question_gets_the_same_ruling(gate: Gate) -> None:
    asked = next(space())
    assert gate.rule(asked) == gate.rule(asked) == Gate.load().rule(asked)
