"""Which call it is that workers die of: worked out from who was aboard."""

from countenance.server.suspects import DEATHS, MOST, WITHIN_US, Suspects, Verdict


def test_the_first_death_is_nobodys() -> None:
    assert Suspects(lambda: 0).died({"a", "b"}) == Verdict()


def test_a_worker_without_calls_accuses_nobody() -> None:
    suspects = Suspects(lambda: 0)
    assert [suspects.died(set()) for _ in range(5)] == [Verdict()] * 5


def test_from_the_second_on_half_of_those_who_were_always_there_are_read_apart() -> None:
    suspects = Suspects(lambda: 0)
    suspects.died({"a", "b", "c", "d"})
    assert suspects.died({"a", "b", "c", "d", "new"}) == Verdict(apart=frozenset({"a", "b"}))
    assert suspects.died({"c", "d", "new"}) == Verdict(apart=frozenset({"c"}))


def test_nobody_is_condemned_in_company() -> None:
    suspects = Suspects(lambda: 0)
    verdicts = [suspects.died({"a", "b"}) for _ in range(9)]
    assert {one.guilty for one in verdicts} == {None}


def test_alone_after_enough_deaths_it_is_the_one_and_what_it_did_is_held_against_no_other() -> None:
    suspects = Suspects(lambda: 0)
    for _ in range(DEATHS - 1):
        suspects.died({"a", "b"})
    assert suspects.died({"a"}) == Verdict(guilty="a")
    assert suspects.died({"b"}) == Verdict(), "as if it were the first"


def test_deaths_of_long_ago_do_not_count() -> None:
    now = [0]
    suspects = Suspects(lambda: now[0])
    for at_us in (0, WITHIN_US // 2, WITHIN_US, 3 * WITHIN_US // 2, 2 * WITHIN_US):
        now[0] = at_us
        assert suspects.died({"a"}).guilty is None


def test_only_so_many_deaths_are_kept_in_mind() -> None:
    suspects = Suspects(lambda: 0)
    suspects.died({"a"})
    suspects.died({"a"})
    for number in range(MOST):
        suspects.died({f"other_{number}"})
    assert suspects.died({"a"}) == Verdict()
