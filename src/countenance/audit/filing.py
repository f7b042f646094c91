"""What stands beside the leaves of a store to find them by; whoever changes only that hides entries from others."""

import json
from collections.abc import Iterator

from countenance.audit.reading import Finding
from countenance.storage import entries as rows
from countenance.storage.store import Store


def misfiled(store: Store) -> Iterator[Finding]:
    """Entries whose row names another kind or call than their leaf, or that are not filed where they belong."""
    with store.reading() as tx:
        size = rows.size(tx)
        for start in range(rows.minimum(tx), size, rows.TILE_WIDTH):
            for one in rows.named(tx, start, min(start + rows.TILE_WIDTH, size)):
                if (one.kind, one.call_ref) != _named_in(one.data):
                    yield Finding(one.seq, "its row names another kind or call than the entry does")
        for seq in rows.unfiled(tx):
            yield Finding(seq, "it is not filed under its call")
        for seq in rows.misfiled(tx):
            yield Finding(seq, "it is filed under a call that is not its own")


def _named_in(leaf: bytes) -> tuple[object, object]:
    try:
        said = json.loads(leaf)
        return said["kind"], said.get("call_ref")
    except (ValueError, KeyError, TypeError, AttributeError):
        # What is no entry at all is found and named where its hash is checked.
        return None, None
