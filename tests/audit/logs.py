"""Logs, leases and people as the tests of the guards need them."""

from collections.abc import Callable
from pathlib import Path

from countenance.audit.leases import Leases
from countenance.audit.log import Log
from countenance.audit.note import SigningKey
from countenance.audit.outcome import USUAL, Terms
from countenance.contracts.clock import Clock
from countenance.storage import calls
from countenance.storage.calls import CallRow, SubjectRow
from countenance.storage.keys import KeyFolder
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Store
from countenance.storage.vault import Vault
from countenance.testing.clocks import ManualClock

KEY = SigningKey("log.example/acme", bytes(range(32)))
CALL = "c" * 32
SUBJECTS = {"p_1": "1" * 32, "p_2": "2" * 32}


def open_log(store: Store, clock: Clock | None = None, points: Points = nowhere) -> Log:
    return Log.open(store, KEY, clock or ManualClock(), points)


def vault_of(store: Store, folder: Path, clock: Clock | None = None) -> Vault:
    return Vault.open(KeyFolder(folder / "keys"), store, clock or ManualClock())


def seat_people(vault: Vault) -> None:
    """One call with two people in it, each with a key."""
    with vault.store.transaction() as tx:
        if calls.find_call(tx, CALL) is not None:
            return
        calls.open_call(tx, CallRow(CALL, "support_qa", 0))
        for participant, subject in SUBJECTS.items():
            vault.enrol(tx, subject)
            calls.add_subjects(tx, [SubjectRow(subject, CALL, vault.name(tx, "seat", CALL, participant))])


def leases_of(log: Log, vault: Vault, terms: Terms = USUAL, points: Points = nowhere) -> Leases:
    seat_people(vault)
    return Leases(log, vault, CALL, SUBJECTS, terms, points)


class FaultError(Exception):
    """A fault that a test put in."""


def fail_at(name: str, fault: Callable[[], Exception] = FaultError) -> Points:
    """Points that raise once, the first time this one is reached."""
    left = [name]

    def points(reached: str) -> None:
        if reached in left:
            left.remove(reached)
            raise fault()

    return points
