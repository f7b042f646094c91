"""Power cuts: the disk keeps what was synced, and any part of the rest; everything acknowledged must be there.

    python -m bench.faults.power [--states 100000] [--plant lazy_sync] [--save]

The story runs once per seed under strace, which records every write and sync of the real store. From the recording come
crash states (see `crashes`); the product's own code opens each and compares it with what was acknowledged.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from bench.faults import syscalls
from bench.faults.crashes import MANNERS, State, crashes, lay_out, without_syncs
from bench.faults.judge import judge, unended
from bench.faults.outcome import Outcome
from bench.faults.story import Story
from bench.faults.syscalls import TRUTH, Step
from bench.faults.tenant import Tenant, engines_kept
from bench.faults.truth import Teller, Told
from countenance.audit.export import export
from countenance.audit.folder import CHECKPOINT, LogFolder
from countenance.audit.log import Log
from countenance.audit.merkle import leaf_hash
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError, CountenanceError, StorageError
from countenance.control.opening import log_key
from countenance.storage import entries as rows
from countenance.storage.engine import Database, open_sqlite
from countenance.storage.keys import KeyFolder
from countenance.storage.store import Store

PLANTS = ("lazy_sync", "synchronous_off", "ack_before_commit")
"""Bugs that must be seen: syncs of the write-ahead log left out, syncing switched off, acks before the commit."""
SEEDS = 9
IN_FULL = 20
"""Of so many different disks, one is judged in full; of the others, store and log are opened and compared."""
SECONDS = 12
EXPORTS = 0.3
"""How often a second ends with an export."""
FILES, EXPORTED = "log", "exported"
ENOUGH_MISSES = 50


@dataclass(frozen=True, slots=True)
class Recording:
    """What one run of the story asked of the disk."""

    root: str
    steps: Sequence[Step]


@dataclass(slots=True)
class Tally:
    """What all crash states together came to."""

    states: int = 0
    distinct: int = 0
    judged: int = 0
    acked: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)


def recorded(folder: Path, seed: int, plant: str = "", faults: Sequence[str] = ()) -> Recording:
    """Run the story under strace; every second seed folds its write-ahead log back early, to meet that too."""
    root = folder / f"disk-{seed}"
    root.mkdir()
    own = ["--record", str(root), "--seed", str(seed), "--plant", plant]
    command = [sys.executable, "-m", "bench.faults.power", *own]
    steps = syscalls.record(command, root, folder / f"trace-{seed}", faults)
    if plant == "lazy_sync":
        steps = without_syncs(steps, "-wal")
    return Recording(str(root.resolve()), steps)


def check(recording: Recording, number: int, rng: Random, folder: Path, tally: Tally) -> None:
    """Open so many crash states of a recording, and judge each."""
    place = folder / "crashed"
    seen: set[bytes] = set()
    with engines_kept():
        for state in crashes(recording.steps, number, rng):
            tally.states += 1
            digest = _digest(state)
            if digest in seen:
                continue  # the very same disk with the very same promises
            seen.add(digest)
            tally.distinct += 1
            in_full = tally.distinct % IN_FULL == 1
            tally.judged += in_full
            found = _missed(state, recording, place, in_full=in_full)
            tally.misses += (f"step {state.step}, {state.manner}: {miss}" for miss in found)
            if len(tally.misses) > ENOUGH_MISSES:
                return
    tally.acked += sum(len(told(step.text).acked) for step in recording.steps if isinstance(step, syscalls.Said))


def told(text: bytes) -> Told:
    """What was acknowledged in this text."""
    heard = Told()
    heard.hear(text)
    return heard


def _missed(state: State, recording: Recording, place: Path, *, in_full: bool) -> Iterator[str]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    lay_out(state, recording.root, place)
    _owned(place)
    yield from _judged(place, told(state.said)) if in_full else _read(place, told(state.said))


def _read(place: Path, heard: Told) -> Iterator[str]:
    """Open store and log, which recovers them, and compare what was acknowledged."""
    keys = KeyFolder(place / "keys")
    try:
        with Store.open(place / "data") as store:
            log = Log.open(store, log_key(store, keys))
            with store.reading() as tx:
                leaves = rows.read(tx, 0, log.size)
    except CountenanceError as fault:
        yield f"unreadable: {fault.problem}"
        return
    for seq, digest in heard.acked.items():
        if seq >= len(leaves) or leaf_hash(leaves[seq]).hex() != digest:
            yield f"acknowledged entry {seq} is lost"


def _judged(place: Path, heard: Told) -> Iterator[str]:
    """Open the whole tenant, judge everything, and write on."""
    try:
        tenant = Tenant.open(place)
    except CountenanceError as fault:
        yield f"unreadable: {fault.problem}"
        return
    try:
        yield from judge(tenant, heard)
        yield from unended(tenant.log.entries())
        yield from _export_missed(tenant, heard, place / FILES)
        tenant.log.append("CONFIG", {"software": "0"})
    except CountenanceError as fault:
        yield f"unusable: {fault.problem}"
    finally:
        tenant.close()


def _export_missed(tenant: Tenant, heard: Told, files: Path) -> Iterator[str]:
    """The exported files are whole at every moment, and as new as was said."""
    promised = max((int(note.split(" ")[1]) for note in heard.notes if note.startswith(EXPORTED)), default=0)
    if not (files / CHECKPOINT).exists():
        if promised:
            yield f"the export of {promised} entries is gone"
        return
    report = verify(LogFolder(files), Policy.trusting(tenant.log.key.verifier))
    if report.point.size < promised:
        yield f"the export went back from {promised} to {report.point.size} entries"
    yield from (f"the exported files at entry {found.seq}: {found.problem}" for found in report.findings)


def _owned(place: Path) -> None:
    """The rights that the files had: crash states are made of bytes alone."""
    for path in place.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _digest(state: State) -> bytes:
    whole = hashlib.blake2b(state.said)
    for name, data in sorted(state.files.items()):
        whole.update(f"{name} {len(data)} ".encode())
        whole.update(data)
    return whole.digest()


def record_story(root: Path, seed: int, plant: str) -> None:
    """The process that is recorded: the story, told on the standard output, ended without a farewell."""
    pragmas = ["wal_autocheckpoint=40"] if seed % 2 else []
    pragmas += ["synchronous=OFF"] if plant == "synchronous_off" else []

    def opened(folder: Path) -> Database:
        database = open_sqlite(folder)
        for words in pragmas:
            event.listen(database.writer, "connect", _pragma(words))
        return database

    with patch("countenance.storage.engine.open_sqlite", opened):
        tenant = Tenant.open(root)
    teller, rng = Teller(TRUTH), Random(seed)
    story: Story | None = None
    for _ in range(SECONDS):
        try:
            story = story or Story(tenant, teller, rng, plant=plant)
            story.second()
            if rng.random() < EXPORTS:
                teller.note(f"{EXPORTED} {export(tenant.log, root / FILES)}")
        except (AuditError, StorageError) as fault:
            print(fault.diagnosis, file=sys.stderr)
    os._exit(0)


def _pragma(words: str) -> Callable[[Any, Any], None]:
    return lambda connection, _: connection.execute(f"PRAGMA {words}")


def main() -> None:
    """Cut the power and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="recordings; every third meets a failing sync")
    parser.add_argument("--plant", choices=["", *PLANTS], default="", help="run against a bug, which must be caught")
    parser.add_argument("--folder", type=Path, help="where the disks lie; a temporary folder otherwise")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.record:
        record_story(asked.record, asked.seed, asked.plant)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        tally = cut(Path(folder), asked.states, asked.seeds, asked.plant)
    figures = {
        "crash states": tally.states,
        "different disks among them": tally.distinct,
        "judged in full": tally.judged,
        "recordings": asked.seeds,
        "writes recorded": tally.steps["Write"],
        "syncs recorded": tally.steps["Sync"],
        "syncs made to fail": tally.steps["FailedSync"],
        "entries acknowledged": tally.acked,
        "states per manner": tally.states // len(MANNERS),
        "manners": " ".join(MANNERS),
        "seconds": round(time.perf_counter() - began, 1),
    }
    command = f"python -m bench.faults.power --states {asked.states} --seeds {asked.seeds}"
    sys.exit(Outcome("power", "R2", command, figures, tally.misses).conclude(save=asked.save))


def cut(folder: Path, states: int, seeds: int, plant: str = "") -> Tally:
    """Record the story under so many seeds, and open so many crash states of them."""
    tally = Tally()
    for seed in range(1, seeds + 1):
        faults = [f"fdatasync:error=EIO:when={50 + 3 * seed}"] if seed % 3 == 0 and not plant else []
        recording = recorded(folder, seed, plant, faults)
        tally.steps.update(type(step).__name__ for step in recording.steps)
        check(recording, states // seeds, Random(seed), folder, tally)
    return tally


if __name__ == "__main__":
    main()
