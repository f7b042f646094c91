"""Answers to requests that may come again, each sealed under a key that only whoever asked can name."""

from dataclasses import dataclass

from countenance.storage.store import Transaction
from countenance.storage.tables import replies


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One answer; neither the request nor the answer can be read here."""

    tag: str
    """Derived from the key that the request named."""
    sealed: bytes
    until_utc_us: int


def find(tx: Transaction, tag: str, now_utc_us: int) -> bytes | None:
    """The sealed answer behind a tag, as long as it counts."""
    row = tx.first(tx.select(replies).where(replies.c.tag == tag, replies.c.until_utc_us > now_utc_us))
    return None if row is None else bytes(row.sealed)


def put(tx: Transaction, row: ReplyRow, now_utc_us: int) -> None:
    """Keep an answer, and delete those whose time is over."""
    tx.execute(tx.delete(replies).where((replies.c.until_utc_us <= now_utc_us) | (replies.c.tag == row.tag)))
    tx.insert(replies, {"tag": row.tag, "sealed": row.sealed, "until_utc_us": row.until_utc_us})
