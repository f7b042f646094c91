"""What leaves: at least once, under one id, each call in its order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.audit.logs import FaultError, fail_at
from tests.conftest import Place

from countenance.contracts.errors import DeliveryError
from countenance.control.delivery import WAITS_S, Delivery, Letter
from countenance.control.opening import Tenant, open_tenant
from countenance.storage import outbox
from countenance.storage.outbox import Event
from countenance.storage.points import nowhere
from countenance.storage.store import Transaction
from countenance.storage.tables import outbox as table
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000


class Receiver:
    """Takes letters, or not."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refuses: set[str] = set()

    def __call__(self, letter: Letter) -> None:
        self.letters.append(letter)
        if letter.topic in self.refuses:
            raise DeliveryError("500 from the receiver", "")

    @property
    def topics(self) -> list[str]:
        return [letter.topic for letter in self.letters]


class Post:
    """A tenant with an outbox and a receiver."""

    def __init__(self, tenant: Tenant, clock: ManualClock) -> None:
        self.tenant, self.clock, self.receiver = tenant, clock, Receiver()
        self.delivery = Delivery(tenant.vault, clock, self.receiver)

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
        while taken := self.delivery.run():
            rounds.append(taken)
        return rounds


@pytest.fixture
def post(place: Place, tmp_path: Path) -> Iterator[Post]:
    clock = ManualClock()
    with open_tenant(place.where, place.tenant, tmp_path / "keys", clock) as tenant:
        yield Post(tenant, clock)


def test_what_was_sealed_is_opened_for_the_receiver(post: Post) -> None:
    name = post.sealed("s1", b"a reading")
    post.put(Event("t", "a", payload_id=name), Event("u", body="{}"), Event("v"))
    assert post.run() == [3]
    assert [(one.topic, one.payload, one.call_ref, one.seq) for one in post.receiver.letters] == [
        ("t", b"a reading", "a", 0), ("u", b"{}", None, 0), ("v", b"", None, 0),
    ]  # fmt: skip
    assert post.run() == []


def test_a_call_keeps_its_order_while_others_go_on(post: Post) -> None:
    post.put(Event("a1", "a"), Event("a2", "a"), Event("b1", "b"), Event("b2", "b"))
    post.receiver.refuses = {"a1"}
    assert post.run() == [1, 1]
    assert post.receiver.topics == ["a1", "b1", "b2"]
    post.receiver.refuses = set()
    post.clock.pass_us(WAITS_S[0] * SECOND_US)
    assert post.run() == [1, 1]
    assert post.receiver.topics[3:] == ["a1", "a2"]
    assert post.receiver.letters[0].event_id == post.receiver.letters[3].event_id


@pytest.mark.parametrize(
    ("point", "sent"),
    [("outbox.before_send", 1), ("outbox.after_send", 2), ("outbox.before_commit", 2), ("outbox.delivered", 1)],
)
def test_a_crash_at_any_point_repeats_under_the_same_id_and_loses_nothing(post: Post, point: str, sent: int) -> None:
    post.put(Event("a1", "a"))
    with pytest.raises(FaultError):
        Delivery(post.tenant.vault, post.clock, post.receiver, fail_at(point)).run()
    post.run()
    assert post.receiver.topics == ["a1"] * sent
    assert len({letter.event_id for letter in post.receiver.letters}) == 1


def test_attempts_follow_the_schedule_and_end(post: Post) -> None:
    post.put(Event("a1", "a"), Event("a2", "a"))
    post.receiver.refuses = {"a1"}
    waits = []
    for wait in WAITS_S:
        assert post.delivery.run() == 0
        post.clock.pass_us(wait * SECOND_US - 1)
        before = len(post.receiver.letters)
        post.run()
        waits.append(len(post.receiver.letters) - before)
        post.clock.pass_us(1)
    assert waits == [0] * len(WAITS_S)
    assert sum(WAITS_S) == 75 * 3600 + 35 * 60 + 5
    assert post.delivery.run() == 0
    assert post.run() == [1]
    assert post.receiver.topics == ["a1"] * 10 + ["a2"]
    with post.tenant.store.reading() as tx:
        rows = tx.rows(tx.select(table).order_by(table.c.turn))
    assert [(row.attempts, row.problem, row.given_up_utc_us is not None) for row in rows] == [
        (10, "500 from the receiver", True), (1, None, False),
    ]  # fmt: skip


def test_nothing_is_sent_of_someone_who_was_erased(post: Post) -> None:
    name = post.sealed("s1", b"a reading")
    post.put(Event("a1", "a", payload_id=name), Event("a2", "a"))
    with post.tenant.store.transaction() as tx:
        post.tenant.vault.forget(tx, "s1")
    assert post.delivery.run() == 0
    assert post.run() == [1]
    assert post.receiver.topics == ["a2"]


def test_the_hook_outside_tests_does_nothing() -> None:
    nowhere("outbox.before_send")
