"""What a durable entry costs: `python -m bench.store [--postgres URL] [--entries N]`; one line of figures per engine.

Latency is taken at 200 entries a second offered by sixteen threads, from the time each was due. The ratio is that of
one entry in the log to one row of the same bytes in a bare SQLite with the same settings, both durable one by one, in
turns in the same run; what both are given is made before. Measure on a disk: where nothing waits for one, as in a
folder in memory, the ratio says nothing. Without a URL a PostgreSQL is started where one is installed.
"""

import argparse
import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.postgres_server import binaries, running

from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.storage import leases
from countenance.storage.engine import PRAGMAS
from countenance.storage.leases import LeaseRow
from countenance.storage.store import Store

KEY = SigningKey("bench.example/log", bytes(32))
CALL = "c" * 32
A_SECOND = 200
"""Entries a second: 100 people, a lease and a result each."""
OFFERS, TURNS, ROUND = 1_000, 40, 100
THREADS, GROUP, BATCH = 32, 50, 1_000

Act = Callable[[int], object]


def body(number: int) -> Mapping[str, object]:
    """A lease like those of a call."""
    subject = f"{number % 100:032x}"
    return {
        "call_ref": CALL,
        "subject_ref": subject,
        "lease": f"{subject}/{number}",
        "start_us": number * 1_000_000,
        "end_us": (number + 1) * 1_000_000,
        "modalities": ["face", "text", "voice"],
        "policy_digest": "d" * 64,
        "model_digests": ["e" * 64],
        "consent_index": {"face": 3, "text": 4, "voice": 5},
        "limit": 100,
        "valid_us": 1_000_000,
    }


def main() -> None:
    """Measure SQLite, and PostgreSQL where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="URL of a prepared PostgreSQL store")
    parser.add_argument("--folder", type=Path, help="where the stores are made: a place on the disk to be measured")
    parser.add_argument("--entries", type=int, default=1_000_000, help="size of the log that is opened again")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="countenance-bench-", dir=wanted.folder) as name:
        folder = Path(name)
        with plain(folder / "bare.sqlite") as insert:
            report("SQLite", measured(folder / "store", wanted.entries, insert))
        if wanted.postgres:
            report("PostgreSQL", measured(wanted.postgres, wanted.entries))
        elif binaries() is not None:
            with running() as server:
                report("PostgreSQL", measured(server.url(), wanted.entries))


def report(engine: str, figures: list[str]) -> None:
    """One line of figures."""
    machine = f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print("; ".join([f"{engine}: {figures[0]}", *figures[1:], machine]), flush=True)


def measured(place: Path | str, size: int, bare: Act | None = None) -> list[str]:
    """All figures of one engine; with a bare insert to compare, those of that too."""
    tenant = f"bench-{os.getpid()}"
    with Store.open(place, tenant) as store:
        log = Log.open(store, KEY)
        figures = [f"append at {A_SECOND}/s {percentiles(offered(lambda n: log.append('LEASE', body(n))))}"]
        if bare is not None:
            figures += [f"a bare insert of the same bytes {percentiles(offered(bare))}", compared(log, bare)]
        alone = rate_of(lambda n: log.append("LEASE", body(n)), 1)
        grouped = rate_of(lambda n: log.append_all([("LEASE", body(n))] * GROUP), GROUP)
        shared = shared_rate(log)
        figures.append(
            f"durable entries/s {alone:.0f} one by one, {shared:.0f} from {THREADS} threads, "
            f"{grouped:.0f} in groups of {GROUP}"
        )
        fill(log, size)
    figures.append(f"opening {size} entries with 100 open leases {recovery(place, tenant):.2f} s")
    return figures


def percentiles(late: list[float]) -> str:
    """Median and 99th percentile."""
    return f"p50 {late[len(late) // 2] * 1e3:.1f} ms, p99 {late[int(len(late) * 0.99)] * 1e3:.1f} ms"


def offered(act: Act) -> list[float]:
    """Latencies at a fixed rate, from the moment each entry was due."""
    late: list[float] = []
    threads, began = 16, time.perf_counter() + 0.1

    def offer(first: int) -> None:
        for number in range(first, OFFERS, threads):
            due = began + number / A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            act(number)
            late.append(time.perf_counter() - due)

    run_all([partial(offer, first) for first in range(threads)])
    return sorted(late)


def compared(log: Log, bare: Act) -> str:
    """One entry in the log against one row in a bare table, in turns: wall time, time of the processor, bytes."""
    bodies = [body(number) for number in range(ROUND)]
    ours, plainly = [], []
    for _ in range(TURNS):
        ours.append(timed(lambda n: log.append("LEASE", bodies[n])))
        plainly.append(timed(bare))
    ratio = statistics.median(one[0] / other[0] for one, other in zip(ours, plainly, strict=True))
    (wall, cpu, kib), (bare_wall, bare_cpu, bare_kib) = map(_each, (ours, plainly))
    return (
        f"{ratio:.2f} times a bare insert ({wall:.0f} us for {bare_wall:.0f}), "
        f"{cpu:.0f} us of processor for {bare_cpu:.0f}, {kib:.1f} KiB written for {bare_kib:.1f}"
    )


def _each(rounds: Sequence[tuple[float, float, int]]) -> tuple[float, float, float]:
    """What one took in the middle round: microseconds, those of the processor, KiB."""
    wall, cpu, handed = (statistics.median(column) / ROUND for column in zip(*rounds, strict=True))
    return wall * 1e6, cpu * 1e6, handed / 1024


def timed(act: Act) -> tuple[float, float, int]:
    """Wall and processor seconds of one round, and the bytes it hands to the system."""
    wall, cpu, handed = time.perf_counter(), time.process_time(), written()
    for number in range(ROUND):
        act(number)
    return time.perf_counter() - wall, time.process_time() - cpu, written() - handed


def written() -> int:
    """Bytes that this process has written so far, as Linux counts them; 0 elsewhere."""
    counts = Path("/proc/self/io")
    return int(counts.read_text(encoding="ascii").split()[3]) if counts.exists() else 0


def rate_of(act: Act, entries: int) -> float:
    """Entries a second, over one round."""
    return ROUND * entries / timed(act)[0]


@contextmanager
def plain(path: Path) -> Iterator[Act]:
    """One durable insert into a table of its own, with the settings of the store and the bytes of a leaf."""
    leaf = leaf_of(0, "LEASE", Stamp("2026-11-22T09:00:00.000000Z", 10**12, "b" * 36), "bench-12345", body(500))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
    one = threading.Lock()

    def insert(_: int) -> None:
        with one:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO entries (leaf) VALUES (?)", (leaf,))
            connection.execute("COMMIT")

    yield insert
    connection.close()


def shared_rate(log: Log) -> float:
    """Entries a second when many threads append one at a time."""

    def append() -> None:
        for number in range(ROUND):
            log.append("LEASE", body(number))

    began = time.perf_counter()
    run_all([append] * THREADS)
    return THREADS * ROUND / (time.perf_counter() - began)


def run_all(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fill(log: Log, size: int) -> None:
    """Bring the log to its size; the last hundred leases stay open, as after a crash."""
    while log.size < size - 100:
        log.append_all([("LEASE", body(n)) for n in range(min(BATCH, size - 100 - log.size))])
    log.append_all(
        [("LEASE", body(n)) for n in range(100)],
        lambda tx, made: leases.put(tx, [LeaseRow(str(e.body["lease"]), CALL, "s", e.seq) for e in made]),
    )
    log.checkpoint(at_once=True)


def recovery(place: Path | str, tenant: str) -> float:
    """Seconds from nothing open to a log that takes entries, recoveries written."""
    began = time.perf_counter()
    with Store.open(place, tenant) as store:
        Log.open(store, KEY).append("CONFIG", {})
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
