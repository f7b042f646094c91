"""What waits to leave, on both engines."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.conftest import Place

from countenance.storage import dispatches, endpoints, outbox
from countenance.storage.dispatches import Dispatch
from countenance.storage.endpoints import EndpointRow, Status
from countenance.storage.outbox import Event
from countenance.storage.store import Store, Transaction
from countenance.storage.tables import dispatches as table

A1 = Dispatch("e1", "a1", 1, 0, "a1", "a", "p1", None, 10, 100)
A2 = replace(A1, event_id="a2", turn=1, topic="a2", payload_id="p2")
B1 = replace(A1, event_id="b1", turn=2, topic="b1", call_ref="b", payload_id=None, body="{}")
FREE1 = replace(A1, event_id="free1", seq=2, topic="free1", call_ref=None, payload_id=None)
FREE2 = replace(FREE1, event_id="free2", turn=1, topic="free2")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open() as store:
        with store.transaction() as tx:
            for name in ("e1", "e2"):
                endpoints.add(tx, EndpointRow(name, "s", ("io.countenance.*",), False, 1))
        yield store


def put(store: Store, *rows: Dispatch) -> None:
    with store.transaction() as tx:
        dispatches.put(tx, rows)


def due(store: Store, now: int = 100, at_once: int = 10) -> list[str]:
    with store.reading() as tx:
        return [f"{one.endpoint_id}.{one.topic}" for one in dispatches.due(tx, now, at_once)]


def test_rows_of_the_outbox_are_handed_on_in_their_order(store: Store) -> None:
    with store.transaction() as tx:
        outbox.put(tx, 2, [Event("c"), Event("d", "call", "p")], 30)
        outbox.put(tx, 1, [Event("a", body="{}"), Event("b")], 20)
        assert [one.topic for one in outbox.unhanded(tx)] == ["a", "b", "c", "d"]
        first, second = outbox.unhanded(tx, 2)
        assert (first.seq, first.turn, first.body, first.at_utc_us) == (1, 0, "{}", 20)
        outbox.handed(tx, [first, second], 40)
        assert [one.topic for one in outbox.unhanded(tx)] == ["c", "d"]
        assert outbox.waiting(tx) == 2
        assert outbox.find(tx, first.event_id) == replace(first, handed_utc_us=40)
        assert outbox.find(tx, "nobody") is None
        assert [one.topic for one in outbox.since(tx, 20, 9)] == ["a", "b"]
        assert [one.topic for one in outbox.since(tx, 20, 9, first)] == ["b"]
        assert outbox.since(tx, 21, 9) == ()
        assert [one.topic for one in outbox.handed_since(tx, 40, 9, first)] == ["b"]
        assert outbox.handed_since(tx, 41, 9) == ()


def test_what_comes_last_stands_behind_everything(store: Store) -> None:
    with store.transaction() as tx:
        outbox.put_last(tx, Event("first"), 10)
        outbox.put(tx, 7, [Event("a", "c"), Event("b", "c", "p")], 20)
        outbox.put_last(tx, Event("end", "c"), 30)
        outbox.put(tx, 8, [Event("next")], 40)
        found = [(one.topic, one.seq, one.turn, one.at_utc_us) for one in outbox.unhanded(tx)]
    assert found == [("first", 0, 0, 10), ("a", 7, 0, 20), ("b", 7, 1, 20), ("end", 7, 2, 30), ("next", 8, 0, 40)]


def test_the_first_of_each_call_is_due_and_rows_of_no_call_wait_for_nobody(store: Store) -> None:
    put(store, A2, A1, B1, FREE1, FREE2, replace(A1, endpoint_id="e2", event_id="x"))
    assert sorted(due(store)) == ["e1.a1", "e1.b1", "e1.free1", "e1.free2", "e2.a1"]
    assert due(store, 99) == []
    assert due(store, at_once=2) == ["e1.a1", "e2.a1", "e1.b1"]
    with store.reading() as tx:
        assert outbox.waiting(tx) == 6


def test_what_was_delivered_makes_room_for_the_next_of_its_call(store: Store) -> None:
    put(store, A1, A2)
    with store.transaction() as tx:
        dispatches.delivered(tx, A1, 105, 204)
    assert due(store) == ["e1.a2"]
    with store.reading() as tx:
        found = dispatches.find(tx, "e1", "a1")
    assert found == replace(A1, attempts=1, tried_utc_us=105, answer=204, delivered_utc_us=105)


def test_what_failed_holds_its_call_back(store: Store) -> None:
    put(store, A1, A2, B1, replace(B1, event_id="b2", turn=3, topic="b2"))
    with store.transaction() as tx:
        dispatches.failed(tx, A1, 105, 500, "500", 500)
        dispatches.delivered(tx, B1, 106, 200)
        assert dispatches.next_due(tx) == 100
        dispatches.failed(tx, replace(B1, event_id="b2"), 107, 500, "500", 400)
        # What stands behind another is not due before it.
        assert dispatches.next_due(tx) == 400
    assert due(store, 499) == ["e1.b2"]
    assert due(store, 500) == ["e1.b2", "e1.a1"]


def test_what_is_given_up_lets_its_call_go_on_and_can_be_sent_again(store: Store) -> None:
    put(store, A1, A2)
    with store.transaction() as tx:
        dispatches.given_up(tx, A1, 200, None, "no answer")
        assert outbox.waiting(tx) == 1
    assert due(store) == ["e1.a2"]
    with store.transaction() as tx:
        assert dispatches.again(tx, "e1", table.c.event_id == "a1", 300) == 1
        assert dispatches.again(tx, "e2", table.c.event_id == "a1", 300) == 0
    assert due(store, 300) == ["e1.a1"]


def test_an_endpoint_that_does_not_listen_is_left_alone(store: Store) -> None:
    put(store, A1, replace(A1, endpoint_id="e2"))
    with store.transaction() as tx:
        endpoints.fares_badly(tx, "e1", "503", 100, 400)
        endpoints.change(tx, "e2", status=Status.DISABLED)
        assert dispatches.next_due(tx) == 400
    assert due(store, 399) == []
    assert due(store, 400) == ["e1.a1"]
    with store.transaction() as tx:
        dispatches.give_up_all(tx, "e1", "gone", 500)
        assert dispatches.next_due(tx) is None
        assert outbox.waiting(tx) == 1


def test_how_an_endpoint_fares_is_kept(store: Store) -> None:
    with store.transaction() as tx:
        endpoints.fares_badly(tx, "e1", "500", 100, None)
        endpoints.fares_badly(tx, "e1", "503", 200, 900)
        one, other = endpoints.every(tx)
        assert (one.status, one.problem, one.failing_utc_us, one.not_before_utc_us) == (
            Status.FAILING, "503", 100, 900,
        )  # fmt: skip
        assert other == EndpointRow("e2", "s", ("io.countenance.*",), False, 1)
        endpoints.fares_well(tx, "e1")
        assert endpoints.find(tx, "e1") == replace(other, endpoint_id="e1")
        assert endpoints.find(tx, "e3") is None
        endpoints.change(tx, "e1", status=Status.DISABLED)
        endpoints.fares_badly(tx, "e1", "late answer", 300, 900)
        assert endpoints.find(tx, "e1") == replace(other, endpoint_id="e1", status=Status.DISABLED)


def test_what_stands_on_an_erased_payload_goes_from_every_queue(store: Store) -> None:
    put(store, A1, A2, B1, replace(A1, endpoint_id="e2"))
    with store.transaction() as tx:
        outbox.put(tx, 9, [Event("p1", payload_id="p1"), Event("p3", payload_id="p3")], 1)
        dispatches.delivered(tx, A1, 105, 200)
        assert len(dispatches.of_payload(tx, "p1")) == 2
        assert outbox.drop(tx, iter(["p1", "p2"])) == 3
        assert dispatches.of_payload(tx, "p1") == ()
        assert [one.topic for one in outbox.unhanded(tx)] == ["p3"]
    assert due(store) == ["e1.b1"]


def test_rows_are_swept_after_their_time(store: Store) -> None:
    put(store, A1, A2, B1)
    with store.transaction() as tx:
        outbox.put(tx, 1, [Event("x"), Event("y")], 1)
        outbox.handed(tx, outbox.unhanded(tx, 1), 105)
        dispatches.delivered(tx, A1, 105, 204)
        dispatches.given_up(tx, A2, 106, None, "dead")
        assert outbox.sweep(tx, 105) == 0
        assert outbox.sweep(tx, 106) == 2
        assert outbox.sweep(tx, 107) == 1
        assert [one.topic for one in outbox.unhanded(tx)] == ["y"]
    assert due(store) == ["e1.b1"]


def test_the_delivery_log_is_read_page_by_page_the_newest_first(store: Store) -> None:
    put(store, *(replace(A1, event_id=f"n{n}", turn=n, at_utc_us=n // 2) for n in range(5)))
    with store.reading() as tx:
        seen = page = list(dispatches.of_endpoint(tx, "e1", most=2))
        while page:
            page = list(dispatches.of_endpoint(tx, "e1", (page[-1].at_utc_us, page[-1].event_id), 2))
            seen += page
        assert dispatches.of_endpoint(tx, "e2") == ()
    assert [one.event_id for one in seen] == ["n4", "n3", "n2", "n1", "n0"]


def test_nothing_is_put_where_there_is_nothing(store: Store) -> None:
    def nothing(tx: Transaction) -> None:
        dispatches.put(tx, ())
        outbox.handed(tx, (), 1)

    with store.transaction() as tx:
        nothing(tx)
        assert outbox.waiting(tx) == 0
