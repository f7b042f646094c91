"""Receipts as things stand: the statement from the vault, the leaf from the log, and the proof that it is there."""

from collections.abc import Mapping
from typing import Any

from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.log import Log
from countenance.audit.merkle import leaf_hash
from countenance.audit.proof import Proof
from countenance.consent.ledger import Ledger
from countenance.consent.receipt import Issue, issue
from countenance.storage.vault import Vault


class Receipts:
    """Issues the receipts of one tenant's store."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault
        self._ledger = Ledger(vault)

    def receipt(self, receipt_id: str) -> Mapping[str, Any]:
        """The receipt of an answer; raises ConsentError when there is none, VaultError once it is erased."""
        note = self._log.checkpoint(at_once=True)
        size = parse_checkpoint(note.text).size
        with self._vault.store.reading() as tx:
            row = self._ledger.receipted(tx, receipt_id)
            said, sealed = self._ledger.statement(tx, row), self._ledger.sealed(tx, row)
        proof = Proof(row.seq, self._log.inclusion(row.seq, size), note.data)
        verifier = self._log.key.verifier
        where = Issue(
            row.seq, leaf_hash(row.leaf).hex(), sealed.salt, row.leaf, verifier.name, str(verifier), proof.data.decode()
        )
        return issue(said, where)
