"""Everything that is kept of a person, as one JSON value and as a page to read (GDPR 15 and 20)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from jinja2 import Environment

from countenance.audit.log import Log
from countenance.consent.statement import stamp
from countenance.control.access import SCORES, Access, plain
from countenance.control.receipts import Receipts
from countenance.storage import calls
from countenance.storage.consents import asks_of, every_row_of, notice_text
from countenance.storage.holdings import Holding, holdings
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.storage.wiping import PERSON, Seat, seats_of

SCHEMA_VERSION = "io.countenance.export.v1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME = "_utc_us"
SECOND_US = 1_000_000
STATEMENT = "consent"
"""The context of statements: they are in the receipts."""


class Exporter:
    """Exports people from one tenant's store."""

    def __init__(self, log: Log, vault: Vault, now: Callable[[], datetime]) -> None:
        self._log = log
        self._vault = vault
        self._now = now

    def export(self, person: str, actor: str, reason: str) -> dict[str, Any]:
        """The export; ACCESS and EXPORT stand in the log before it is returned."""
        readings = Access(self._log, self._vault).read(person, actor, reason)
        with self._vault.store.reading() as tx:
            tag = self._vault.tag(tx, PERSON, person)
            seats = seats_of(self._vault, tx, person)
            kept = holdings(tx, [seat.subject_ref for seat in seats])
            shown = [_dated(asdict(ask)) for ask in asks_of(tx, tag)]
            hashes = {str(ask["notice_sha256"]) for ask in shown}
            found = {
                "notices": {sha256: notice_text(tx, sha256) for sha256 in sorted(hashes)},
                "calls": list(self._calls(tx, seats)),
                "other": [self._other(tx, one) for one in kept if one.context not in (*SCORES, STATEMENT)],
            }
            receipt_ids = [row.receipt_id for row in every_row_of(tx, tag)]
        receipts = Receipts(self._log, self._vault)
        exported = {
            "schema_version": SCHEMA_VERSION,
            "participant_id": person,
            "made_at": stamp(self._now()),
            "receipts": [receipts.receipt(receipt_id) for receipt_id in receipt_ids],
            "shown": shown,
            "readings": [_dated(asdict(reading)) for reading in readings],
            "log": list(self._entries(seats)),
            **found,
        }
        items = len(receipt_ids) + len(shown) + len(kept) + len(found["calls"])
        body = {"actor": actor, "reason": reason, "scope": "person", "format": "json", "counts": {"items": items}}
        self._log.append("EXPORT", {**body, "subject_ref": seats[0].subject_ref} if seats else body)
        return exported

    def _calls(self, tx: Transaction, seats: Iterable[Seat]) -> Iterator[dict[str, Any]]:
        for seat in seats:
            call = None if seat.call_ref is None else calls.find_call(tx, seat.call_ref)
            if call is not None:
                named = None if seat.seat_tag is None else self._vault.named(tx, seat.seat_tag)[-1]
                own = {"call_ref": call.call_ref, "subject_ref": seat.subject_ref, "participant_id": named}
                times = {"opened_utc_us": call.opened_utc_us, "closed_utc_us": call.closed_utc_us}
                yield _dated({**own, "purpose": call.purpose, **times})

    def _other(self, tx: Transaction, one: Holding) -> dict[str, Any]:
        return _dated({**asdict(one), "data": plain(self._vault.open_sealed(tx, one.payload_id).payload)})

    def _entries(self, seats: Sequence[Seat]) -> Iterator[dict[str, Any]]:
        """What the log says of the person in calls, under the references that stand for them alone."""
        mine = {seat.subject_ref for seat in seats}
        for call_ref in sorted({seat.call_ref for seat in seats if seat.call_ref is not None}):
            for entry in self._log.of_call(call_ref):
                if entry.body.get("subject_ref") in mine:
                    yield {"seq": entry.seq, "kind": entry.kind, "at": entry.at, **entry.body}


def to_page(exported: Mapping[str, Any]) -> str:
    """The export as one HTML page without scripts or outside files."""
    template = files("countenance.control") / "export.html.j2"
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(pretty=_pretty, seconds=_seconds, leading=_leading)
    return environment.from_string(template.read_text(encoding="utf-8")).render(it=exported)


def _seconds(data: object) -> str:
    """`12 to 13`, where a reading says which seconds it is about."""
    span = [data.get(name) for name in ("start_us", "end_us")] if isinstance(data, Mapping) else []
    return " to ".join(f"{end / SECOND_US:g}" for end in span if isinstance(end, int)) or "not said"


def _leading(data: object) -> str:
    """The three likeliest names with their probabilities, where a reading has such."""
    scores = data.get("scores") if isinstance(data, Mapping) else None
    if not isinstance(scores, Mapping) or not scores:
        return "no names"
    likeliest = sorted(scores.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name} {value:.2f}" for name, value in likeliest)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    """Times of the store as people and programs read them."""
    return dict(_dated_item(name, value) for name, value in row.items())


def _dated_item(name: str, value: object) -> tuple[str, object]:
    if not name.endswith(TIME):
        return name, value
    stem = name.removesuffix(TIME)
    moment = stamp(EPOCH + timedelta(microseconds=value)) if isinstance(value, int) else None
    return stem if stem == "at" else f"{stem}_at", moment
