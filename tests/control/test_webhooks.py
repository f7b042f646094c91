"""The endpoints of a tenant: what can be done with them, and what is kept of their secrets."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.control.test_delivery import URL, Post, a

from countenance.contracts.errors import NotFoundError, UsageError
from countenance.control.delivery import Answer
from countenance.control.opening import open_tenant
from countenance.control.webhooks import MOST_ENDPOINTS, OVERLAP_US, Endpoints, NewEndpoint
from countenance.storage import outbox
from countenance.storage.endpoints import Status
from countenance.storage.engine import FILE
from countenance.storage.points import nowhere
from countenance.storage.rotation import rotate
from countenance.storage.vault import Vault
from countenance.surface.destinations import Allowed
from countenance.surface.webhooks import TEST, verifier_of
from countenance.testing.clocks import ManualClock


@pytest.fixture
def post(place: Place, tmp_path: Path) -> Iterator[Post]:
    clock = ManualClock()
    with open_tenant(place.where, place.tenant, tmp_path / "keys", clock) as tenant:
        yield Post(tenant, clock)


def scopes(post: Post) -> list[object]:
    return [entry.body["scope"] for entry in post.tenant.log.entries() if "scope" in entry.body]


def signed_with(post: Post) -> tuple[str, ...]:
    """What the next attempt is signed with, as its receiver knows it."""
    post.put(a("t"))
    post.delivery.hand_out()
    parcels = post.delivery.due()
    post.delivery.settle([(parcel, Answer(200)) for parcel in parcels])
    return tuple(map(verifier_of, parcels[0].secrets))


def test_an_endpoint_is_shown_without_its_secret(post: Post) -> None:
    post.clock.pass_us(1)
    shown, secret = post.endpoints.add(NewEndpoint("https://two.example.com/x?y=1", ("engagement_low",)), "key:7")
    assert secret.startswith("whsec_")
    assert (shown.url, shown.public_key, shown.row.types, shown.row.with_data) == (
        "https://two.example.com/x?y=1", None, ("io.countenance.signal.engagement_low.*",), False,
    )  # fmt: skip
    assert secret not in repr(shown)
    assert [one.url for one in post.endpoints.every()] == [URL, shown.url]
    last = post.tenant.log.entries()[-1]
    assert (last.kind, last.body) == (
        "CONFIG", {"scope": "webhook.added", "items": [shown.row.endpoint_id], "actor": "key:7"},
    )  # fmt: skip


def test_an_ed25519_endpoint_shows_its_public_key(post: Post) -> None:
    shown, public = post.endpoints.add(NewEndpoint("https://two.example.com/", asymmetric=True))
    assert shown.public_key == public
    again = post.endpoints.rotate(shown.row.endpoint_id)
    assert again.startswith("whpk_")
    assert again != public


def test_neither_addresses_nor_secrets_lie_open_in_the_database(tmp_path: Path) -> None:
    with open_tenant(tmp_path / "store", keys=tmp_path / "keys") as tenant:
        endpoints = Endpoints(tenant.log, tenant.vault, tenant.clock)
        _, secret = endpoints.add(NewEndpoint("https://two.example.com/hook/T0KEN"))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").glob(f"{FILE}*"))
    assert b"endpoints" in kept
    for word in (b"two.example.com", b"T0KEN", secret.encode(), secret.removeprefix("whsec_").encode()):
        assert word not in kept


def test_secrets_outlive_a_rotation_of_the_keys_and_a_restart(post: Post) -> None:
    before = signed_with(post)
    rotate(post.tenant.vault)
    post.tenant = replace(post.tenant, vault=Vault.open(post.tenant.keys, post.tenant.store, post.clock))
    post.delivery = post.at(nowhere)
    assert signed_with(post) == before


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (NewEndpoint("http://two.example.com/"), "https"),
        (NewEndpoint("https://127.0.0.1/"), "not public"),
        (NewEndpoint(URL, ("everything",)), "no type of event"),
        (NewEndpoint(URL, full=True), "health data"),
    ],
)
def test_what_may_not_be_is_refused_and_nothing_is_kept(post: Post, new: NewEndpoint, problem: str) -> None:
    careful = Endpoints(post.tenant.log, post.tenant.vault, post.clock, phi=True)
    with pytest.raises(UsageError, match=problem):
        careful.add(new)
    assert len(post.endpoints.every()) == 1
    assert scopes(post) == ["webhook.added"]


def test_the_operator_may_list_networks(post: Post) -> None:
    own = Endpoints(post.tenant.log, post.tenant.vault, post.clock, Allowed.of(["10.0.0.0/8"]))
    assert own.add(NewEndpoint("https://10.1.2.3/"))[0].url == "https://10.1.2.3/"


def test_there_are_not_more_endpoints_than_can_be_served(post: Post) -> None:
    for n in range(1, MOST_ENDPOINTS):
        post.endpoints.add(NewEndpoint(f"https://{n}.example.com/"))
    with pytest.raises(UsageError, match="at most 50"):
        post.endpoints.add(NewEndpoint("https://two.example.com/"))


def test_for_a_day_both_secrets_sign(post: Post) -> None:
    (old,) = signed_with(post)
    new = post.endpoints.rotate(post.first)
    assert signed_with(post) == (new, old)
    post.clock.pass_us(OVERLAP_US - 1)
    assert signed_with(post) == (new, old)
    post.clock.pass_us(1)
    assert signed_with(post) == (new,)
    newest = post.endpoints.rotate(post.first)
    assert signed_with(post) == (newest, new)


def test_a_removed_endpoint_gets_nothing_and_is_forgotten(post: Post) -> None:
    post.put(a("t", "a"))
    post.delivery.hand_out()
    post.endpoints.remove(post.first)
    post.put(a("u", "a"))
    assert post.run() == []
    assert post.receiver.parcels == []
    assert [row.problem for row in post.rows()] == ["the endpoint is removed"]
    assert post.endpoints.every() == ()
    with post.tenant.store.reading() as tx:
        assert post.tenant.vault.sealed_of(tx, post.first) == ()
    actions: tuple[Callable[[str], object], ...] = (
        post.endpoints.get, post.endpoints.remove, post.endpoints.rotate, post.endpoints.enable, post.endpoints.test,
        post.endpoints.log, post.endpoints.replay_dead,
    )  # fmt: skip
    for act in actions:
        for name in (post.first, "f" * 32):
            with pytest.raises(NotFoundError, match="there is no endpoint"):
                act(name)


def test_a_test_event_says_nothing_of_anyone_and_is_in_the_delivery_log(post: Post) -> None:
    other = post.endpoints.add(NewEndpoint("https://two.example.com/"))[0].row.endpoint_id
    name = post.endpoints.test(post.first)
    looked_at = post.delivery.parcel(post.first, name)
    assert post.delivery.parcel(post.first, "unknown") is None
    assert post.run() == [1]
    (parcel,) = post.receiver.parcels
    assert looked_at == parcel
    assert parcel.dispatch.topic == TEST
    assert parcel.dispatch.event_id == name
    assert post.receiver.bodies[0]["data"] == {"message": "This is a test."}
    (kept,) = post.endpoints.log(post.first)
    assert (kept.event_id, kept.answer, kept.attempts) == (name, 204, 1)
    assert post.endpoints.log(other) == ()


def test_one_event_is_sent_again_under_its_id(post: Post) -> None:
    post.put(a("t", "a"), a("u", "a"))
    post.run()
    name = post.receiver.parcels[0].dispatch.event_id
    assert post.endpoints.replay(post.first, name) == 1
    assert post.run() == [1]
    assert [parcel.dispatch.event_id for parcel in post.receiver.parcels].count(name) == 2
    with pytest.raises(NotFoundError, match="no event"):
        post.endpoints.replay(post.first, "f" * 32)
    assert scopes(post).count("webhook.replayed") == 1


def test_what_came_before_an_endpoint_was_added_can_be_sent_to_it(post: Post) -> None:
    post.put(a("t", "a"), a("u", "a"))
    post.run()
    late = post.endpoints.add(NewEndpoint("https://two.example.com/", ("io.countenance.t",)))[0].row.endpoint_id
    post.put(a("t2", "a"))
    name = next(one.dispatch.event_id for one in post.receiver.parcels if one.dispatch.topic.endswith(".t"))
    assert post.endpoints.replay(late, name) == 1
    assert post.endpoints.replay_since(late, 0) == 0
    assert [row.topic for row in post.endpoints.log(late)] == ["io.countenance.t"]
    with pytest.raises(NotFoundError):
        post.endpoints.replay(late, post.receiver.parcels[1].dispatch.event_id)


def test_an_event_that_was_not_handed_on_yet_comes_by_itself_and_once(post: Post) -> None:
    post.put(a("t", "a"))
    with post.tenant.store.reading() as tx:
        (event,) = outbox.unhanded(tx)
    with pytest.raises(NotFoundError, match="no event"):
        post.endpoints.replay(post.first, event.event_id)
    assert post.endpoints.replay_since(post.first, 0) == 0
    assert post.run() == [1]


def test_dead_letters_are_sent_again(post: Post) -> None:
    post.put(a("t", "a"))
    post.receiver.refuses = {"io.countenance.t": Answer(410)}
    post.run()
    with pytest.raises(UsageError, match="Enable it first"):
        post.endpoints.replay_dead(post.first)
    with pytest.raises(UsageError, match="disabled"):
        post.endpoints.test(post.first)
    post.receiver.refuses = {"io.countenance.t": Answer(500)}
    assert post.endpoints.enable(post.first) == 1
    for _ in range(10):
        post.clock.pass_us(86_400_000_000)
        post.run()
    assert post.rows()[0].attempts == 10
    assert post.endpoints.replay_dead(post.first) == 1
    assert post.endpoints.replay_dead(post.first) == 0
    post.receiver.refuses = {}
    assert post.run() == [1]
    assert post.status is Status.ACTIVE


def test_an_endpoint_that_comes_back_goes_on_where_it_was(post: Post) -> None:
    post.put(a("t1", "a"))
    post.run()
    post.clock.pass_us(1)
    post.receiver.refuses = {"io.countenance.t2": Answer(410)}
    post.put(a("t2", "a"), a("t3", "a"))
    post.run()
    post.put(a("t4", "a"))
    post.run()
    post.receiver.refuses = {}
    assert post.endpoints.enable(post.first) == 3
    post.run()
    assert post.receiver.topics == [f"io.countenance.t{n}" for n in (1, 2, 2, 3, 4)]


def test_many_missed_events_are_queued_page_by_page(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countenance.control.webhooks.PAGE", 2)
    late = Endpoints(post.tenant.log, post.tenant.vault, post.clock)
    post.put(*(a(f"t{n}", "a") for n in range(5)))
    post.run()
    name = late.add(NewEndpoint("https://two.example.com/"))[0].row.endpoint_id
    assert late.replay_since(name, 0) == 5
    assert [row.topic for row in post.rows(name)] == [f"io.countenance.t{n}" for n in range(5)]
