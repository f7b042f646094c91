"""The review as a PDF over the API: the same filter as the summary and the readings, in the reader's language."""

import io
from collections.abc import Iterator

import httpx
import pytest
from pypdf import PdfReader
from tests.server.api.scene import Scene
from tests.server.api.served import serving
from tests.server.pages.told import Told, tell

from countenance.server.scopes import Position

COMMENT = "A question would have helped here."
QUESTION = "Was the purpose clear?"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def told(scene: Scene) -> Iterator[Told]:
    with serving(scene.app) as address:
        told = tell(scene, address, 30)
        with httpx.Client(base_url=f"{address}/v1/calls/{told.call_id}/", headers=scene.reviewer()) as coach:
            comment = {"participant_id": told.ana, "at_us": 4_000_000, "words": COMMENT}
            coach.post("comments", json=comment).raise_for_status()
            answers = {"answers": [{"question": QUESTION, "score": 4}]}
            coach.put(f"participants/{told.ana}/scorecard", json=answers).raise_for_status()
        yield told


async def text_of(scene: Scene, told: Told, headers: dict[str, str], **query: str) -> str:
    async with scene.client(headers) as client:
        answer = await client.get(f"/v1/calls/{told.call_id}/summary.pdf", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert 'filename="review-2026-11-23.pdf"' in answer.headers["content-disposition"]
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def test_a_reviewer_has_readings_events_measures_comments_and_their_own_scorecard(
    scene: Scene, told: Told
) -> None:
    looks = len([one for one in scene.entries("ACCESS") if one["scope"] == "summary"])
    text = await text_of(scene, told, scene.reviewer())
    for said in ("probably engaged", "low engagement", "Share of the talking", COMMENT, QUESTION):
        assert said in text
    assert "reports are now built" not in text, "words that were said"
    assert len([one for one in scene.entries("ACCESS") if one["scope"] == "summary"]) > looks


async def test_another_reviewer_has_the_comment_and_not_the_scorecard(scene: Scene, told: Told) -> None:
    other = {"Authorization": f"Bearer {scene.one.tokens.for_reviewer('coach-8', Position.COACH)}"}
    text = await text_of(scene, told, other)
    assert COMMENT in text
    assert QUESTION not in text


@pytest.mark.parametrize("position", [Position.TEACHER, Position.SUPERVISOR])
async def test_whom_no_ruling_names_gets_nothing_that_was_read_of_one_person(
    scene: Scene, told: Told, position: Position
) -> None:
    headers = scene.reviewer(position) if position is Position.TEACHER else scene.key(position)
    text = await text_of(scene, told, headers)
    assert "what was read is not for whoever made this paper" in text
    assert "not permitted" in text
    for hidden in ("engaged", "low engagement", "Share of the talking", COMMENT, QUESTION):
        assert hidden not in text


async def test_a_person_on_the_call_has_their_own_readings_and_no_remarks(scene: Scene, told: Told) -> None:
    live = scene.one.calls.get(told.call_id)
    assert "probably engaged" in await text_of(scene, told, scene.token(live, told.ana))
    text = await text_of(scene, told, scene.token(live, told.ben))
    assert "engaged" not in text
    assert COMMENT not in text


async def test_it_comes_in_the_language_that_is_asked_for(scene: Scene, told: Told) -> None:
    german = await text_of(scene, told, scene.reviewer(), language="de")
    assert "Signale, keine Gefühle" in german
    assert "Stimme von Menschen bei der Arbeit werden nicht gelesen" in " ".join(german.split())
    preferred = {**scene.reviewer(), "Accept-Language": "fr-CH, en;q=0.5"}
    assert "probablement" in await text_of(scene, told, preferred)
    async with scene.client(scene.reviewer()) as client:
        assert (await client.get(f"/v1/calls/{told.call_id}/summary.pdf?language=xx")).status_code == 422
        assert (await client.get("/v1/calls/0000/summary.pdf")).status_code == 404
