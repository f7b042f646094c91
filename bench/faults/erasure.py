"""R8: erase people from a store with 50 backups, then search every byte for them with every key that is left.

python -m bench.faults.erasure                    # 1,000 markers, 50 backups
python -m bench.faults.erasure --short            # seconds; what CI runs
python -m bench.faults.erasure --mutants          # planted failures, each of which must be caught
python -m bench.faults.erasure --mutant kek-in-backup
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.erasure_attack import Haystack, columns, derived, guess, readable, told_by_length
from bench.faults.erasure_mutants import MUTANTS, Mutant, none
from bench.faults.erasure_plant import SHORT, Planted, Size, back_up, opened, plant
from bench.faults.outcome import Outcome
from bench.faults.people import Exported, House
from bench.faults.receiver import listen, take
from countenance.audit.deletion import verify_deletion
from countenance.audit.merkle import check_consistency, check_inclusion
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import CountenanceError
from countenance.control import backups
from countenance.storage.engine import FILE
from countenance.storage.keys import KeyFolder
from countenance.storage.store import Store
from countenance.storage.tables import deks, payloads, subjects

ONLINE_S, FORCED_S = 5.0, 300.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print one line of figures, and return 1 on any miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutant", choices=sorted(MUTANTS))
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.mutants:
        return against_mutants(asked.seed).conclude(save=asked.save)
    mutant = MUTANTS.get(asked.mutant or "", none())
    size = SHORT if asked.short or asked.mutant else Size()
    return harness(size, asked.seed, mutant).conclude(save=asked.save)


def against_mutants(seed: int) -> Outcome:
    """Every planted failure in turn: the harness must find each, and nothing where none is planted."""
    caught = {name: len(harness(SHORT, seed, mutant).misses) for name, mutant in MUTANTS.items()}
    misses = [f"the planted failure `{name}` was not caught" for name, found in caught.items() if not found]
    misses += [f"nothing was planted, yet: {miss}" for miss in harness(SHORT, seed).misses]
    figures = {"planted": len(MUTANTS), "caught": sum(found > 0 for found in caught.values()), **caught}
    return Outcome("erasure-mutants", "R8", "python -m bench.faults.erasure --mutants", figures, misses)


def harness(size: Size, seed: int, mutant: Mutant | None = None) -> Outcome:
    """Plant, erase, search."""
    mutant = mutant or none()
    with tempfile.TemporaryDirectory() as folder, mutant.planted():
        peek = Peek(Path(folder) / "store")
        with House(Path(folder), vault=mutant.vault, points=peek) as house:
            planted = plant(house, size, seed, keys_in_backups=mutant.keys_in_backups)
            trial = Trial(planted, peek)
            trial.before()
            trial.erase()
            trial.rotate()
            trial.history()
            trial.others()
        trial.after()
    command = "python -m bench.faults.erasure"
    return Outcome("erasure", "R8", command, trial.figures, trial.misses)


@dataclass(slots=True)
class Peek:
    """Looks into the database file between deleting and scrubbing: what is deleted is overwritten at once."""

    store: Path
    boxes: list[bytes] = field(default_factory=list)
    left: int = 0

    def __call__(self, name: str) -> None:
        if name == "erasure.deleted":
            # A copy, for writing the changes back is what scrubbing does and must do itself.
            copy = Path(shutil.copytree(self.store, self.store.with_name("peeked")))
            connection = sqlite3.connect(copy / FILE)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            hay = Haystack()
            hay.add_folder(copy)
            self.left += hay.secrets(self.boxes)
            shutil.rmtree(copy)


@dataclass(slots=True)
class Trial:
    """One run, with all it finds."""

    planted: Planted
    peek: Peek
    figures: dict[str, int | float | str] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)
    _proofs: list[tuple[int, str, tuple[bytes, ...]]] = field(default_factory=list)
    _size: int = 0
    _root: bytes = b""
    secrets: list[bytes] = field(default_factory=list)
    """Salts, keys and the KEK of those who will be erased."""
    wrapped: dict[str, bytes] = field(default_factory=dict)
    """Their wrapped keys, by subject_ref."""
    boxes: dict[str, list[bytes]] = field(default_factory=dict)
    """Their sealed and wrapped bytes, tags and references."""
    _receipts: list[bytes] = field(default_factory=list)
    _export: Exported | None = None
    """The log as it was exported last; kept apart from the store, as an operator should."""

    @property
    def _house(self) -> House:
        return self.planted.house

    def before(self) -> None:
        """All that is to vanish must be there first, or not finding it later would mean nothing."""
        house, planted = self._house, self.planted
        self.collect()
        found = self._attack([house.keys.kek(1)], live=True)
        self._expect("markers found beforehand", len(found[0]), len(planted.markers))
        salts = {opened(house, name).salt for names in planted.own.values() for name in names}
        guessed, _ = guess(planted.labels, salts)
        self._expect("labels guessed beforehand with their salts", len(guessed), len(planted.labels))
        self._size, self._root = house.log.size, house.log.root
        self._proofs = [(e.seq, e.hash, house.log.inclusion(e.seq)) for e in house.log.entries()]

    def erase(self) -> None:
        """Erase everyone who is to go, with a backup now and then, and look into the live files at once."""
        house, slowest = self._house, 0.0
        for number, person in enumerate(self.planted.people):
            if number % 2:
                back_up(self.planted)
            self.peek.boxes = self.boxes[person]
            begun = time.perf_counter()
            self._receipts.append(house.eraser.erase(person, "request", "subject"))
            slowest = max(slowest, time.perf_counter() - begun)
        self.figures["slowest erasure online s"] = round(slowest, 3)
        self._none("erasures slower than 5 s", slowest > ONLINE_S)
        live = Haystack()
        live.add_folder(house.folder / "store")
        boxes = [box for mine in self.boxes.values() for box in mine]
        self.figures["deleted rows looked for"] = len(boxes)
        self._none("deleted rows in the database file before it is scrubbed", self.peek.left)
        self._none("deleted rows in the live files before the rotation", live.secrets(boxes))
        self._deliver()

    def rotate(self) -> None:
        """Force the rotation: what was left in backups loses its key."""
        house = self._house
        self._export = Exported(house.log)
        self._restore(0, "before the rotation")
        begun = time.perf_counter()
        house.eraser.finish(at_once=True)
        took = time.perf_counter() - begun
        self.figures["forced rotation s"] = round(took, 3)
        self._none("rotations slower than 5 min", took > FORCED_S)
        self._none("old KEKs that still exist", house.keys.epochs().count(1))

    def history(self) -> None:
        """Every proof made before still holds, the log is consistent, and every receipt holds offline."""
        house = self._house
        bad = 0
        for seq, leaf, proof in self._proofs:
            try:
                check_inclusion(bytes.fromhex(leaf), seq, self._size, proof, self._root)
            except CountenanceError:
                bad += 1
        log, self._export = house.log, Exported(house.log)
        check_consistency(self._size, log.size, self._root, log.root, log.consistency(self._size))
        self.figures["proofs checked again"] = len(self._proofs)
        self._none("old proofs that fail", bad)
        found = verify(self._export, Policy.trusting(log.key.verifier))
        self._none("findings in the log", len(found.findings))
        for receipt in self._receipts:
            verify_deletion(receipt, Policy.trusting(log.key.verifier))
        self.figures["receipts verified"] = len(self._receipts)

    def others(self) -> None:
        """What was read of everyone else is whole."""
        unread = 0
        for name, payload in self.planted.kept.items():
            try:
                unread += opened(self._house, name).payload != payload
            except CountenanceError:
                unread += 1
        self.figures["payloads of others read"] = len(self.planted.kept)
        self._none("payloads of others that cannot be read", unread)

    def after(self) -> None:
        """Search all bytes of everything, with every key there is; restore every backup and search that too."""
        house, planted = self._house, self.planted
        left = [house.keys.kek(epoch) for epoch in house.keys.epochs()]
        left += [path.read_bytes() for folder in planted.backups for path in folder.glob("keys/kek-*")]
        found, guessed, tried, hay = self._attack(left, live=True)
        self.figures |= {"markers": len(planted.markers), "backups": len(planted.backups), "files": hay.files}
        self.figures |= {"MB searched": round(hay.size / 1e6), "guesses": tried, "commitments": len(planted.labels)}
        self._none("markers found", len(found))
        self._none("labels guessed", len(guessed))
        self._none("labels told by length", len(told_by_length()))
        self._none("salts and keys found", hay.secrets(self.secrets))
        self._none("plain hashes of ids found", hay.secrets(derived(m.decode() for m in planted.markers)))
        for number in range(len(planted.backups)):
            self._restore(number, "after the rotation")

    def _attack(self, keks: Sequence[bytes], *, live: bool) -> tuple[set[bytes], set[str], int, Haystack]:
        house, planted = self._house, self.planted
        hay, salts = Haystack(), {b"", bytes(32), *keks}
        source = house.folder / "store"
        for folder in [*planted.backups, *([source] if live else [])]:
            hay.add_folder(folder)
            copy = Path(shutil.copytree(folder, house.folder / "opened", ignore=shutil.ignore_patterns("keys")))
            for plain in readable(copy, keks):
                hay.add(plain)
                salts.add(plain[:32])
            salts |= columns(copy)
            shutil.rmtree(copy)
        for receipt in self._receipts:
            hay.add(receipt)
        if self._receipts:
            hay.add_folder(house.folder / "keys")
        guessed, tried = guess(planted.labels, salts | hay.candidates())
        return hay.markers(planted.markers), guessed, tried, hay

    def _restore(self, number: int, when: str) -> None:
        """Put a backup back as an operator would, and look into it."""
        house, planted = self._house, self.planted
        keys = Path(shutil.copytree(house.folder / "keys", house.folder / "restored-keys"))
        copy = house.folder / "restored"
        shutil.copytree(planted.backups[number], copy, ignore=shutil.ignore_patterns("keys", "export"))
        folder = KeyFolder(keys)
        with Store.open(copy) as store:
            assert self._export is not None
            backups.restore(store, folder, house.log.key.verifier, self._export, house.clock)
        hay = Haystack()
        hay.add_folder(copy)
        for plain in readable(copy, [folder.kek(epoch) for epoch in folder.epochs()]):
            hay.add(plain)
        self._none(f"markers in backup {number} restored {when}", len(hay.markers(planted.markers)))
        for path in (copy, keys):
            shutil.rmtree(path)

    def collect(self) -> None:
        """Note what must not be found later."""
        house = self._house
        self.secrets.append(house.keys.kek(1))
        with house.store.reading() as tx:
            for person in self.planted.people:
                tag = house.vault.tag(tx, "person", person)
                mine = self.boxes[person] = [tag.encode()]
                refs = {row.subject_ref for row in tx.rows(tx.select(subjects).where(subjects.c.person_tag == tag))}
                for row in tx.rows(tx.select(deks).where(deks.c.subject_ref.in_(refs))):
                    mine.append(row.wrapped)
                    self.wrapped[row.subject_ref] = row.wrapped
                    self.secrets.append(house.vault.dek(tx, row.subject_ref))
                for row in tx.rows(tx.select(payloads).where(payloads.c.subject_ref.in_(refs))):
                    mine.append(row.sealed)
                    self.secrets.append(house.vault.open_sealed(tx, row.payload_id).salt)

    def _deliver(self) -> None:
        """The receivers take what waits, tombstones included, and answer."""
        house = self._house
        delivery = listen(house.log, house.vault, house.clock)
        while delivery.run(take):
            pass
        house.eraser.finish()

    def _expect(self, what: str, found: int, wanted: int) -> None:
        if found != wanted:
            self.misses.append(f"{what}: {found} of {wanted}")

    def _none(self, what: str, found: int) -> None:
        if not what.startswith("markers in backup"):
            self.figures[what] = int(found)
        if found:
            self.misses.append(f"{what}: {found}")


if __name__ == "__main__":
    sys.exit(main())
