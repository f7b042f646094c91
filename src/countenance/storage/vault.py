"""The vault: what was read of a person, under a key of that person's own; losing the key loses the reading for good."""

import json
import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func

from countenance.contracts.clock import Clock
from countenance.contracts.errors import VaultError
from countenance.storage.clocks import SystemClock, micros
from countenance.storage.keys import KeyFolder
from countenance.storage.points import Points, nowhere
from countenance.storage.sealing import (
    KEY_BYTES,
    SALT_BYTES,
    EpochKeys,
    Random,
    Record,
    seal,
    seal_record,
    unseal,
    unseal_record,
)
from countenance.storage.store import Store, Transaction, of_tenant
from countenance.storage.tables import deks, keks, names, payloads

EPOCH = of_tenant(keks).with_only_columns(func.max(keks.c.epoch).label("epoch"))
STALE = of_tenant(keks).where(keks.c.epoch < bindparam("before"), keks.c.destroyed_utc_us.is_(None))

ID_BYTES = 16
OPENED_AT_ONCE = 500
NAME = "name"
NAME_BLOCK_BYTES = 128


class Vault:
    """The sealed rows of one tenant.

    Every person in every call has a key (DEK) of 32 random bytes, kept in the database wrapped by the key-encryption
    key (KEK) of the epoch, which is kept in the keys folder. `forget` deletes a DEK; rotating the epoch then makes
    every copy of it in earlier backups worthless.
    """

    def __init__(self, store: Store, keys: KeyFolder, clock: Clock, random: Random = os.urandom) -> None:
        self.store = store
        self.keys = keys
        self.clock = clock
        self._random = random
        self._opened: dict[int, EpochKeys] = {}
        self._epoch: tuple[Transaction, int] | None = None
        """The epoch within the transaction that asked last: only `begin` changes it there."""

    @classmethod
    def open(cls, keys: KeyFolder, store: Store, clock: Clock | None = None, random: Random = os.urandom) -> "Vault":
        """The vault of a store; begins the first epoch, and raises VaultError when the KEK of the store is gone."""
        vault = cls(store, keys, clock or SystemClock(), random)
        with store.transaction() as tx:
            epoch = vault.epoch(tx)
            if epoch is None:
                epoch = max(keys.epochs(), default=1)
                vault.begin(tx, epoch)
        vault.keys_of(epoch)
        vault.settle()
        return vault

    def epoch(self, tx: Transaction) -> int | None:
        """The epoch of the store, whose KEK wraps every DEK; None before the first."""
        known = self._epoch
        if known is not None and known[0] is tx:
            return known[1]
        found = tx.one(EPOCH)
        if found is None or found.epoch is None:
            return None
        self._epoch = (tx, int(found.epoch))
        return int(found.epoch)

    def begin(self, tx: Transaction, epoch: int) -> EpochKeys:
        """Make the KEK of an epoch, unless a crash left it behind, and let the store be in that epoch."""
        self.keys.make_kek(epoch)
        self._epoch = None
        tx.insert(keks, {"epoch": epoch, "made_utc_us": micros(self.clock.utc())})
        return self.keys_of(epoch)

    def enrol(self, tx: Transaction, subject_ref: str) -> None:
        """Give a subject (a person in a call, or a call itself) its key, before anything is sealed under it."""
        keys = self.current(tx)
        wrapped = keys.wrap(self._random(KEY_BYTES), self.store.tenant, subject_ref, self._random)
        tx.insert(deks, {"subject_ref": subject_ref, "epoch": keys.epoch, "wrapped": wrapped})

    def tag(self, tx: Transaction, *parts: str) -> str:
        """The tag under which these words are found in this epoch, e.g. `("person", id)`; the next has another."""
        return self.current(tx).tag(self.store.tenant, *parts)

    def name(self, tx: Transaction, *parts: str) -> str:
        """The tag of these words, to be kept in a column ending in `_tag`; a rotation gives it anew there."""
        keys = self.current(tx)
        tag = keys.tag(self.store.tenant, *parts)
        if tx.find(names, tag=tag) is None:
            tx.insert(names, self.name_row(keys, tag, parts))
        return tag

    def named(self, tx: Transaction, tag: str) -> tuple[str, ...]:
        """The words behind a tag; raises VaultError when they were forgotten."""
        row = tx.find(names, tag=tag)
        if row is None:
            raise VaultError(f"nothing has the tag {tag[:8]}...", "It was erased, or its epoch has ended.")
        return self.words_of(self.keys_of(row.epoch), tag, row.sealed)

    def knows(self, tx: Transaction, tag: str | None) -> bool:
        """Whether anything is kept behind a tag."""
        return tag is not None and tx.find(names, tag=tag) is not None

    def record(self, payload: bytes) -> Record:
        """A payload with a fresh salt: put its commitment into the log, then seal it in the same transaction."""
        return Record(self._random(SALT_BYTES), payload)

    def seal(
        self,
        tx: Transaction,
        subject_ref: str,
        plaintext: bytes | Record,
        context: str,
        call_ref: str | None = None,
        seq: int | None = None,
        delete_due_utc_us: int | None = None,
    ) -> str:
        """Keep something about a subject under its key; returns the payload_id; raises VaultError once forgotten."""
        record = plaintext if isinstance(plaintext, Record) else self.record(plaintext)
        name = self._random(ID_BYTES).hex()
        row = {
            "payload_id": name,
            "subject_ref": subject_ref,
            "call_ref": call_ref,
            "context": context,
            "seq": seq,
            "delete_due_utc_us": delete_due_utc_us,
        }
        where = (self.store.tenant, subject_ref, context, name)
        tx.insert(payloads, {**row, "sealed": seal_record(self.dek(tx, subject_ref), record, where, self._random)})
        return name

    def open_sealed(self, tx: Transaction, payload_id: str) -> Record:
        """What was sealed under this id, with its salt; raises VaultError when it is gone."""
        row = tx.find(payloads, payload_id=payload_id)
        if row is None:
            raise VaultError(f"no sealed payload has the id {payload_id}", "It was erased, or its retention has ended.")
        where = (self.store.tenant, row.subject_ref, row.context, payload_id)
        return unseal_record(self.dek(tx, row.subject_ref), row.sealed, where)

    def open_all(self, tx: Transaction, payload_ids: Sequence[str]) -> Sequence[Record]:
        """What was sealed under these ids, in their order; raises VaultError when one is gone."""
        rows: dict[str, Any] = {}
        for start in range(0, len(payload_ids), OPENED_AT_ONCE):
            some = payloads.c.payload_id.in_(list(payload_ids[start : start + OPENED_AT_ONCE]))
            rows |= {row.payload_id: row for row in tx.rows(tx.select(payloads).where(some))}
        if missing := [name for name in payload_ids if name not in rows]:
            raise VaultError(f"no sealed payload has the id {missing[0]}", "It was erased, or its retention has ended.")
        keys = {ref: self.dek(tx, ref) for ref in {row.subject_ref for row in rows.values()}}
        found = (rows[name] for name in payload_ids)
        places = ((row, (self.store.tenant, row.subject_ref, row.context, row.payload_id)) for row in found)
        return tuple(unseal_record(keys[row.subject_ref], row.sealed, where) for row, where in places)

    def sealed_of(self, tx: Transaction, subject_ref: str) -> Sequence[tuple[str, str]]:
        """payload_id and context of everything kept about a subject."""
        query = tx.select(payloads).where(payloads.c.subject_ref == subject_ref).order_by(payloads.c.payload_id)
        return tuple((row.payload_id, row.context) for row in tx.rows(query))

    def forget(self, tx: Transaction, subject_ref: str) -> None:
        """Delete a subject's key and all that is sealed under it; what was forgotten already stays forgotten."""
        for table in (payloads, deks):
            tx.execute(tx.delete(table).where(table.c.subject_ref == subject_ref))

    def forget_name(self, tx: Transaction, tag: str | None) -> None:
        """Forget what a tag stands for; without a tag there is nothing to forget."""
        tx.execute(tx.delete(names).where(names.c.tag == tag))

    def current(self, tx: Transaction) -> EpochKeys:
        """The keys of the store's epoch; raises VaultError before the vault was opened once."""
        epoch = self.epoch(tx)
        if epoch is None:
            raise VaultError("the vault of this store was never opened", "Open it with `Vault.open` first.")
        return self.keys_of(epoch)

    def keys_of(self, epoch: int) -> EpochKeys:
        """The keys of an epoch; raises VaultError when its KEK was destroyed."""
        if epoch not in self._opened:
            self._opened[epoch] = EpochKeys.of(epoch, self.keys.kek(epoch))
        return self._opened[epoch]

    def settle(self, points: Points = nowhere) -> Sequence[int]:
        """Destroy every KEK older than the store's epoch: a rotation ends so, now or after a crash."""
        with self.store.reading() as tx:
            epoch = self.current(tx).epoch
            stale = tx.every(STALE, before=epoch)
        gone = tuple(old for old in self.keys.epochs() if old < epoch)
        for old in gone:
            self._opened.pop(old, None)
            self.keys.destroy_kek(old)
            points("rotation kek destroyed")
        if stale:
            with self.store.transaction() as tx:
                ended = tx.update(keks).where(keks.c.epoch.in_([row.epoch for row in stale]))
                tx.execute(ended.values(destroyed_utc_us=micros(self.clock.utc())))
        return gone

    def rewrapped(self, subject_ref: str, old: EpochKeys, wrapped: bytes, new: EpochKeys) -> bytes:
        """A subject's key under another epoch."""
        dek = old.unwrap(wrapped, self.store.tenant, subject_ref)
        return new.wrap(dek, self.store.tenant, subject_ref, self._random)

    def name_row(self, keys: EpochKeys, tag: str, parts: Sequence[str]) -> dict[str, object]:
        """What a tag stands for, as a row."""
        words = json.dumps(parts).encode()
        padded = words + b" " * (-len(words) % NAME_BLOCK_BYTES)
        sealed = seal(keys.wrapping, padded, (NAME, self.store.tenant, tag), self._random)
        return {"tag": tag, "epoch": keys.epoch, "sealed": sealed}

    def words_of(self, keys: EpochKeys, tag: str, box: bytes) -> tuple[str, ...]:
        """What a row of `names` says."""
        return tuple(json.loads(unseal(keys.wrapping, box, (NAME, self.store.tenant, tag))))

    def dek(self, tx: Transaction, subject_ref: str) -> bytes:
        """The key of a subject; raises VaultError once forgotten."""
        row = tx.find(deks, subject_ref=subject_ref)
        if row is None:
            raise VaultError(f"the subject {subject_ref} has no key", "The person was erased, or never enrolled here.")
        return self.keys_of(row.epoch).unwrap(row.wrapped, self.store.tenant, subject_ref)
