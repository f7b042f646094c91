"""Failures of a simulated world are found, replay from their seed, and shrink to the steps that matter."""

from random import Random

from bench.faults.replay import BrokenError, play, play_many, shrink


class Jar:
    """Breaks when it has been given a 3 and later a 7."""

    def __init__(self, seed: int) -> None:
        self.seen: list[int] = []

    def step(self, rng: Random) -> None:
        drawn = rng.randrange(10)
        self.seen.append(drawn)
        if drawn == 7 and 3 in self.seen:
            raise BrokenError(f"{self.seen}")

    def end(self) -> None:
        if len(self.seen) > 100:
            raise BrokenError("too full")

    def close(self) -> None:
        self.seen = []


def test_the_same_seed_gives_the_same_failure() -> None:
    first, second = play(Jar, 5, range(60)), play(Jar, 5, range(60))
    assert first is not None
    assert first == second
    assert "--seed 5 --steps 0,1," in first.recipe


def test_a_failure_shrinks_to_the_two_steps_that_matter() -> None:
    found = play(Jar, 5, range(60))
    assert found is not None
    small = shrink(Jar, found)
    assert len(small.steps) == 2
    assert small.problem == "[3, 7]"
    assert play(Jar, small.seed, small.steps) == small


def test_what_only_the_end_shows_is_found_too() -> None:
    class Quiet(Jar):
        def step(self, rng: Random) -> None:
            self.seen.append(0)

    assert play(Quiet, 1, range(100)) is None
    found = play(Quiet, 1, range(120))
    assert found is not None
    assert len(shrink(Quiet, found).steps) == 101


def test_many_seeds_are_counted_until_time_is_up() -> None:
    left = iter([False] * 5 + [True])
    played, failures = play_many(Jar, range(100), lambda _: 60, lambda: next(left))
    assert played == 5
    assert failures
