"""Who looks at what was read of one person: the human whom the rulings name, and with every further rule fewer."""

import pytest

from countenance.contracts.trust import Duties
from countenance.policy.vocabulary import SUBJECT_ONLY
from countenance.server.access import Caller
from countenance.server.scopes import USUAL, Position
from countenance.server.viewing import may_review


def caller(position: Position) -> Caller:
    return Caller("local", "key:1", USUAL[position], position)


COACH, CLINICIAN = caller(Position.COACH), caller(Position.CLINICIAN)


@pytest.mark.parametrize(
    ("duties", "coach", "clinician"),
    [
        ([], False, False),
        ([Duties()], True, True),
        ([Duties(human_role="coach")], True, False),
        ([Duties(human_role="coach"), Duties(human_role="clinician")], False, False),
        ([Duties(human_role="coach and clinician")], False, False),
        ([Duties(human_role="coach", names=(SUBJECT_ONLY,))], False, False),
    ],
)
def test_a_rule_more_never_lets_anybody_more_look(duties: list[Duties], coach: bool, clinician: bool) -> None:
    assert may_review(COACH, duties) is coach
    assert may_review(CLINICIAN, duties) is clinician


def test_who_supervises_or_runs_the_service_is_no_reviewer() -> None:
    for position in (Position.SUPERVISOR, Position.COMPLIANCE, Position.OPERATOR):
        assert not may_review(caller(position), [Duties()])
