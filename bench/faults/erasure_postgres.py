"""R8 on a real PostgreSQL: what lies in the server's files before and after erasing, and whether any key opens it.

python -m bench.faults.erasure_postgres [--save]

The server keeps its files itself: old row versions until VACUUM FULL, its write-ahead log until the segments are
written over. Only sealed bytes ever lie there, so what counts is that no key is left that opens them.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.postgres_server import DATABASE, Server, binaries, running

from bench.faults.erasure import Peek, Trial
from bench.faults.erasure_attack import Haystack
from bench.faults.erasure_plant import Size, opened, plant
from bench.faults.outcome import Figure, Outcome
from bench.faults.people import House
from countenance.contracts.errors import VaultError
from countenance.storage.sealing import EpochKeys

SIZE = Size(erased=5, others=5, words=20, readings=12, backups=2)
TABLES = ("deks", "payloads", "names", "subjects", "calls", "consents", "asks", "outbox", "erasures", "leases")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print one line of figures, and return 1 on any miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args(arguments)
    if binaries() is None:
        print("erasure-postgres: PostgreSQL is not installed (initdb was not found)")
        return 0
    return harness().conclude(save=asked.save)


def harness(size: Size = SIZE) -> Outcome:
    """Plant, erase, vacuum, rotate; look into the server's files after each."""
    figures: dict[str, Figure] = {}
    misses: list[str] = []
    with running() as server, tempfile.TemporaryDirectory() as folder, House(Path(folder), place=server.url()) as house:
        planted = plant(house, size, seed=1)
        trial = Trial(planted, Peek(Path(folder)))
        trial.collect()
        boxes = [box for mine in trial.boxes.values() for box in mine]
        dump(server, Path(folder) / "before.sql")
        figures |= {"markers": len(planted.markers), "sealed rows of the erased": len(boxes)}
        figures |= look(server, boxes, "before")
        if openable(house, trial.wrapped) != len(trial.wrapped):
            misses.append("not all wrapped keys open beforehand: the search proves nothing")
        begun = time.perf_counter()
        for person in planted.people:
            house.eraser.erase(person, "request", "subject")
        figures["erasure s"] = round((time.perf_counter() - begun) / size.erased, 3)
        figures |= look(server, boxes, "after deleting")
        server.admin(*(f"VACUUM FULL {table}" for table in TABLES), "CHECKPOINT", database=DATABASE)
        figures |= look(server, boxes, "after VACUUM FULL")
        begun = time.perf_counter()
        house.eraser.finish(at_once=True)
        figures["rotation s"] = round(time.perf_counter() - begun, 3)
        hay = everything(server)
        hay.add((Path(folder) / "before.sql").read_bytes())
        found = {
            "markers found": len(hay.markers(planted.markers)),
            "salts and keys found": hay.secrets(trial.secrets),
            "wrapped keys of the erased that open": openable(house, trial.wrapped),
            "payloads of others that cannot be read": sum(
                opened(house, n).payload != p for n, p in planted.kept.items()
            ),
        }
    figures |= found
    misses += [f"{what}: {count}" for what, count in found.items() if count]
    if figures["tables after VACUUM FULL"]:
        misses.append(f"sealed rows in the tables after VACUUM FULL: {figures['tables after VACUUM FULL']}")
    return Outcome("erasure-postgres", "R8", "python -m bench.faults.erasure_postgres", figures, misses)


def look(server: Server, boxes: Sequence[bytes], when: str) -> dict[str, Figure]:
    """How many of these sealed rows lie in the tables and in the write-ahead log."""
    server.admin("CHECKPOINT")
    found: dict[str, Figure] = {}
    for what, part in (("tables", "base"), ("write-ahead log", "pg_wal")):
        hay = Haystack()
        hay.add_folder(server.folder / "data" / part)
        found[f"{what} {when}"] = hay.secrets(boxes)
    return found


def everything(server: Server) -> Haystack:
    """All bytes of the server."""
    server.admin("CHECKPOINT")
    hay = Haystack()
    hay.add_folder(server.folder / "data")
    return hay


def dump(server: Server, to: Path) -> None:
    """A backup as an operator takes it."""
    program = shutil.which("pg_dump") or str(binaries() or "") + "/pg_dump"
    words = [program, "-h", str(server.folder), "-U", "postgres", DATABASE]
    to.write_bytes(subprocess.run(words, check=True, capture_output=True).stdout)


def openable(house: House, wrapped: Mapping[str, bytes], epoch: int = 1) -> int:
    """How many of the wrapped keys of the erased open under any KEK that is left."""
    keys = [EpochKeys.of(epoch, house.keys.kek(one)) for one in house.keys.epochs()]
    return sum(_opens(one, ref, box) for one in keys for ref, box in wrapped.items())


def _opens(keys: EpochKeys, ref: str, box: bytes) -> bool:
    try:
        keys.unwrap(box, "local", ref)
    except VaultError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
