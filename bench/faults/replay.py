"""Playing a world step by step from a seed: the same seed gives the same run, and a failure is made small.

Every step draws from a source of its own, made of the seed and the step's number, so that leaving out one step does not
change what the others do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

STRIDE = 1 << 20
"""More steps than any run has."""


class BrokenError(Exception):
    """An invariant does not hold."""


class World(Protocol):
    """Something that lives in steps and checks itself after each."""

    def step(self, rng: Random) -> None:
        """Let one thing happen; raises BrokenError when an invariant no longer holds."""
        ...

    def end(self) -> None:
        """Come to rest and check the whole; raises BrokenError."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that broke an invariant."""

    seed: int
    steps: tuple[int, ...]
    """The numbers of the steps that were played; the last one broke it, or the end did."""
    problem: str

    @property
    def recipe(self) -> str:
        """How to play it again."""
        return f"--seed {self.seed} --steps {','.join(map(str, self.steps))}"


def play(make: Callable[[int], World], seed: int, steps: Iterable[int]) -> Failure | None:
    """Play these steps of a seed; the failure, if any."""
    world, played = make(seed), []
    try:
        for number in steps:
            played.append(number)
            world.step(Random(seed * STRIDE + number))
        world.end()
    except BrokenError as broken:
        return Failure(seed, tuple(played), str(broken))
    finally:
        world.close()
    return None


def shrink(make: Callable[[int], World], failure: Failure, tries: int = 400) -> Failure:
    """The same kind of failure with fewer steps: leaves out halves, quarters, ... and single steps while it fails."""
    size = max(1, len(failure.steps) // 2)
    while size and tries > 0:
        smaller = None
        for start in range(0, len(failure.steps), size):
            kept = failure.steps[:start] + failure.steps[start + size :]
            tries -= 1
            smaller = play(make, failure.seed, kept)
            if smaller is not None or tries <= 0:
                break
        if smaller is not None:
            failure = smaller
            size = min(size, max(1, len(failure.steps) // 2))
        else:
            size //= 2
    return failure


def play_many(
    make: Callable[[int], World],
    seeds: Iterable[int],
    length: Callable[[int], int],
    stop: Callable[[], bool] = lambda: False,
) -> tuple[int, Sequence[Failure]]:
    """Play many seeds, each of its own length; how many were played, and those that failed."""
    played, failures = 0, []
    for seed in seeds:
        if stop():
            break
        failure = play(make, seed, range(length(seed)))
        played += 1
        if failure is not None:
            failures.append(failure)
    return played, failures
