"""How long a tenant with a long log takes to be ready after kill -9: the opening by the product's own code.

python -m bench.faults.recovery [--entries 1000000] [--kills 5] [--save]
"""

import argparse
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random

from bench.faults.judge import unended
from bench.faults.lives import KillAt, live
from bench.faults.outcome import Outcome
from bench.faults.story import Story
from bench.faults.tenant import Tenant
from bench.faults.truth import Teller

BATCH = 5_000
MOST_S = 2.0


def main() -> None:
    """Fill a log, kill its writer, time the opening, and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(Tenant.open(folder)) as tenant:
            for _ in range(asked.entries // BATCH):
                tenant.log.append_all([("CONFIG", {"software": "0"})] * BATCH)
        opened = [killed_and_opened(folder, turn + 1) for turn in range(asked.kills)]
        with closing(Tenant.open(folder)) as tenant:
            size = tenant.log.size
            misses = list(unended(tenant.log.entries(asked.entries)))
    misses += [f"the opening took {took:.1f} s" for took in opened if took > MOST_S]
    figures = {
        "entries": size,
        "kills": len(opened),
        "slowest opening ms": round(max(opened) * 1000, 1),
        "fastest opening ms": round(min(opened) * 1000, 1),
    }
    command = f"python -m bench.faults.recovery --entries {asked.entries}"
    sys.exit(Outcome("recovery", "R1", command, figures, misses).conclude(save=asked.save))


def killed_and_opened(folder: Path, turn: int) -> float:
    """Seconds that the opening took after a writer died with leases open."""

    def work(teller: Teller) -> None:
        story = Story(Tenant.open(folder, points=KillAt("lease.granted", turn)), teller, Random(turn))
        while True:
            story.second()

    live(work, None)
    began = time.perf_counter()
    Tenant.open(folder).close()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
