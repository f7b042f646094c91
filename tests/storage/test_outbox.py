"""What waits to leave, on both engines."""

from collections.abc import Iterator

import pytest
from tests.conftest import Place

from countenance.storage import outbox
from countenance.storage.outbox import Event, Waiting
from countenance.storage.store import Store, Transaction


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open() as store:
        yield store


def put(store: Store, seq: int, *events: Event) -> None:
    with store.transaction() as tx:
        outbox.put(tx, seq, events, 100)


def due(store: Store, now: int = 100, most: int = 100) -> list[Waiting]:
    with store.reading() as tx:
        return list(outbox.due(tx, now, most))


def topics(store: Store, now: int = 100) -> list[str]:
    return [event.topic for event in due(store, now)]


def test_the_first_of_each_call_is_due_and_rows_of_no_call_wait_for_nobody(store: Store) -> None:
    put(store, 1, Event("a1", "a"), Event("a2", "a"), Event("b1", "b"))
    put(store, 2, Event("free1"), Event("free2"), Event("b2", "b"))
    assert topics(store) == ["a1", "b1", "free1", "free2"]
    assert topics(store, 99) == []
    assert len(due(store, most=2)) == 2
    put(store, 3)
    with store.reading() as tx:
        assert outbox.waiting(tx) == 6


def test_what_was_delivered_makes_room_for_the_next_of_its_call(store: Store) -> None:
    put(store, 1, Event("a1", "a", payload_id="p"), Event("a2", "a", body="{}"))
    (first,) = due(store)
    with store.transaction() as tx:
        outbox.delivered(tx, first, 105)
    (second,) = due(store)
    assert (first.topic, first.payload_id, first.body, first.attempts) == ("a1", "p", None, 0)
    assert (second.topic, second.payload_id, second.body) == ("a2", None, "{}")
    assert len({first.event_id, second.event_id}) == 2


def test_what_failed_keeps_its_id_and_holds_its_call_back(store: Store) -> None:
    put(store, 1, Event("a1", "a"), Event("a2", "a"), Event("b1", "b"))
    first = due(store)[0]
    with store.transaction() as tx:
        outbox.failed(tx, first, "no answer", 500)
    assert topics(store, 499) == ["b1"]
    again = due(store, 500)[0]
    assert (again.event_id, again.topic, again.attempts) == (first.event_id, "a1", 1)


def test_what_is_given_up_lets_its_call_go_on(store: Store) -> None:
    put(store, 1, Event("a1", "a"), Event("a2", "a"))
    with store.transaction() as tx:
        outbox.given_up(tx, due_in(tx), "gone", 200)
        assert outbox.waiting(tx) == 1
    assert topics(store) == ["a2"]


def due_in(tx: Transaction) -> Waiting:
    return outbox.due(tx, 100)[0]


def test_what_stands_on_an_erased_payload_goes(store: Store) -> None:
    put(store, 1, Event("a1", "a", payload_id="p1"), Event("a2", "a", payload_id="p2"), Event("a3", "a", body="x"))
    with store.transaction() as tx:
        outbox.delivered(tx, due_in(tx), 105)
        assert outbox.drop(tx, ["p1", "p2"]) == 1
    assert topics(store) == ["a3"]


def test_delivered_rows_are_swept_after_their_time(store: Store) -> None:
    put(store, 1, Event("a1", "a"), Event("a2", "a"))
    with store.transaction() as tx:
        outbox.delivered(tx, due_in(tx), 105)
        assert outbox.sweep(tx, 105) == 0
        assert outbox.sweep(tx, 106) == 1
    assert topics(store) == ["a2"]
