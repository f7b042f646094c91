"""What the erasure harness plants: markers of people who will be erased, labels that could be guessed, backups."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.people import Exported, House, Seated
from countenance.storage.engine import FILE
from countenance.storage.sealing import Record

LABELS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
MARK = b"mrkqz7"
"""Begins every marker; nothing else has these letters."""
CALLS = 4
NAMES = 5
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is planted."""

    erased: int = 10
    others: int = 15
    words: int = 90
    """Words of each erased person's transcript, each a marker of its own."""
    readings: int = 20
    """Bare labels of each person."""
    backups: int = 50

    @property
    def markers(self) -> int:
        """Ids, names and words of those who will be erased."""
        return self.erased * (1 + CALLS + NAMES + self.words)


SHORT = Size(erased=2, others=2, words=6, readings=7, backups=6)


@dataclass(slots=True)
class Planted:
    """What is to be found before, and not after."""

    house: House
    size: Size
    rng: random.Random
    markers: set[bytes] = field(default_factory=set)
    people: list[str] = field(default_factory=list)
    """Those who will be erased."""
    own: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the payloads of those who will be erased."""
    kept: dict[str, bytes] = field(default_factory=dict)
    """Payloads of the others, by id."""
    labels: dict[str, str] = field(default_factory=dict)
    """Commitment to a bare label of someone who will be erased, and the label."""
    backups: list[Path] = field(default_factory=list)
    keys_in_backups: bool = False
    """A planted failure: the keys folder is in the backup set."""

    def marker(self) -> str:
        """A word that stands nowhere else."""
        word = MARK.decode() + f"{self.rng.getrandbits(64):016x}"
        self.markers.add(word.encode())
        return word


def plant(house: House, size: Size, seed: int, *, keys_in_backups: bool = False) -> Planted:
    """Fill a house with calls, and back it up at random moments."""
    planted = Planted(house, size, random.Random(seed), keys_in_backups=keys_in_backups)
    planted.people = [planted.marker() for _ in range(size.erased)]
    people = planted.people + [f"other-{n}" for n in range(size.others)]
    work = [task for number in range(CALLS) for task in _call(planted, people, number)]
    planted.rng.shuffle(work)
    # A few are taken while people are being erased, see `back_up`.
    when = sorted(planted.rng.randrange(len(work)) for _ in range(size.backups - size.erased // 2))
    for step, (seat, payload, event) in enumerate(work):
        for _ in range(when.count(step)):
            back_up(planted)
        _read(planted, seat, payload, event)
        house.clock.pass_us(SECOND_US // 10)
    return planted


def back_up(planted: Planted) -> None:
    """One backup of the data folder: by the product's own command, or as any tool copies files that are in use."""
    house, number = planted.house, len(planted.backups)
    folder = house.folder / "backups" / f"{number:03}"
    folder.mkdir(parents=True)
    if number % 2:
        house.store.copy(folder / FILE)
    else:
        for path in (house.folder / "store").iterdir():
            shutil.copy(path, folder / path.name)
    if number % 10 == 0:
        (folder / "export").write_bytes(b"".join(Exported(house.log).files()))
    if planted.keys_in_backups:
        shutil.copytree(house.keys.folder, folder / "keys")
    planted.backups.append(folder)


def _call(planted: Planted, people: list[str], number: int) -> Iterator[tuple[Seated, bytes, bytes | None]]:
    erased = set(planted.people)
    names = {planted.marker() if person in erased else f"{person}-in-{number}": person for person in people}
    for seat in planted.house.call(f"call-{number}", names):
        size = planted.size
        for _ in range(size.readings // CALLS + (number < size.readings % CALLS)):
            yield seat, label_payload(planted.rng.choice(LABELS)), None
        words = [*_share(size.words, number), *_share(NAMES, number)] if seat.person in erased else [None]
        for _ in words:
            said = planted.marker() if seat.person in erased else "good morning"
            yield seat, json.dumps({"words": said}).encode(), json.dumps({"event": said}).encode()


def _share(total: int, number: int) -> range:
    return range(total // CALLS + (number < total % CALLS))


def label_payload(label: str) -> bytes:
    """The smallest reading there could be: one of seven."""
    return json.dumps({"label": label}).encode()


def _read(planted: Planted, seat: Seated, payload: bytes, event: bytes | None) -> None:
    house = planted.house
    name = house.read(seat, payload, event)
    if seat.person not in planted.people:
        planted.kept[name] = payload
        return
    planted.own.setdefault(seat.person, []).append(name)
    if event is None:
        record = opened(house, name)
        planted.labels[record.commitment] = json.loads(payload)["label"]


def opened(house: House, name: str) -> Record:
    """A sealed record, salt included."""
    with house.store.reading() as tx:
        return house.vault.open_sealed(tx, name)
