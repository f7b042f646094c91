"""Where an endpoint is and what it shares with us: sealed under a key of its own, which goes when it is removed."""

import json
from dataclasses import asdict, dataclass

from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

CONTEXT = "endpoint"


@dataclass(frozen=True, slots=True)
class Address:
    """What is needed to send to an endpoint."""

    url: str
    secret: str
    former: str | None = None
    """The secret before this one, with which is signed too until that time."""
    former_until_utc_us: int = 0

    def secrets(self, now_utc_us: int) -> tuple[str, ...]:
        """The secrets to sign with, the newest first."""
        return (self.secret, self.former) if self.former and now_utc_us < self.former_until_utc_us else (self.secret,)


def seal_address(vault: Vault, tx: Transaction, endpoint_id: str, address: Address) -> str:
    """Keep an address in place of the one before; returns the id under which it is sealed."""
    vault.forget(tx, endpoint_id)
    vault.enrol(tx, endpoint_id)
    return vault.seal(tx, endpoint_id, json.dumps(asdict(address)).encode(), CONTEXT)


def open_address(vault: Vault, tx: Transaction, sealed_id: str) -> Address:
    """The address that is sealed under an id; raises VaultError once forgotten."""
    return Address(**json.loads(vault.open_sealed(tx, sealed_id).payload))
