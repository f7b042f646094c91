"""What retention deletes: payloads whose time is over, answers that nothing stands on, seats that hold nothing more."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_

from countenance.storage import outbox
from countenance.storage.store import Transaction
from countenance.storage.tables import asks, calls, consents, marks, payloads, subjects
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat, anything_of

ENDED = "purpose_ended."
"""Begins the mark that holds when a purpose ended."""
LOG_DAYS = "log.days"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Payload:
    """A sealed payload without what is in it."""

    payload_id: str
    context: str


def end_purpose(tx: Transaction, purpose: str, at_utc_us: int) -> None:
    """Say that a purpose has been met: what was kept for it is due."""
    name = f"{ENDED}{purpose}"
    tx.execute(tx.delete(marks).where(marks.c.name == name))
    tx.insert(marks, {"name": name, "value": str(at_utc_us)})


def ended_purposes(tx: Transaction) -> Mapping[str, int]:
    """The purposes that have ended, and when."""
    rows = tx.rows(tx.select(marks).where(marks.c.name.startswith(ENDED)))
    return {row.name.removeprefix(ENDED): int(row.value) for row in rows}


def note_log_days(tx: Transaction, days: int) -> None:
    """Remember that somebody's duties ask for keeping the log so long; it is never shortened."""
    if days > log_days(tx):
        tx.execute(tx.delete(marks).where(marks.c.name == LOG_DAYS))
        tx.insert(marks, {"name": LOG_DAYS, "value": str(days)})


def log_days(tx: Transaction) -> int:
    """The longest that anybody's duties ever asked for; 0 when nobody's did."""
    row = tx.find(marks, name=LOG_DAYS)
    return 0 if row is None else int(row.value)


def due_payloads(tx: Transaction, now_utc_us: int) -> Sequence[Payload]:
    """Payloads whose time is over, or whose call was for a purpose that ended after it began."""
    undated_here = payloads.c.delete_due_utc_us.is_(None)
    seats = tx.select(subjects, subjects.c.subject_ref).where(subjects.c.delete_due_utc_us <= now_utc_us)
    which = [payloads.c.delete_due_utc_us <= now_utc_us, undated_here & payloads.c.subject_ref.in_(seats)]
    for purpose, ended in ended_purposes(tx).items():
        mine = tx.select(calls, calls.c.call_ref).where(calls.c.purpose == purpose, calls.c.opened_utc_us <= ended)
        which.append(~undated_here & payloads.c.call_ref.in_(mine))
    rows = tx.rows(tx.select(payloads, payloads.c.payload_id, payloads.c.context).where(or_(*which)))
    return tuple(Payload(row.payload_id, row.context) for row in rows)


def undated(tx: Transaction, but: Iterable[str]) -> Mapping[str, int]:
    """How many payloads have no day, nor has their seat, but for those that are kept while something stands."""
    seats = tx.select(subjects, subjects.c.subject_ref).where(subjects.c.delete_due_utc_us.is_not(None))
    nowhere = payloads.c.delete_due_utc_us.is_(None) & payloads.c.context.not_in(list(but))
    query = tx.select(payloads, payloads.c.context, func.count().label("rows"))
    rows = tx.rows(query.where(nowhere, payloads.c.subject_ref.not_in(seats)).group_by(payloads.c.context))
    return {row.context: int(row.rows) for row in rows}


def next_due(tx: Transaction, now_utc_us: int) -> int | None:
    """When the next payload is due."""
    query = tx.select(payloads, func.min(payloads.c.delete_due_utc_us)).where(payloads.c.delete_due_utc_us > now_utc_us)
    row = tx.first(query)
    return None if row is None or row[0] is None else int(row[0])


def delete_payloads(tx: Transaction, ids: Sequence[str]) -> int:
    """Delete payloads and what was to be sent of them; returns how many undelivered events went."""
    lost = 0
    for some in _portions(ids):
        lost += outbox.drop(tx, some)
        tx.execute(tx.delete(payloads).where(payloads.c.payload_id.in_(some)))
    return lost


def silent_people(tx: Transaction, before_utc_us: int) -> Sequence[str]:
    """The tags of people whose last answer is older than this, and of whom no yes stands."""
    newest: dict[str, int] = {}
    standing: dict[tuple[str, str, str], str] = {}
    for row in tx.rows(tx.select(consents).where(consents.c.person_tag.is_not(None)).order_by(consents.c.seq)):
        newest[row.person_tag] = max(row.at_utc_us, newest.get(row.person_tag, 0))
        standing[row.person_tag, row.modality, row.purpose] = row.status
    said_yes = {tag for (tag, _, _), status in standing.items() if status == "given"}
    return tuple(tag for tag, at in newest.items() if at < before_utc_us and tag not in said_yes)


def count_answers(tx: Transaction, person_tags: Sequence[str]) -> int:
    """How many answers these people gave."""
    query = tx.select(consents, func.count())
    return sum(
        int((tx.first(query.where(consents.c.person_tag.in_(some))) or (0,))[0]) for some in _portions(person_tags)
    )


def delete_answers(tx: Transaction, person_tags: Sequence[str]) -> int:
    """Delete all answers of these people with their statements; returns how many."""
    gone = 0
    for some in _portions(person_tags):
        sealed = [row.sealed_id for row in tx.rows(tx.select(consents).where(consents.c.person_tag.in_(some)))]
        delete_payloads(tx, sealed)
        gone += tx.execute(tx.delete(consents).where(consents.c.person_tag.in_(some))).rowcount
    return gone


def old_asks(tx: Transaction, before_utc_us: int) -> Sequence[str]:
    """The tags of people who were shown something before this time."""
    query = tx.select(asks, asks.c.person_tag).where(asks.c.at_utc_us < before_utc_us, asks.c.person_tag.is_not(None))
    return tuple(row.person_tag for row in tx.rows(query.distinct()))


def delete_asks(tx: Transaction, before_utc_us: int) -> None:
    """Delete who was shown what, before this time."""
    tx.execute(tx.delete(asks).where(asks.c.at_utc_us < before_utc_us))


def empty_seats(tx: Transaction, opened_before_utc_us: int) -> Sequence[Seat]:
    """Seats of calls that are over, and references apart from calls, under which nothing is kept any more."""
    running = tx.select(calls, calls.c.call_ref).where(
        calls.c.closed_utc_us.is_(None), calls.c.opened_utc_us >= opened_before_utc_us
    )
    query = tx.select(subjects).where(
        subjects.c.call_ref.not_in(running),
        subjects.c.subject_ref.not_in(tx.select(payloads, payloads.c.subject_ref)),
        subjects.c.subject_ref.not_in(
            tx.select(consents, consents.c.subject_ref).where(consents.c.subject_ref.is_not(None))
        ),
    )
    rows = tx.rows(query.order_by(subjects.c.subject_ref))
    return tuple(Seat(row.subject_ref, row.call_ref, row.seat_tag) for row in rows)


def forget_names(vault: Vault, tx: Transaction, person_tags: Iterable[str]) -> None:
    """Forget the people of whom nothing is kept any more."""
    for tag in person_tags:
        if not anything_of(tx, (), tag):
            vault.forget_name(tx, tag)


def contexts(found: Iterable[Payload]) -> Mapping[str, int]:
    """How many payloads, by context."""
    return dict(sorted(Counter(one.context for one in found).items()))


def _portions(ids: Sequence[str]) -> Iterator[list[str]]:
    yield from (list(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE))
