"""What stands beside readings: words that are not stored, comments, scorecards, recordings of the operator's own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tests.capture.test_waves import wav
from tests.server.api.scene import Scene
from tests.server.api.served import serving
from tests.server.pages.told import Told, tell

from countenance.server.scopes import Position


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("review"))


@pytest.fixture(scope="module")
def told(scene: Scene) -> Iterator[Told]:
    with serving(scene.app) as address:
        yield tell(scene, address, 12)


@pytest.fixture
async def coach(scene: Scene, told: Told) -> AsyncIterator[httpx.AsyncClient]:
    async with scene.client(scene.reviewer()) as client:
        client.base_url = httpx.URL(f"http://test/v1/calls/{told.call_id}/")
        yield client


async def test_words_are_shown_while_they_are_remembered_and_are_stored_nowhere(
    scene: Scene, told: Told, coach: httpx.AsyncClient
) -> None:
    now = (await coach.get("review")).json()
    live = scene.one.calls._calls.pop(told.call_id)
    later = (await coach.get("review")).json()
    scene.one.calls._calls[told.call_id] = live
    assert now["transcript_kept"] is True
    assert [one["participant_id"] for one in now["transcript"]][:2] == [told.ben, told.ana]
    assert (later["transcript_kept"], later["transcript"]) == (False, [])


async def test_a_comment_is_taken_back_by_who_wrote_it_alone(
    scene: Scene, told: Told, coach: httpx.AsyncClient
) -> None:
    body = {"participant_id": told.ana, "at_us": 4_000_000, "words": "A good question."}
    written = await coach.post("comments", json=body)
    path = f"/v1/calls/{told.call_id}/comments"
    other = {"Authorization": f"Bearer {scene.one.tokens.for_reviewer('coach-8', Position.COACH)}"}
    async with scene.client(other) as second:
        seen = (await second.get(path)).json()["items"]
        refused = await second.delete(f"{path}/{written.json()['comment_id']}")
    assert [(one["words"], one["own"]) for one in seen] == [("A good question.", False)]
    assert refused.status_code == 404
    assert (await coach.delete(f"comments/{written.json()['comment_id']}")).status_code == 204
    assert (await coach.get("comments")).json()["items"] == []


async def test_a_scorecard_is_its_reviewers_own(scene: Scene, told: Told, coach: httpx.AsyncClient) -> None:
    path = f"participants/{told.ben}/scorecard"
    assert (await coach.get(path)).json() == {"answers": [], "said_at": None}
    for score in (3, 5):
        body = {
            "answers": [{"question": "listened", "score": score}, {"question": "agreed a next step", "score": None}]
        }
        assert (await coach.put(path, json=body)).status_code == 200
    kept = (await coach.get(path)).json()["answers"]
    assert [one["score"] for one in kept] == [5, None]
    other = {"Authorization": f"Bearer {scene.one.tokens.for_reviewer('coach-8', Position.COACH)}"}
    async with scene.client(other) as second:
        assert (await second.get(f"/v1/calls/{told.call_id}/{path}")).json()["answers"] == []
    many = {"answers": [{"question": str(n), "score": 1} for n in range(21)]}
    assert (await coach.put(path, json=many)).status_code == 422


async def test_who_is_not_the_named_reviewer_writes_and_sees_nothing(scene: Scene, told: Told) -> None:
    body = {"participant_id": told.ana, "at_us": 0, "words": "x"}
    async with scene.client(scene.reviewer(Position.TEACHER)) as teacher:
        path = f"/v1/calls/{told.call_id}"
        assert (await teacher.post(f"{path}/comments", json=body)).json()["type"] == "/problems/reviewer-required"
        assert (await teacher.get(f"{path}/media")).status_code == 403
        assert (await teacher.get(f"{path}/media/wave")).status_code == 403
        assert (await teacher.get(f"{path}/review")).json()["transcript"] == []
    async with scene.client() as operator:
        assert (await operator.get(f"{path}/comments")).status_code == 403


async def test_a_recording_that_the_operator_keeps_is_played_until_somebody_is_erased(
    scene: Scene, told: Told, coach: httpx.AsyncClient, tmp_path: Path
) -> None:
    assert (await coach.get("review")).json()["media"] is None
    assert (await coach.get("media")).status_code == 404
    media = scene.config.media.model_copy(update={"kept": tmp_path})
    scene.site.config = scene.config.model_copy(update={"media": media})
    (tmp_path / f"{told.call_id}.wav").write_bytes(b"RIFF")
    assert (await coach.get("review")).json()["media"] == "audio/wav"
    assert (await coach.get("media")).content == b"RIFF"
    assert "media" in [body["scope"] for body in scene.entries("ACCESS")]
    assert (await coach.get("media/wave")).json() == {"duration_us": 0, "tracks": []}
    wav(tmp_path / f"{told.call_id}.wav", [0, 80, 20])
    both = await asyncio.gather(coach.get("media/wave"), coach.get("media/wave"))
    first, second = (one.json() for one in both)
    assert first == second
    assert (first["duration_us"], max(first["tracks"][0]["peaks"])) == (3_000_000, 255)
    assert len(scene.site.waves._known) == 2, "worked out once for each state of the file"
    async with scene.client() as operator:
        await operator.post("/v1/subjects/erase", json={"person": "agent-4"})
    after = (await coach.get("review")).json()
    assert (after["media"], len(after["erased"])) == (None, 1)
    assert (await coach.get("media")).status_code == 404
    assert (await coach.get("media/wave")).status_code == 404
    late = {"participant_id": told.ben, "at_us": 0, "words": "x"}
    assert (await coach.post("comments", json=late)).status_code == 404
