"""A million cases that are nearly right, or hostile, for everything that reads what somebody else wrote.

    python -m bench.fuzz.run [--cases 1000000] [--seed 1] [--only NAME] [--save]

Each parser of `bench/fuzz/parsers.py` gets its share, in a process that may hold 512 MiB more than when it began. It
must read the case or refuse it with a `CountenanceError`, within 5 seconds. Any other end is a miss, and the case is
printed as the seed and number that make it again. Prints one line of figures; exits 1 on any miss.
"""

import argparse
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from bench.faults.outcome import Outcome
from bench.fuzz.parsers import DEEP, Parser, parsers
from countenance.contracts.errors import CountenanceError
from countenance.testing.malformed import mangled, mangled_bytes

RESULTS = Path(__file__).parent / "results"
LONGEST_S = 5
MOST_MIB = 512


@dataclass(slots=True)
class Found:
    """What became of the cases of one parser."""

    name: str
    read: int = 0
    refused: int = 0
    slowest_ms: float = 0.0
    peak_mib: int = 0
    misses: list[str] = field(default_factory=list)


class HungError(Exception):
    """A case took too long."""


def cases(parser: Parser, many: int, seed: int) -> Iterator[bytes]:
    """The same for the same seed: what is given to all, then mutations of the parser's own samples."""
    yield from DEEP
    random = Random(f"{seed} {parser.name}")
    for _ in range(many - len(DEEP)):
        sample = random.choice(parser.samples)
        if random.random() < 0.5:
            yield mangled_bytes(sample, random)
        else:
            yield mangled(sample.decode("latin-1"), random).encode("latin-1")


def run(parser: Parser, many: int, seed: int) -> Found:
    """Give one parser its cases."""
    found = Found(parser.name)
    signal.signal(signal.SIGALRM, _hung)
    began_kib = _peak_kib()
    for number, case in enumerate(cases(parser, many, seed)):
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
        try:
            parser.take(case)
            found.read += 1
        except CountenanceError:
            found.refused += 1
        except (Exception, HungError) as fault:  # noqa: BLE001 - any other end is what is looked for
            found.misses.append(f"{parser.name}, case {number} of seed {seed}: {type(fault).__name__}: {fault!s:.120}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        found.slowest_ms = max(found.slowest_ms, (time.perf_counter() - started) * 1000)
    found.peak_mib = (_peak_kib() - began_kib) // 1024
    if found.peak_mib > MOST_MIB:
        found.misses.append(f"{parser.name}: {found.peak_mib} MiB, of {MOST_MIB} that it may take")
    return found


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise HungError(f"longer than {LONGEST_S} s")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _work(job: tuple[str, int, int]) -> Found:
    """In a process of its own, so that one that dies takes nothing with it."""
    name, many, seed = job
    with tempfile.TemporaryDirectory() as folder:
        return run(next(one for one in parsers(Path(folder)) if one.name == name), many, seed)


def outcome(found: Sequence[Found], seed: int) -> Outcome:
    """The figures of all."""
    figures = {
        "parsers": len(found),
        "cases": sum(one.read + one.refused + len(one.misses) for one in found),
        "read": sum(one.read for one in found),
        "refused": sum(one.refused for one in found),
        "slowest ms": round(max(one.slowest_ms for one in found), 1),
        "most memory, MiB": max(one.peak_mib for one in found),
    }
    misses = [miss for one in found for miss in one.misses]
    return Outcome("parsers", "R13", f"python -m bench.fuzz.run --seed {seed}", figures, misses)


def main() -> None:
    """Give every parser its share, and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one parser, by its name")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = [one.name for one in parsers(Path(folder)) if asked.only in (None, one.name)]
    share = -(-asked.cases // len(names))
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        found = list(pool.imap(_work, [(name, share, asked.seed) for name in names], chunksize=1))
    for one in found:
        print(
            f"{one.name}: read {one.read}, refused {one.refused}, slowest {one.slowest_ms:.1f} ms, {one.peak_mib} MiB"
        )
    sys.exit(outcome(found, asked.seed).conclude(save=asked.save))


if __name__ == "__main__":
    main()
