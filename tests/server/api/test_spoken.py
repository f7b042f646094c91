"""What was said last on a coached call: for the reviewer of who said it, as long as they let their words be read."""

import json
from pathlib import Path

import pytest
from tests.server.api.scene import Scene
from tests.server.api.sockets import listening
from tests.server.coached import NO_HOLDOUT, CoachedCall
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from countenance.contracts.call import TEXT
from countenance.contracts.media import SECOND_US, Utterance
from countenance.server.scopes import Position


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, coaching=NO_HOLDOUT)


def following(scene: Scene, call: CoachedCall, at: str, position: Position = Position.COACH) -> connect:
    headers = scene.reviewer(position) if position is Position.COACH else scene.key(position)
    address = f"ws://{at}{call.path('/coaching/words')}"
    return connect(address, additional_headers=headers, subprotocols=[Subprotocol("words.json")])


async def says(call: CoachedCall, who: str, text: str) -> None:
    start_us = call.second * SECOND_US
    words = Utterance("", who, start_us, start_us + SECOND_US, text)
    await call.pass_second(0.7, words=(words,))


async def test_a_reviewer_reads_what_was_said_until_it_is_taken_back(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await says(call, call.ana, "What does that mean for us?")
    await says(call, call.ben, "Nobody may read this.")
    async with listening(scene.app) as at, following(scene, call, at) as socket:
        first = json.loads(await socket.recv())["lines"]
        await scene.one.calls.stop(call.live.id, call.ana, [TEXT])
        second = json.loads(await socket.recv())["lines"]
    assert [(one["participant_id"], one["text"]) for one in first] == [(call.ana, "What does that mean for us?")]
    assert second == []


async def test_who_reads_the_words_stands_in_the_log_once(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await says(call, call.ana, "One.")
    async with listening(scene.app) as at, following(scene, call, at) as socket:
        await socket.recv()
        await says(call, call.ana, "Two.")
        assert len(json.loads(await socket.recv())["lines"]) == 2
    looks = [one for one in scene.entries("ACCESS") if one["call_ref"] == call.live.running.call_ref]
    assert [(one["actor"], one["reason"]) for one in looks] == [("reviewer:coach-7", "live")]


async def test_nobody_else_reads_them_and_calls_without_a_coach_have_none(scene: Scene) -> None:
    coached, alone = await CoachedCall.begin(scene), await CoachedCall.begin(scene, None)
    async with listening(scene.app) as at:
        for call, position, status in ((coached, Position.SUPERVISOR, 403), (alone, Position.COACH, 404)):
            with pytest.raises(InvalidStatus) as refused:
                async with following(scene, call, at, position):
                    pass
            assert refused.value.response.status_code == status
