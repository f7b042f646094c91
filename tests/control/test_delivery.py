"""What leaves: at least once, under one id, each call in its order, to each endpoint by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.audit.logs import FaultError, fail_at
from tests.conftest import Place

from countenance.control.delivery import JITTER, LONGEST_PAUSE_US, WAITS_S, Answer, Delivery, Parcel
from countenance.control.opening import Tenant, open_tenant
from countenance.control.tombstones import GIVEN_UP_US, TOPIC
from countenance.control.webhooks import Endpoints, NewEndpoint
from countenance.storage import dispatches, outbox
from countenance.storage.calls import CallRow, open_call
from countenance.storage.dispatches import Dispatch
from countenance.storage.endpoints import Status
from countenance.storage.outbox import Event
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Transaction
from countenance.surface.webhooks import ERASED, Bodies
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000
URL = "https://one.example.com/hook"


class Receiver:
    """Takes parcels, or not."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.refuses: dict[str, Answer] = {}

    def __call__(self, parcel: Parcel) -> Answer:
        self.parcels.append(parcel)
        return self.refuses.get(parcel.dispatch.topic, Answer(204))

    @property
    def topics(self) -> list[str]:
        return [parcel.dispatch.topic for parcel in self.parcels]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(parcel.body) for parcel in self.parcels]


class Post:
    """A tenant with an outbox, an endpoint and its receiver."""

    def __init__(self, tenant: Tenant, clock: ManualClock) -> None:
        self.tenant, self.clock, self.receiver = tenant, clock, Receiver()
        self.endpoints = Endpoints(tenant.log, tenant.vault, clock)
        self.first = self.endpoints.add(NewEndpoint(URL, ("io.countenance.*",), full=True))[0].row.endpoint_id
        self.delivery = self.at(nowhere)

    def at(self, points: Points) -> Delivery:
        return Delivery(self.tenant.vault, self.clock, Bodies("d"), points, lambda: 0.0)

    def put(self, *events: Event) -> None:
        def also(tx: Transaction, entries: object) -> None:
            outbox.put(tx, self.tenant.log.size, events, 0)

        self.tenant.log.append_all([("CONFIG", {})], also)

    def sealed(self, subject: str, payload: bytes) -> str:
        with self.tenant.store.transaction() as tx:
            self.tenant.vault.enrol(tx, subject)
            return self.tenant.vault.seal(tx, subject, payload, "event")

    def run(self) -> list[int]:
        rounds = []
        while taken := self.delivery.run(self.receiver):
            rounds.append(taken)
        return rounds

    def rows(self, endpoint_id: str | None = None) -> list[Dispatch]:
        with self.tenant.store.reading() as tx:
            found = dispatches.of_endpoint(tx, endpoint_id or self.first)
        return sorted(found, key=lambda one: (one.seq, one.turn))

    @property
    def status(self) -> Status:
        return self.endpoints.get(self.first).row.status


@pytest.fixture
def post(place: Place, tmp_path: Path) -> Iterator[Post]:
    clock = ManualClock()
    with open_tenant(place.where, place.tenant, tmp_path / "keys", clock) as tenant:
        yield Post(tenant, clock)


def a(topic: str, call: str | None = None, **more: str) -> Event:
    return Event(f"io.countenance.{topic}", call, **more)


def test_what_was_sealed_is_opened_for_the_receiver(post: Post) -> None:
    name = post.sealed("s1", b'{"participant_id":"p_1","probability":0.7}')
    post.put(a("t", "a", payload_id=name), a("u", body='{"x":1}'), a("v"))
    assert post.run() == [3]
    assert [body.get("data") for body in post.receiver.bodies] == [
        {"participant_id": "p_1", "probability": 0.7}, {"x": 1}, None,
    ]  # fmt: skip
    assert {parcel.url for parcel in post.receiver.parcels} == {URL}
    assert [len(parcel.secrets) for parcel in post.receiver.parcels] == [1, 1, 1]
    assert post.run() == []
    assert post.delivery.next_due_us() is None


def test_an_event_says_in_which_call_it_was_by_the_name_the_deployment_gave_it(post: Post) -> None:
    with post.tenant.store.transaction() as tx:
        open_call(tx, CallRow("ref-1", "support_qa", 0, post.tenant.vault.name(tx, "call", "call one")))
        open_call(tx, CallRow("ref-2", "support_qa", 0, "a tag that nobody knows"))
        open_call(tx, CallRow("ref-3", "support_qa", 0))
    post.put(*(a("t", f"ref-{n}") for n in (1, 2, 3)))
    assert post.run() == [3]
    assert [body["source"] for body in post.receiver.bodies] == [
        "/deployments/d/calls/call%20one", "/deployments/d", "/deployments/d",
    ]  # fmt: skip


def test_each_endpoint_gets_what_it_wants_on_its_own_schedule(post: Post) -> None:
    other = post.endpoints.add(NewEndpoint("https://two.example.com/", ("io.countenance.a*",)))[0].row.endpoint_id
    post.put(a("a1", "a"), a("b1", "b"))
    post.delivery.hand_out()
    for parcel in post.delivery.due():
        post.delivery.settle([(parcel, Answer(500 if parcel.dispatch.endpoint_id == other else 200))])
    assert [(row.topic, row.delivered_utc_us is not None) for row in post.rows()] == [
        ("io.countenance.a1", True), ("io.countenance.b1", True),
    ]  # fmt: skip
    assert [(row.topic, row.delivered_utc_us) for row in post.rows(other)] == [("io.countenance.a1", None)]
    ids = {row.event_id for row in post.rows(other)}
    assert ids < {row.event_id for row in post.rows()}
    assert (post.status, post.endpoints.get(other).row.status) == (Status.ACTIVE, Status.FAILING)


def test_a_call_keeps_its_order_while_others_go_on(post: Post) -> None:
    post.put(a("a1", "a"), a("a2", "a"), a("b1", "b"), a("b2", "b"))
    post.receiver.refuses = {"io.countenance.a1": Answer(500)}
    assert post.run() == [1, 1]
    assert post.receiver.topics == [f"io.countenance.{t}" for t in ("a1", "b1", "b2")]
    assert post.delivery.next_due_us() is not None
    post.receiver.refuses = {}
    post.clock.pass_us(WAITS_S[0] * SECOND_US)
    assert post.run() == [1, 1]
    assert post.receiver.topics[3:] == ["io.countenance.a1", "io.countenance.a2"]
    first, again = post.receiver.parcels[0], post.receiver.parcels[3]
    assert (first.key, first.body) == (again.key, again.body)


def test_what_is_on_its_way_is_not_sent_a_second_time(post: Post) -> None:
    post.put(a("a1", "a"), a("b1", "b"))
    post.delivery.hand_out()
    both = post.delivery.due()
    assert [one.key for one in post.delivery.due({both[0].key})] == [both[1].key]
    assert len(post.delivery.due(at_once=1)) == 1


@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("outbox.before_handing", 1), ("outbox.handed", 1), ("outbox.before_send", 1), ("outbox.after_send", 2),
        ("outbox.before_commit", 2), ("outbox.settled", 1),
    ],
)  # fmt: skip
def test_a_crash_at_any_point_repeats_under_the_same_id_and_loses_nothing(post: Post, point: str, sent: int) -> None:
    post.put(a("a1", "a"))
    with pytest.raises(FaultError):
        post.at(fail_at(point)).run(post.receiver)
    post.run()
    assert post.receiver.topics == ["io.countenance.a1"] * sent
    assert len({parcel.key for parcel in post.receiver.parcels}) == 1
    assert len(post.rows()) == 1


def test_attempts_follow_the_schedule_and_end_as_a_dead_letter(post: Post) -> None:
    post.put(a("a1", "a"), a("a2", "a"))
    post.receiver.refuses = {"io.countenance.a1": Answer(None, "no answer within 20 s")}
    waits = []
    for wait in WAITS_S:
        assert post.delivery.run(post.receiver) == 0
        post.clock.pass_us(wait * SECOND_US - 1)
        before = len(post.receiver.parcels)
        post.run()
        waits.append(len(post.receiver.parcels) - before)
        post.clock.pass_us(1)
    assert waits == [0] * len(WAITS_S)
    assert sum(WAITS_S) == 75 * 3600 + 35 * 60 + 5
    assert post.delivery.run(post.receiver) == 0
    assert post.run() == [1]
    assert post.receiver.topics == ["io.countenance.a1"] * 10 + ["io.countenance.a2"]
    assert [(row.attempts, row.problem, row.given_up_utc_us is not None) for row in post.rows()] == [
        (10, "no answer within 20 s", True), (1, None, False),
    ]  # fmt: skip


def test_jitter_makes_a_wait_longer_and_all_of_them_end_before_a_tombstone_does(post: Post) -> None:
    post.put(a("a1"))
    delivery = Delivery(post.tenant.vault, post.clock, Bodies("d"), draw=lambda: 1.0)
    delivery.run(lambda _: Answer(500))
    (row,) = post.rows()
    assert row.next_utc_us - (row.tried_utc_us or 0) == int(WAITS_S[0] * SECOND_US * (1 + JITTER))
    assert sum(WAITS_S) * (1 + JITTER) * SECOND_US < GIVEN_UP_US


@pytest.mark.parametrize("status", [199, 300, 301, 307, 400, 404, 500, 503])
def test_only_2xx_is_success(post: Post, status: int) -> None:
    post.put(a("a1"))
    post.receiver.refuses = {"io.countenance.a1": Answer(status)}
    assert post.run() == []
    (row,) = post.rows()
    assert (row.answer, row.problem, row.delivered_utc_us) == (status, f"the receiver answered {status}", None)
    assert post.endpoints.get(post.first).row.not_before_utc_us is None


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_receiver_that_is_overloaded_is_left_alone_as_a_whole(post: Post, status: int) -> None:
    post.put(a("a1", "a"), a("b1", "b"))
    post.delivery.hand_out()
    first = post.delivery.due(at_once=1)
    assert post.delivery.settle([(first[0], Answer(status))]) == {"failed": 1}
    assert post.delivery.due() == []
    post.clock.pass_us(WAITS_S[0] * SECOND_US)
    assert len(post.delivery.due()) == 2


def test_retry_after_is_honoured_up_to_a_day(post: Post) -> None:
    post.put(a("a1"))
    post.receiver.refuses = {"io.countenance.a1": Answer(503, "", 60 * SECOND_US)}
    post.run()
    post.clock.pass_us(60 * SECOND_US - 1)
    assert post.delivery.due() == []
    post.clock.pass_us(1)
    post.receiver.refuses = {"io.countenance.a1": Answer(429, "", 10**15)}
    assert post.run() == []
    post.clock.pass_us(LONGEST_PAUSE_US)
    post.receiver.refuses = {}
    assert post.run() == [1]
    assert post.status is Status.ACTIVE


def test_410_disables_the_endpoint_and_keeps_what_waited(post: Post) -> None:
    post.put(a("a1", "a"), a("a2", "a"))
    post.receiver.refuses = {"io.countenance.a1": Answer(410)}
    assert post.run() == []
    post.put(a("a3", "a"))
    assert post.run() == []
    assert post.status is Status.DISABLED
    assert post.receiver.topics == ["io.countenance.a1"]
    assert [row.given_up_utc_us is not None for row in post.rows()] == [True, True]
    post.receiver.refuses = {}
    assert post.endpoints.enable(post.first) == 3
    assert post.endpoints.enable(post.first) == 0
    post.run()
    assert post.receiver.topics[1:] == ["io.countenance.a1", "io.countenance.a2", "io.countenance.a3"]


def test_an_answer_that_comes_after_the_endpoint_was_disabled_counts(post: Post) -> None:
    post.put(a("a1", "a"), a("b1", "b"))
    post.delivery.hand_out()
    one, other = post.delivery.due()
    assert post.delivery.settle([(one, Answer(410)), (other, Answer(200))]) == {"disabled": 1, "delivered": 1}
    assert [(row.delivered_utc_us is None, row.given_up_utc_us is None) for row in post.rows()] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert post.status is Status.DISABLED
    since = post.endpoints.get(post.first).row.failing_utc_us
    post.clock.pass_us(1)
    assert post.delivery.settle([(one, Answer(410))]) == {"disabled": 1}
    assert post.endpoints.get(post.first).row.failing_utc_us == since
    assert post.delivery.settle([]) == {}


def test_nothing_is_sent_of_someone_who_was_erased(post: Post) -> None:
    name = post.sealed("s1", b"a reading")
    post.put(a("a1", "a", payload_id=name), a("a2", "a"))
    with post.tenant.store.transaction() as tx:
        post.tenant.vault.forget(tx, "s1")
    assert post.delivery.run(post.receiver) == 0
    assert post.run() == [1]
    assert post.receiver.topics == ["io.countenance.a2"]
    assert post.rows()[0].problem == "the person was erased"


def test_receivers_are_told_of_an_erasure_whatever_types_they_asked_for(post: Post) -> None:
    narrow = post.endpoints.add(NewEndpoint("https://two.example.com/", ("io.countenance.a1",)))[0].row.endpoint_id
    post.put(Event(TOPIC, "a", body='{"participant_id":"p_1"}'))
    assert TOPIC == ERASED
    assert post.run() == [2]
    assert [row.topic for row in post.rows(narrow)] == [ERASED]
    assert [body["data"] for body in post.receiver.bodies] == [{"participant_id": "p_1"}] * 2


def test_many_events_are_handed_out_in_portions(post: Post) -> None:
    post.put(*(a(f"n{n}") for n in range(5)))
    assert [post.delivery.hand_out(2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(post.rows()) == 5


def test_the_hook_outside_tests_does_nothing() -> None:
    nowhere("outbox.before_send")
