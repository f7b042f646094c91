"""What a disk may hold after the power failed: everything forced to it, and any part of what was only asked of it.

Between two syncs the disk may drop, tear at 512 bytes, zero and reorder what was written, sector by sector, and may
or may not know new names. Bytes that no write touched are safe (SQLite calls this powersafe overwrite).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.faults.syscalls import FOLDER, FailedSync, Name, Resize, Said, Step, Sync, SyncFolder, Write

SECTOR = 512
SHARED_MEMORY = "-shm"
"""SQLite's index of the log lives in memory shared by processes: after a power cut it holds anything."""

MANNERS = ("lose_all", "keep_all", "cut", "torn_cut", "scattered", "torn", "zeroed", "reordered")
"""How one crash treats what was not synced, file by file."""


@dataclass(frozen=True, slots=True)
class State:
    """One disk after one crash."""

    step: int
    """How many steps the process had made."""
    said: bytes
    """What the process had acknowledged by then."""
    manner: str
    files: dict[str, bytes]


class Disk:
    """A disk to which steps happen, and which can crash at any time without harm to itself."""

    def __init__(self) -> None:
        self._solid: dict[int, bytearray] = {}
        self._loose: dict[int, list[tuple[int, Write | Resize]]] = {}
        self._doubtful: dict[int, list[Write]] = {}
        self._names: dict[str, int] = {}
        self._loose_names: dict[str, list[int | None]] = {}

    def do(self, index: int, step: Step) -> None:
        """Let one step happen."""
        match step:
            case Write(file) | Resize(file):
                self._loose.setdefault(file, []).append((index, step))
            case Sync(file, began):
                for change in self._covered(file, began):
                    _apply(self._solid.setdefault(file, bytearray()), change)
                    self._doubtful[file] = _uncovered(self._doubtful.get(file, []), change)
            case FailedSync(file, began):
                for change in self._covered(file, began):
                    if isinstance(change, Write):
                        self._doubtful[file] = [*_uncovered(self._doubtful.get(file, []), change), change]
                    else:
                        _apply(self._solid.setdefault(file, bytearray()), change)
            case SyncFolder(path):
                for name in [name for name in self._loose_names if name.rpartition("/")[0] == path]:
                    self._settle(name, self._loose_names.pop(name)[-1])
            case Name(path, file):
                self._loose_names.setdefault(path, []).append(file)
            case Said():
                pass

    def crash(self, rng: Random, manner: str) -> dict[str, bytes]:
        """The files that are found afterwards, by path."""
        names = dict(self._names)
        for name, past in self._loose_names.items():
            kept = {"lose_all": 0, "keep_all": len(past)}.get(manner, rng.randint(0, len(past)))
            if kept:
                _set(names, name, past[kept - 1])
        found: dict[str, bytes] = {}
        made = self._folders()
        for name, file in names.items():
            if file == FOLDER or not _reachable(name, names, made):
                continue
            if name.endswith(SHARED_MEMORY):
                if (leftover := _leftover(rng)) is not None:
                    found[name] = leftover
                continue
            found[name] = self._content(file, rng, manner)
        return found

    def _folders(self) -> set[str]:
        """Folders made during the recording; those older than it are safe."""
        made = {name for name, past in self._loose_names.items() if FOLDER in past}
        return made | {name for name, file in self._names.items() if file == FOLDER}

    def _covered(self, file: int, began: int) -> list[Write | Resize]:
        """What a sync that began then speaks of; it is loose no more."""
        loose = self._loose.pop(file, [])
        if late := [pair for pair in loose if pair[0] >= began]:
            self._loose[file] = late
        return [change for index, change in loose if index < began]

    def _content(self, file: int, rng: Random, manner: str) -> bytes:
        data = bytearray(self._solid.get(file, b""))
        for write in self._doubtful.get(file, []):
            if manner != "lose_all" and rng.random() < 0.5:
                _apply(data, write)
        loose = [change for _, change in self._loose.get(file, [])]
        for change in _survivors(loose, rng, manner):
            _apply(data, change)
        return bytes(data)

    def _settle(self, name: str, file: int | None) -> None:
        _set(self._names, name, file)


def crashes(steps: Sequence[Step], number: int, rng: Random) -> Iterator[State]:
    """So many crashes at random moments of a recording, in order of time, in every manner."""
    moments = sorted(rng.randint(0, len(steps)) for _ in range(number))
    disk, said, done = Disk(), bytearray(), 0
    for turn, moment in enumerate(moments):
        for index in range(done, moment):
            step = steps[index]
            disk.do(index, step)
            if isinstance(step, Said):
                said += step.text
        done = moment
        manner = MANNERS[turn % len(MANNERS)]
        yield State(moment, bytes(said), manner, disk.crash(rng, manner))


def without_syncs(steps: Sequence[Step], ending: str) -> Sequence[Step]:
    """The same recording of a process too lazy to sync the files with this ending: the bug a harness has to catch."""
    lazy = {step.file for step in steps if isinstance(step, Name) and step.path.endswith(ending)}
    return [step for step in steps if not (isinstance(step, Sync) and step.file in lazy)]


def lay_out(state: State, root: str, folder: Path) -> None:
    """Write a crashed disk into an empty folder, in place of the recorded root."""
    for name, data in state.files.items():
        path = folder / name.removeprefix(root).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _survivors(loose: list[Write | Resize], rng: Random, manner: str) -> Iterator[Write | Resize]:
    match manner:
        case "lose_all":
            return
        case "keep_all":
            yield from loose
        case "cut" | "torn_cut":
            kept = rng.randint(0, len(loose))
            yield from loose[:kept]
            if manner == "torn_cut" and kept < len(loose):
                yield from _torn(loose[kept], rng, zeroes=False)
        case "scattered":
            yield from (change for change in loose if rng.random() < 0.5)
        case "torn" | "zeroed":
            for change in loose:
                yield from _torn(change, rng, zeroes=manner == "zeroed")
        case _:
            shuffled = rng.sample(loose, len(loose))
            for change in shuffled:
                yield from _torn(change, rng, zeroes=rng.random() < 0.2)


def _torn(change: Write | Resize, rng: Random, *, zeroes: bool) -> Iterator[Write | Resize]:
    """Some sectors of a write; those that did not arrive are as before, or zero."""
    if isinstance(change, Resize):
        if rng.random() < 0.5:
            yield change
        return
    at, end = change.at, change.at + len(change.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        part = change.data[at - change.at : stop - change.at]
        if rng.random() < 0.5:
            yield Write(change.file, at, part)
        elif zeroes:
            yield Write(change.file, at, bytes(len(part)))
        at = stop


def _apply(data: bytearray, change: Write | Resize) -> None:
    size = change.size if isinstance(change, Resize) else change.at
    if isinstance(change, Resize):
        del data[size:]
    if len(data) < size:
        data.extend(bytes(size - len(data)))
    if isinstance(change, Write):
        data[change.at : change.at + len(change.data)] = change.data


def _uncovered(doubtful: list[Write], change: Write | Resize) -> list[Write]:
    """The parts of doubtful writes that a change has not put beyond doubt."""
    first = change.at if isinstance(change, Write) else change.size
    last = first + len(change.data) if isinstance(change, Write) else None
    left = []
    for write in doubtful:
        end = write.at + len(write.data)
        if write.at < first:
            left.append(Write(write.file, write.at, write.data[: first - write.at]))
        if last is not None and end > last:
            start = max(last, write.at)
            left.append(Write(write.file, start, write.data[start - write.at :]))
    return left


def _set(names: dict[str, int], name: str, file: int | None) -> None:
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def _reachable(name: str, names: dict[str, int], made: set[str]) -> bool:
    folder = name.rpartition("/")[0]
    while folder:
        if folder in made and folder not in names:
            return False
        folder = folder.rpartition("/")[0]
    return True


def _leftover(rng: Random) -> bytes | None:
    kind = rng.randrange(3)
    return None if kind == 0 else bytes(32_768) if kind == 1 else rng.randbytes(32_768)
