"""R12: how long proofs and whole verifications take; `python -m bench.audit.speed` prints one line of figures."""

import os
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from random import Random

from bench.audit.synthetic import KEY, Export, entries
from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosign
from countenance.audit.folder import LogFolder
from countenance.audit.merkle import check_inclusion, inclusion, tree_root
from countenance.audit.note import COSIGNATURE, SigningKey
from countenance.audit.proof import Proof
from countenance.audit.quorum import Policy
from countenance.audit.tiles import HEIGHT, WIDTH, Tile, TileHashes
from countenance.audit.verify import verify

TEN_MILLION = 10_000_000


def main(count: int = 1_000_000) -> None:
    """Measure and print."""
    wall, cpu, size = proofs(TEN_MILLION)
    quick_s, quick_cpu_s, leaf_bytes = whole(count, completeness=False)
    full_s, full_cpu_s, _ = whole(count, completeness=True)
    print(
        f"{len(wall)} inclusion proofs at {TEN_MILLION} entries out of tiles on disk: median {_ms(wall, 0.5)} ms, "
        f"p99 {_ms(wall, 0.99)} ms (CPU: median {_ms(cpu, 0.5)} ms, p99 {_ms(cpu, 0.99)} ms, worst {_ms(cpu, 1)} ms); "
        f"largest proof file {size} bytes with its entry and one cosignature; "
        f"verify of {count} entries of {leaf_bytes} bytes from disk in one process: {quick_s:.1f} s "
        f"({quick_cpu_s:.1f} s of CPU), with completeness {full_s:.1f} s ({full_cpu_s:.1f} s of CPU); "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def proofs(size: int, asks: int = 2_000) -> tuple[list[float], list[float], int]:
    """Proofs of random entries out of a synthetic tree: wall and CPU times in order, and the largest file."""
    with tempfile.TemporaryDirectory() as held:
        root = Path(held)
        lay_tiles(root, size)
        source = LogFolder(root)
        point = Checkpoint(KEY.name, size, tree_root(TileHashes(source.fetch, size), size))
        note = sign_checkpoint(point, KEY)
        note = note.joined([cosign(note.text, SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE), 1_790_000_000)])
        leaf = max(entries(200), key=len)
        random, wall, cpu, largest = Random(12), [], [], 0
        for _ in range(asks):
            index = random.randrange(size)
            began, spent = time.perf_counter(), time.thread_time()
            found = inclusion(TileHashes(source.fetch, size), index, size)
            wall.append(time.perf_counter() - began)
            cpu.append(time.thread_time() - spent)
            check_inclusion(_hash(0, index), index, size, found, point.root)
            largest = max(largest, len(Proof(index, found, note.data, leaf).data))
        return sorted(wall), sorted(cpu), largest


def lay_tiles(root: Path, size: int) -> None:
    """Tiles of made-up leaf hashes, and the true tiles above them."""
    row = b"".join(_hash(0, index) for index in range(size))
    level = 0
    while row:
        above = []
        for place in range(-(-len(row) // (WIDTH * 32))):
            data = row[place * WIDTH * 32 : (place + 1) * WIDTH * 32]
            tile = Tile(level, place, len(data) // 32)
            path = root / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if tile.width == WIDTH:
                above.append(_fold(data))
        row, level = b"".join(above), level + 1


def whole(count: int, *, completeness: bool) -> tuple[float, float, int]:
    """Wall and CPU time to verify a whole log, and the mean size of its entries."""
    with tempfile.TemporaryDirectory() as held:
        root = Path(held)
        leaves = entries(count)
        size = sum(map(len, leaves)) // count
        Export(leaves).write(root)
        del leaves
        began, cpu = time.perf_counter(), time.process_time()
        source = LogFolder(root)
        report = verify(source, Policy.trusting(source.key()), completeness=completeness)
        spent = (time.perf_counter() - began, time.process_time() - cpu)
    if report.entries != count or report.findings:
        raise SystemExit(f"the log did not verify: {report.findings[:3]}")
    return *spent, size


def _ms(times: list[float], share: float) -> str:
    return f"{times[min(int(len(times) * share), len(times) - 1)] * 1e3:.2f}"


def _hash(level: int, index: int) -> bytes:
    return sha256(b"%d/%d" % (level, index)).digest()


def _fold(row: bytes) -> bytes:
    for _ in range(HEIGHT):
        row = b"".join(sha256(b"\x01" + row[at : at + 64]).digest() for at in range(0, len(row), 64))
    return row


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
