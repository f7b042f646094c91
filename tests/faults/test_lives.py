"""Children that are killed tell the truth up to their last moment."""

import os
import signal
import sys

import pytest
from bench.faults.lives import FAILED, After, CountPoints, KillAt, live
from bench.faults.truth import Teller, Told

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_what_was_told_before_a_kill_is_heard() -> None:
    def work(teller: Teller) -> None:
        hook = KillAt("middle", 2)
        for n in range(5):
            teller.acked([(n, f"h{n}")])
            hook("middle")

    life = live(work, None)
    assert life.killed
    assert os.WTERMSIG(life.status) == signal.SIGKILL
    told = Told()
    told.hear(life.told)
    assert told.acked == {0: "h0", 1: "h1"}


def test_a_child_can_be_killed_at_any_moment_from_outside() -> None:
    def work(teller: Teller) -> None:
        while True:
            teller.invoked("l", "s", "face")

    life = live(work, After(2000, 0.001))
    assert life.killed
    told = Told()
    told.hear(life.told)
    assert len(told.invoked) >= 2000 / len("I l s face\n")


def test_a_child_that_ends_before_its_kill_is_not_waited_for() -> None:
    life = live(lambda teller: teller.note("short"), After(1_000_000, 0.0))
    assert not life.killed
    assert life.told == b"# short\n"


def test_a_child_whose_code_raises_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    def work(teller: Teller) -> None:
        raise ValueError("broken")

    life = live(work, None)
    assert not life.killed
    assert os.waitstatus_to_exitcode(life.status) == FAILED
    sys.stderr.flush()
    assert "ValueError: broken" in capfd.readouterr().err


def test_a_reading_after_the_person_was_told_of_the_end_is_noticed() -> None:
    told = Told()
    told.hear(b"I l1 s face\nS s face\nI l1 s voice\nI l1 s face\nR s face\nI l2 s face\n# hello you\n")
    assert told.after_stop == ["I l1 s face"]
    assert told.notes == ["hello you"]
    with pytest.raises(ValueError, match="nobody tells"):
        told.hear(b"X\n")


def test_the_same_output_under_two_results_is_noticed() -> None:
    told = Told()
    told.hear(b"E e1 4\nE e1 4\nE e2 5\n")
    assert told.twice() == 0
    told.hear(b"E e1 6\n")
    assert told.twice() == 1


def test_points_are_counted_by_name() -> None:
    hook = CountPoints()
    for name in ("a", "b", "a"):
        hook(name)
    assert hook.seen == {"a": 2, "b": 1}
