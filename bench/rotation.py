"""How long a rotation of the keys takes: `python -m bench.rotation [subjects]`."""

import sys
import tempfile
import time
from pathlib import Path

from bench.faults.people import House
from countenance.storage.rotation import rotate

SUBJECTS = 100_000
SOME = 5_000


def main() -> None:
    """Fill a store with subjects, each with a key and a name, and rotate it; print one line of figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SUBJECTS
    with tempfile.TemporaryDirectory() as folder, House(Path(folder)) as house:
        for start in range(0, count, SOME):
            with house.store.transaction() as tx:
                for number in range(start, min(start + SOME, count)):
                    house.vault.enrol(tx, f"{number:032x}")
                    house.vault.name(tx, "person", str(number))
        begun = time.perf_counter()
        done = rotate(house.vault)
        took = time.perf_counter() - begun
    print(f"rotation: keys {done.keys}, tags {done.tags}, {took:.2f} s, {done.keys / took:.0f} subjects a second")


if __name__ == "__main__":
    main()
