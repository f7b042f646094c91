"""People who may be read for a group alone: the group is told of, and nobody of it is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene, signal

from countenance.contracts.call import FACE, TEXT, VOICE, Purpose, Role
from countenance.contracts.errors import StorageError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Abstain, Reason, Signal
from countenance.contracts.trust import ConsentStatus
from countenance.link.messages import Ask, Done, Finished, Granted
from countenance.server.live import Joining, LiveCall, NewCall
from countenance.server.outgoing import GROUP_ALONE, aggregate_only
from countenance.server.scopes import Position
from countenance.surface.envelope import AGGREGATE

WINDOW_US = 300 * SECOND_US


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, jurisdictions=["EU"], facts={"minor": "adult"})


async def panel(scene: Scene, people: int) -> LiveCall:
    who = tuple(Joining(f"P{n}", Role.PANELIST, f"person-{n}") for n in range(people))
    live = await scene.one.calls.open(NewCall(purpose=Purpose.FOCUS_GROUP, participants=who))
    for one in live.call.participants:
        await scene.one.calls.show(live.id, one.id)
        await scene.one.calls.answer(live.id, one.id, FACE, ConsentStatus.GIVEN)
    return live


async def second(scene: Scene, live: LiveCall, at_us: int, share: float = 0.7) -> Sequence[str]:
    """Everybody is read for a second; returns the types of what was told because of it."""
    owner, before = scene.pool.owners[live.id], live.stream.last
    granted = await owner.hear(Ask(live.id, at_us, at_us + SECOND_US))
    assert isinstance(granted, Granted)
    finished = tuple(Finished(one, {FACE: 1}, {}, '{"scores":{"engaged":0.5}}') for one in granted.leases)
    read = tuple(_of(one.participant_id, at_us, share) for one in granted.leases)
    await owner.hear(Done(live.id, finished, read))
    return [kind for sequence, kind in _said(live) if sequence > before]


def _of(who: str, at_us: int, share: float) -> Signal:
    made = signal(who, at_us + SECOND_US)
    return replace(made, labels={"disengaged": replace(made.labels["disengaged"], value=share)})


def _said(live: LiveCall) -> list[tuple[str, str]]:
    return [(sequence, str(event["type"])) for sequence, event in live.stream._ring if event is not None]


async def test_where_only_groups_may_be_read_nothing_is_told_of_one_person(scene: Scene) -> None:
    live = await panel(scene, 10)
    who = live.call.participants[0].id
    assert aggregate_only(live.running, who)
    assert live.running.rulings[who, FACE].duties.aggregate_k == 10
    assert await second(scene, live, 0) == []
    assert await second(scene, live, WINDOW_US) == [AGGREGATE]
    await scene.one.calls.end(live.id)
    event: Any = next(one for _, one in live.stream._ring if one is not None and one["type"] == AGGREGATE)
    assert event["data"] == {
        "group": {"size": 10, "k": 10},
        "window": {"start_us": 0, "end_us": WINDOW_US},
        "taxonomy": "engagement.v1",
        "means": {"disengaged": 0.7},
    }
    assert "subject" not in event
    assert event["dataclassification"] == "confidential"


async def test_nothing_of_one_person_is_kept_and_their_results_are_in_the_log(scene: Scene) -> None:
    live = await panel(scene, 10)
    who = live.call.participants[0].id
    await second(scene, live, 0)
    async with scene.client(scene.token(live, who)) as client:
        own = (await client.get(f"/v1/calls/{live.id}/participants/{who}/readings")).json()["items"]
    assert [one["data"] for one in own] == [json.loads(GROUP_ALONE)]
    assert len(scene.entries("RESULT")) == 10


async def test_the_group_is_told_to_whoever_may_see_the_call_and_stays_with_it(scene: Scene) -> None:
    live = await panel(scene, 11)
    await second(scene, live, 0, 0.25)
    await second(scene, live, WINDOW_US)
    await scene.one.calls.end(live.id)
    scene.one.calls._calls.clear()  # as after a start
    async with scene.client(scene.key(Position.SUPERVISOR)) as client:
        found = (await client.get(f"/v1/calls/{live.id}/aggregate")).json()
        unknown = await client.get("/v1/calls/nothing/aggregate")
    assert [(one["group"]["size"], one["means"]) for one in found["items"]] == [(11, {"disengaged": 0.25})]
    assert unknown.status_code == 404
    delivery = [one["type"] for one in _letters(scene)]
    assert delivery.count(AGGREGATE) == 1


def _letters(scene: Scene) -> list[dict[str, Any]]:
    from countenance.control.delivery import letter_of
    from countenance.storage.outbox import unhanded
    from countenance.surface.webhooks import Bodies

    vault = scene.one.tenant.vault
    with vault.store.reading() as tx:
        return [json.loads(Bodies("d").write(letter_of(vault, tx, one), full=True)) for one in unhanded(tx)]


async def test_a_group_of_nine_is_not_told_of(scene: Scene) -> None:
    live = await panel(scene, 9)
    await second(scene, live, 0)
    assert await second(scene, live, WINDOW_US) == []


async def test_who_takes_their_yes_back_takes_their_share_out_of_the_window(scene: Scene) -> None:
    live = await panel(scene, 10)
    await second(scene, live, 0)
    await scene.one.calls.stop(live.id, live.call.participants[3].id, [FACE])
    assert AGGREGATE not in await second(scene, live, WINDOW_US)


async def test_who_is_erased_is_in_no_group_any_more(scene: Scene) -> None:
    live = await panel(scene, 10)
    await second(scene, live, 0)
    async with scene.client() as client:
        assert (await client.post("/v1/subjects/erase", json={"person": "person-3"})).status_code == 200
    assert AGGREGATE not in await second(scene, live, WINDOW_US)
    assert len(live.running.left) == 1


async def test_what_is_not_durable_is_not_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await panel(scene, 10)
    await second(scene, live, 0)

    def full(*_: object) -> None:
        raise StorageError("the disk is full", "Make room.")

    monkeypatch.setattr(live.out._groups, "keep", full)
    assert await second(scene, live, WINDOW_US) == []


async def test_people_who_may_be_read_by_a_reviewer_are_told_of_as_a_group_too(scene: Scene) -> None:
    two = scene.site.tenants["two"]
    people = tuple(Joining(f"P{n}", Role.CUSTOMER, f"person-{n}") for n in range(10))
    live = await two.calls.open(NewCall(participants=people))
    for one in live.call.participants:
        await two.calls.show(live.id, one.id)
        await two.calls.answer(live.id, one.id, FACE, ConsentStatus.GIVEN)
    assert not aggregate_only(live.running, live.call.participants[0].id)
    assert len(await second(scene, live, 0)) == 10
    assert (await second(scene, live, WINDOW_US))[-1] == AGGREGATE


async def test_a_second_without_a_reading_counts_for_nothing(scene: Scene) -> None:
    live = await panel(scene, 10)
    await second(scene, live, 0)
    owner = scene.pool.owners[live.id]
    who = live.call.participants[0].id
    silent = replace(signal(who, WINDOW_US), abstain=Abstain(Reason.NO_FACE, ""), label=None)
    await owner.hear(Done(live.id, (), (silent,)))
    assert await second(scene, live, WINDOW_US) == [AGGREGATE]


async def test_the_gate_is_asked_about_groups_only_where_nobody_may_be_read_alone(scene: Scene) -> None:
    student = Joining("S", Role.STUDENT, "student-1")
    live = await scene.one.calls.open(NewCall(purpose=Purpose.EDUCATION_ENGAGEMENT, participants=(student,)))
    (who,) = live.running.seats
    found = {modality: live.running.rulings[who, modality] for modality in (FACE, VOICE, TEXT)}
    assert not found[FACE].allowed
    assert not found[VOICE].allowed
    assert found[TEXT].allowed
    assert found[TEXT].case.consequence == "aggregate_only"
