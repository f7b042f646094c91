# ruff: noqa: ARG001, ARG002, ARG005, ANN401
"""Planted failures of erasing: each is what a careless program does, and each must make the harness fail."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from countenance.control import erasure
from countenance.storage import engine, sealing, wiping
from countenance.storage.keys import KeyFolder
from countenance.storage.sealing import EpochKeys, Record
from countenance.storage.store import Store, Transaction
from countenance.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted failure."""

    planted: Callable[[], AbstractContextManager[Any]] = nullcontext
    vault: type[Vault] = Vault
    keys_in_backups: bool = False


def none() -> Mutant:
    """Nothing is planted."""
    return Mutant()


class SaltInTheClear(Vault):
    """Keeps r beside the sealed payload instead of inside."""

    def seal(self, tx: Transaction, subject_ref: str, plaintext: bytes | Record, context: str, *more: Any) -> str:
        record = plaintext if isinstance(plaintext, Record) else self.record(plaintext)
        return super().seal(tx, subject_ref, record, f"{context}:{record.salt.hex()}", *more)


class KeyStays(Vault):
    """Deletes what was sealed and forgets to delete the key."""

    def forget(self, tx: Transaction, subject_ref: str) -> None:
        return


def _plain_hash() -> AbstractContextManager[Any]:
    plain = property(lambda self: hashlib.sha256(self.payload).hexdigest())
    return patch.object(Record, "commitment", plain)


def _salted_with_the_context() -> AbstractContextManager[Any]:
    return patch.object(Vault, "record", lambda self, payload: Record(bytes(32), payload))


def _plain_tags() -> AbstractContextManager[Any]:
    def tag(self: EpochKeys, tenant: str, *parts: str) -> str:
        return hashlib.sha256(parts[-1].encode()).hexdigest()

    return patch.object(EpochKeys, "tag", tag)


@contextmanager
def _no_secure_delete() -> Iterator[None]:
    without = tuple(pragma for pragma in engine.PRAGMAS if not pragma.startswith("secure_delete"))
    with patch.object(engine, "PRAGMAS", (*without, "secure_delete=OFF")):
        yield


def _names_stay() -> AbstractContextManager[Any]:
    return patch.object(Vault, "forget_name", lambda self, tx, tag: None)


def _some_tables_stay() -> AbstractContextManager[Any]:
    return patch.object(wiping, "tables_of", lambda column: iter(()))


MUTANTS = {
    "salt-in-the-clear": Mutant(vault=SaltInTheClear),
    "kek-in-backup": Mutant(keys_in_backups=True),
    "secure-delete-off": Mutant(_no_secure_delete),
    "plain-hash": Mutant(_plain_hash),
    "no-salt": Mutant(_salted_with_the_context),
    "plain-tags": Mutant(_plain_tags),
    "no-padding": Mutant(lambda: patch.object(sealing, "BLOCK_BYTES", 1)),
    "no-scrubbing": Mutant(lambda: patch.object(Store, "scrub", lambda self, largest_bytes=None: True)),
    "no-rotation": Mutant(lambda: patch.object(erasure.Eraser, "rotate", lambda self: None)),
    "old-kek-kept": Mutant(lambda: patch.object(KeyFolder, "destroy_kek", lambda self, epoch: None)),
    "names-stay": Mutant(_names_stay),
    "rows-stay": Mutant(_some_tables_stay),
}
