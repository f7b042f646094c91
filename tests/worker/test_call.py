"""What a worker takes a call up with: the answers of everybody, and every no that the disk does not have yet."""

from countenance.contracts.call import FACE, VOICE, Call, Modality, Participant, Purpose, Role
from countenance.contracts.trust import Consent, ConsentStatus, Duties
from countenance.link.messages import Admitted, Host
from countenance.worker.call import _register

SECOND_US = 1_000_000
CALL = Call("c", "d", Purpose.SUPPORT_QA, (Participant("p_1", "Ana", Role.CUSTOMER),))
ASKED, UNASKED = Duties(consent="explicit"), Duties(consent="none")


def yes(modality: Modality, at_us: int) -> Consent:
    return Consent("p_1", modality, CALL.purpose, ConsentStatus.GIVEN, at_us, "r")


def host(*consents: Consent, noes: tuple[tuple[str, Modality], ...] = ()) -> Host:
    return Host(Admitted("c", CALL, ()), consents, {}, (), "local", noes=noes)


def test_a_no_that_is_not_durable_yet_counts_from_the_first_window() -> None:
    register = _register(host(yes(FACE, 5), yes(VOICE, 5), noes=(("p_1", FACE),)), 7 * SECOND_US)
    assert not register.permits("p_1", FACE, 7 * SECOND_US, ASKED)
    assert register.permits("p_1", VOICE, 7 * SECOND_US, ASKED)


def test_so_does_one_to_a_yes_of_this_very_second_and_one_where_nobody_was_asked() -> None:
    register = _register(host(yes(FACE, 7_500_000), noes=(("p_1", FACE), ("p_1", VOICE))), 7 * SECOND_US)
    assert not register.permits("p_1", FACE, 8 * SECOND_US, ASKED)
    assert not register.permits("p_1", VOICE, 7 * SECOND_US, UNASKED)


def test_a_yes_after_it_is_heard() -> None:
    register = _register(host(yes(FACE, 5), noes=(("p_1", FACE),)), 7 * SECOND_US)
    register.answer("p_1", FACE, ConsentStatus.WITHDRAWN, 8 * SECOND_US)
    register.answer("p_1", FACE, ConsentStatus.GIVEN, 9 * SECOND_US)
    assert register.permits("p_1", FACE, 9 * SECOND_US, ASKED)
