"""Who speaks, as a media server says it."""

from countenance.capture.speakers import KEPT_US, MOST, Speakers

SECOND_US = 1_000_000


def test_somebody_speaks_until_it_is_said_that_they_do_not() -> None:
    speakers = Speakers()
    assert speakers.spans(SECOND_US) == {}, "nobody has said anything of anybody"
    speakers.say("ana", speaks=True, at_us=1)
    speakers.say("ana", speaks=True, at_us=5)
    assert speakers.spans(9) == {"ana": ((1, 9),)}
    speakers.say("ana", speaks=False, at_us=7)
    speakers.say("ana", speaks=False, at_us=8)
    speakers.say("ana", speaks=True, at_us=10)
    assert speakers.spans(12) == {"ana": ((1, 7), (10, 12))}


def test_whoever_is_present_and_not_named_is_silent_and_whoever_left_is_not_known() -> None:
    speakers = Speakers()
    speakers.only({"ana"}, {"ana", "ben"}, 1)
    assert speakers.spans(3) == {"ana": ((1, 3),), "ben": ()}
    speakers.only({"ben"}, {"ben"}, 4)
    assert speakers.spans(6) == {"ben": ((4, 6),)}
    speakers.keep()
    assert speakers.spans(7) == {}


def test_little_is_kept_however_long_a_call_is() -> None:
    speakers = Speakers()
    for n in range(3 * MOST):
        speakers.say("ana", speaks=n % 2 == 0, at_us=n)
    assert len(speakers.spans(3 * MOST)["ana"]) == MOST
    assert speakers.spans(3 * MOST + KEPT_US) == {"ana": ()}
