"""A store with people in it, written the way the control plane writes: for harnesses and tests of erasing."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from countenance.audit.growth import fetch
from countenance.audit.leases import Leases
from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.audit.outcome import Outcome, Outgoing
from countenance.audit.permission import Request
from countenance.audit.tiles import Tile, encode_bundle, tiles_of
from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Consent, ConsentStatus, Duties, Effect, Layer, Ruling, Verdict
from countenance.control.erasure import Eraser
from countenance.storage import calls, consents
from countenance.storage.calls import CallRow, SubjectRow
from countenance.storage.clocks import micros
from countenance.storage.consents import AskRow, ConsentRow
from countenance.storage.entries import read
from countenance.storage.keys import KeyFolder
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store, Transaction
from countenance.storage.vault import Vault
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000
RULING = Ruling(
    Effect.ALLOW,
    Case(Purpose.SUPPORT_QA, Role.CUSTOMER, "text", "engagement", "individual", ("US-CA",), date(2026, 11, 22)),
    (Verdict("T1", Layer.LAW, Effect.ALLOW, "a reason", "Test Act 1"),),
    Duties(),
    "d" * 64,
)
TOPIC = "io.countenance.signal.sample.v1"


@dataclass(slots=True)
class Seated:
    """One person in one call, and how to read something of them."""

    call: "OpenCall"
    person: str
    participant: str
    subject_ref: str
    payloads: list[str] = field(default_factory=list)
    """Ids of what was sealed about the person here."""


@dataclass(slots=True)
class OpenCall:
    """A running call."""

    call_id: str
    call_ref: str
    leases: Leases
    second: int = 0


class House:
    """One tenant: store, keys, log, vault, eraser."""

    def __init__(
        self,
        folder: Path,
        *,
        place: Path | str | None = None,
        tenant: str = "local",
        points: Points = nowhere,
        random: Callable[[int], bytes] = os.urandom,
        vault: type[Vault] = Vault,
    ) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.store = Store.open(place or folder / "store", tenant, points)
        self.keys = KeyFolder(folder / "keys", random)
        self.vault = vault.open(self.keys, self.store, self.clock, random)
        self.log = Log.open(self.store, SigningKey("house.example/log", self.keys.log_seed()), self.clock, points)
        self.eraser = Eraser(self.log, self.vault, self.clock, points)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    def call(self, call_id: str, seats: Mapping[str, str]) -> list[Seated]:
        """Begin a call with these people (participant: person); each has answered and may be read."""
        call_ref, now = random_id(), micros(self.clock.utc())
        refs = {participant: random_id() for participant in seats}
        with self.store.transaction() as tx:
            calls.open_call(tx, CallRow(call_ref, "support_qa", now, self.vault.name(tx, "call", call_id)))
            rows = []
            for participant, person in seats.items():
                self.vault.enrol(tx, refs[participant])
                seat_tag = self.vault.name(tx, "seat", call_id, participant)
                tag = self.vault.name(tx, "person", person)
                rows.append(SubjectRow(refs[participant], call_ref, seat_tag, tag, "customer"))
            calls.add_subjects(tx, rows)
        opened = OpenCall(call_id, call_ref, Leases(self.log, self.vault, call_ref, refs))
        found = [Seated(opened, person, participant, refs[participant]) for participant, person in seats.items()]
        for seat in found:
            self._answer(seat)
        return found

    def read(self, seat: Seated, payload: bytes, event: bytes | None = None) -> str:
        """One second of one person: a lease, a result, perhaps an event; returns the payload_id."""
        start_us = seat.call.second * SECOND_US
        seat.call.second += 1
        consent = _consent(seat)
        request = Request(
            seat.participant, ("text",), start_us, start_us + SECOND_US, {"text": RULING}, {"text": consent}
        )
        lease = seat.call.leases.grant(request)
        events = () if event is None else (Outgoing(TOPIC, event),)
        name = seat.call.leases.result(Outcome(lease, {"text": 1}, payload, events)).payload_id
        seat.payloads.append(name)
        return name

    def opened(self, payload_id: str) -> bytes:
        """What was sealed."""
        with self.store.reading() as tx:
            return self.vault.open_sealed(tx, payload_id).payload

    def _answer(self, seat: Seated) -> None:
        seat.call.leases.ruled(seat.participant, RULING)
        entry = seat.call.leases.answered(_consent(seat))[0]
        now = micros(self.clock.utc())
        with self.store.transaction() as tx:
            tag = self.vault.tag(tx, "person", seat.person)
            sealed = self.vault.seal(tx, seat.subject_ref, f"consent of {seat.person}".encode(), "consent")
            row = ConsentRow(
                consent_id=random_id(), seq=entry.seq, subject_ref=seat.subject_ref, person_tag=tag, modality="text",
                purpose="support_qa", status="given", kind="explicit", version=1, at_utc_us=now,
                receipt_id=random_id(), sealed_id=sealed, leaf=b"{}", call_ref=seat.call.call_ref, at_us=0,
            )  # fmt: skip
            apart = random_id()
            self.vault.enrol(tx, apart)
            again = self.vault.seal(tx, apart, f"standing consent of {seat.person}".encode(), "consent")
            alone = replace(row, consent_id=random_id(), subject_ref=apart, call_ref=None, at_us=None, sealed_id=again)
            consents.add(tx, [row, alone])
            asked = AskRow(random_id(), tag, seat.subject_ref, "text", "support_qa", "s", "h", now)
            consents.add_asks(tx, [asked])


class Exported:
    """The log as it stood, the way a folder of tiles holds it: what a verifier or a restore reads."""

    def __init__(self, log: Log) -> None:
        self._note = log.checkpoint(at_once=True).data
        with log.store.reading() as tx:
            tiles = list(tiles_of(log.size))
            self._tiles = {tile: _bytes_of(tx, tile) for tile in tiles}

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        return self._note

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle."""
        return self._tiles[tile]

    def minimum(self) -> int:
        """Nothing is pruned."""
        return 0

    def files(self) -> list[bytes]:
        """All bytes of the export."""
        return [self._note, *self._tiles.values()]


def _bytes_of(tx: Transaction, tile: Tile) -> bytes:
    if tile.level is not None:
        return fetch(tx, tile)
    return encode_bundle(read(tx, tile.start, tile.start + tile.width))


def request_of(seat: Seated, second: int) -> Request:
    """What a lease for one second of a person is asked for."""
    span = (second * SECOND_US, (second + 1) * SECOND_US)
    return Request(seat.participant, ("text",), *span, {"text": RULING}, {"text": _consent(seat)})


def _consent(seat: Seated) -> Consent:
    return Consent(seat.participant, "text", Purpose.SUPPORT_QA, ConsentStatus.GIVEN, 0, "r-0")
