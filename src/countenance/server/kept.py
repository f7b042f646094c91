"""Events of a call that the store keeps: for readers who come back after the ring has gone on."""

import asyncio
import json
from collections.abc import Iterator, Sequence

from countenance.audit.leases import EVENT
from countenance.contracts.errors import VaultError
from countenance.control.opening import Tenant
from countenance.server.stream import Older
from countenance.storage.calls import subjects_of
from countenance.storage.holdings import holdings
from countenance.surface.envelope import Envelope


def kept_events(tenant: Tenant, call_ref: str) -> Older:
    """Reads what was sealed with the results of a call: states that were entered and left, no samples."""

    async def older(after: str, before: str) -> Sequence[Envelope]:
        return await asyncio.to_thread(lambda: tuple(_between(tenant, call_ref, after, before)))

    return older


def _between(tenant: Tenant, call_ref: str, after: str, before: str) -> Iterator[Envelope]:
    found = (one for one in _opened(tenant, call_ref) if after < str(one.get("sequence", "")) < before)
    yield from sorted(found, key=lambda one: str(one["sequence"]))


def _opened(tenant: Tenant, call_ref: str) -> Iterator[Envelope]:
    with tenant.store.reading() as tx:
        subjects = [one.subject_ref for one in subjects_of(tx, call_ref)]
        for one in holdings(tx, subjects):
            if one.context != EVENT or one.call_ref != call_ref:
                continue
            try:
                envelope: Envelope = json.loads(tenant.vault.open_sealed(tx, one.payload_id).payload)
            except VaultError:
                continue  # erased a moment ago: nobody gets it any more
            yield envelope
