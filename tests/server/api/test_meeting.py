"""The relay of a call: whoever is there hears who comes and goes, and what is said to them; nobody else does."""

import json

import pytest
from tests.server.api.scene import Scene
from tests.server.api.test_answers import ANA, BEN, begun, ids

from countenance.server.meeting import MOST_BYTES, MOST_WAITING, Meeting, Meetings, Member


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


def heard(member: Member) -> list[dict[str, object]]:
    found = []
    while not member.outbox.empty():
        text = member.outbox.get_nowait()
        found.append({"type": "closed"} if text is None else json.loads(text))
    return found


def test_a_newcomer_hears_who_is_there_and_the_others_hear_of_them(meeting: Meeting) -> None:
    ana, ben = Member("p_1", "Ana"), Member("p_2", "Ben")
    meeting.enter(ana)
    meeting.enter(ben)
    assert heard(ben) == [{"type": "here", "people": [{"id": "p_1", "name": "Ana"}]}]
    assert heard(ana) == [{"type": "here", "people": []}, {"type": "came", "person": {"id": "p_2", "name": "Ben"}}]
    meeting.leave(ben)
    assert heard(ana) == [{"type": "left", "id": "p_2"}]
    assert len(meeting) == 1


def test_what_is_said_to_one_reaches_one_and_to_nobody_reaches_all(meeting: Meeting) -> None:
    ana, ben, cleo = (Member(f"p_{n}", name) for n, name in enumerate(("Ana", "Ben", "Cleo")))
    for one in (ana, ben, cleo):
        meeting.enter(one)
    for one in (ana, ben, cleo):
        heard(one)
    assert meeting.pass_on(ana, '{"to": "p_1", "data": {"candidate": 1}}')
    assert (heard(ben), heard(cleo)) == ([{"type": "said", "from": "p_0", "data": {"candidate": 1}}], [])
    assert meeting.pass_on(ana, '{"to": null, "data": {"bye": true}}')
    assert [len(heard(one)) for one in (ana, ben, cleo)] == [0, 1, 1]
    assert meeting.pass_on(ana, '{"to": "p_9", "data": 1}'), "who has just gone hears nothing"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"to": 1}', '{"to": "p_1", "data": "' + "x" * MOST_BYTES + '"}'])
def test_what_is_no_message_is_passed_to_nobody(meeting: Meeting, text: str) -> None:
    ana, ben = Member("p_1", "Ana"), Member("p_2", "Ben")
    meeting.enter(ben)
    meeting.enter(ana)
    heard(ana)
    assert not meeting.pass_on(ben, text)
    assert heard(ana) == []


def test_whoever_floods_another_is_sent_away_and_the_other_stays(meeting: Meeting) -> None:
    ana, ben = Member("p_1", "Ana"), Member("p_2", "Ben")
    meeting.enter(ana)
    meeting.enter(ben)
    told = [meeting.pass_on(ben, '{"to": "p_1", "data": 1}') for _ in range(MOST_WAITING)]
    assert told.count(False) >= 1
    assert len(meeting) == 2


def test_a_second_page_of_a_person_takes_the_place_of_the_first(meeting: Meeting) -> None:
    first, second = Member("p_1", "Ana"), Member("p_1", "Ana")
    meeting.enter(first)
    meeting.enter(second)
    assert heard(first)[-1] == {"type": "closed"}
    meeting.leave(first)
    assert len(meeting) == 1


def test_a_meeting_nobody_is_in_is_forgotten() -> None:
    meetings = Meetings()
    member = Member("p_1", "Ana")
    meetings.of("one", "c_1").enter(member)
    meetings.tidy("one", "c_1")
    assert len(meetings.of("one", "c_1")) == 1
    meetings.of("one", "c_1").leave(member)
    meetings.tidy("one", "c_1")
    assert meetings._by_call == {}


async def test_an_invitation_signs_in_to_the_pages_of_that_person(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA, BEN)
        address = f"/v1/calls/{call['call_id']}/participants/{ids(call)[0]}/tokens"
        made = (await client.post(address, json={})).json()
    assert made["url"] == f"http://test/sign-in#{made['token']}"
    async with scene.client({"Accept": "*/*"}) as browser:
        began = (await browser.post("/session", json={"credential": made["token"]})).json()
        assert began["next"] == f"/join/{call['call_id']}?me={ids(call)[0]}"
        for page in (began["next"], f"/call/{call['call_id']}", f"/me/{call['call_id']}"):
            assert (await browser.get(page)).status_code == 200
        assert (await browser.get(f"/me/{call['call_id']}?me={ids(call)[1]}")).status_code == 404
