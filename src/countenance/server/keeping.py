"""What the summary of a call needs beside its results, sealed for each person under that person's own key.

It is written when the call ends, so that its summary can be put together at any later time, by any later process. Who
is erased, or whose retention has ended, is in no summary any more. Words are counted in it, and are not kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from countenance.aggregation.telemetry import count_words
from countenance.consent.register import Register
from countenance.contracts.call import Call, Modality, Participant, Purpose
from countenance.contracts.clock import Clock
from countenance.contracts.errors import NotFoundError, VaultError
from countenance.contracts.media import Utterance
from countenance.contracts.trust import Consent, Ruling
from countenance.control.opening import Tenant
from countenance.control.roster import Roster
from countenance.permission import Permissions
from countenance.server.live import UNKNOWN, LiveCall
from countenance.server.unread import again
from countenance.storage.clocks import micros
from countenance.storage.holdings import holdings
from countenance.storage.sealing import Record
from countenance.storage.store import Transaction

PART = "summary"
"""The context in which it is sealed."""
USUAL_DAYS = 30
"""How long it is kept of somebody who may not be read at all."""
MASKED = "x"
"""Stands for each word that was said."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a summary is made of, beside the results in the store."""

    call: Call
    call_ref: str
    end_us: int
    taxonomies: tuple[str, ...]
    subjects: Mapping[str, str]
    permissions: Permissions
    spoke: Mapping[str, Sequence[tuple[int, int]]]
    words: Sequence[Utterance]
    unread: Sequence[Mapping[str, Any]]
    """Readings that no result holds."""
    quotes: bool = True
    """Whether the words are those that were said."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is kept of one person in one call."""

    place: int
    """Among the people of the call."""
    participant: Participant
    rulings: tuple[Ruling, ...]
    consents: tuple[Consent, ...]
    spoke: tuple[tuple[int, int], ...]
    words: tuple[tuple[int, int, int], ...]
    """Start and end of what was said, and how many words it had."""
    unread: tuple[tuple[dict[str, Any], int], ...]
    """A reading that no result holds, and for how many seconds it stayed the same."""
    deployment_id: str
    purpose: Purpose
    started_at: str
    end_us: int
    taxonomies: tuple[str, ...]


PARTS = TypeAdapter(Part)


class Keeping:
    """The parts of one tenant's calls."""

    def __init__(self, tenant: Tenant, clock: Clock) -> None:
        self._vault = tenant.vault
        self._clock = clock

    def keep(self, live: LiveCall) -> None:
        """Seal what is known of everybody on a call that ends; of who was erased meanwhile nothing is written."""
        now = self._clock.utc()
        with self._vault.store.transaction() as tx:
            for part in parts_of(live):
                days = min((one.duties.retention_days for one in part.rulings if one.allowed), default=USUAL_DAYS)
                due = micros(now + timedelta(days=days))
                subject = live.running.subjects[part.participant.id]
                if self._is_there(tx, subject):
                    plain = PARTS.dump_json(part, fallback=dict, warnings=False)
                    self._vault.seal(tx, subject, plain, PART, live.running.call_ref, None, due)

    def find(self, call_id: str) -> Matter:
        """A call that is over, as far as its people are kept; raises NotFoundError when nobody is."""
        roster = Roster(self._vault)
        call_ref = roster.call(call_id).call_ref
        people = {one.participant_id: one.subject_ref for one in roster.people(call_ref)}
        with self._vault.store.reading() as tx:
            kept = [one.payload_id for one in holdings(tx, list(people.values())) if one.context == PART]
            found = {part.participant.id: part for part in map(_part, self._vault.open_all(tx, kept))}
        if not found:
            raise NotFoundError(*UNKNOWN)
        return matter_of_parts(call_id, call_ref, people, sorted(found.values(), key=lambda part: part.place))

    def _is_there(self, tx: Transaction, subject_ref: str) -> bool:
        try:
            self._vault.dek(tx, subject_ref)
        except VaultError:
            return False
        return True


def matter_of(live: LiveCall) -> Matter:
    """A call that this process remembers."""
    left = live.left
    return Matter(
        live.call,
        live.running.call_ref,
        live.media_us if left is None else left.media_us,
        live.taxonomies,
        live.running.subjects,
        live.running.permissions(),
        {} if left is None else left.spoke,
        () if left is None else left.words,
        tuple(live.out.unread.readings()),
    )


def parts_of(live: LiveCall) -> Sequence[Part]:
    """What is to be kept of each person."""
    rulings, consents = live.running.rulings, live.running.register.records
    spoke, words = (live.left.spoke, live.left.words) if live.left is not None else ({}, ())
    return [
        Part(
            place,
            one,
            tuple(ruling for (who, _), ruling in rulings.items() if who == one.id),
            tuple(consent for consent in consents if consent.participant_id == one.id),
            tuple(spoke.get(one.id, ())),
            tuple((w.start_us, w.end_us, count_words(w.text)) for w in words if w.participant_id == one.id),
            tuple(live.out.unread.runs_of(one.id)),
            live.call.deployment_id,
            live.call.purpose,
            live.started_at,
            live.media_us,
            live.taxonomies,
        )
        for place, one in enumerate(live.call.participants)
    ]


def matter_of_parts(call_id: str, call_ref: str, people: Mapping[str, str], parts: Sequence[Part]) -> Matter:
    """The call again, out of what is kept of its people; there is one at least."""
    first = parts[0]
    call = Call(call_id, first.deployment_id, first.purpose, tuple(one.participant for one in parts), first.started_at)
    register = Register(call_id, first.purpose)
    for consent in sorted((one for part in parts for one in part.consents), key=lambda one: one.at_us):
        register.record(consent)
    rulings: dict[tuple[str, Modality], Ruling] = {
        (part.participant.id, ruling.case.modality): ruling for part in parts for ruling in part.rulings
    }
    permissions = Permissions(call, rulings, register, {modality for _, modality in rulings})
    subjects = {part.participant.id: people[part.participant.id] for part in parts}
    words = tuple(word for part in parts for word in _masked(part))
    return Matter(
        call,
        call_ref,
        max(part.end_us for part in parts),
        first.taxonomies,
        subjects,
        permissions,
        {part.participant.id: part.spoke for part in parts},
        tuple(sorted(words, key=lambda word: (word.end_us, word.participant_id))),
        tuple(again(run for part in parts for run in part.unread)),
        quotes=False,
    )


def _masked(part: Part) -> Iterable[Utterance]:
    who = part.participant.id
    return (Utterance("", who, start, end, " ".join([MASKED] * many)) for start, end, many in part.words)


def _part(record: Record) -> Part:
    return PARTS.validate_json(record.payload)
