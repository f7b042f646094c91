"""Labels over HTTP, kept with the person's own yes, and the figures that coaching is judged by."""

from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene
from tests.server.coached import NO_HOLDOUT, CoachedCall

from countenance.control.suggesting import Suggestion
from countenance.server.scopes import Position
from countenance.storage.coached import PromptFact


@pytest.fixture
async def call(tmp_path: Path) -> CoachedCall:
    made = await CoachedCall.begin(Scene(tmp_path, coaching=NO_HOLDOUT))
    for _ in range(3):
        await made.pass_second(0.7)
    return made


def body(call: CoachedCall, label: str = "none", source: str = "self", **more: object) -> dict[str, Any]:
    said = {"participant_id": call.ana, "start_us": 0, "end_us": 2_000_000, "label": label, "source": source}
    return said | more


async def test_this_was_wrong_is_kept_with_the_persons_own_yes_alone(call: CoachedCall) -> None:
    own = call.scene.token(call.live, call.ana)
    question = call.path(f"/participants/{call.ana}/label-consent")
    async with call.scene.client(own) as ana:
        refused = await ana.post(call.path("/labels"), json=body(call))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/consent-required")
        asked = (await ana.get(f"{question}?language=de")).json()
        assert (asked["given"], asked["language"]) == (False, "de")
        yes = await ana.post(question, json={"given": True, "text_sha256": asked["text_sha256"]})
        assert yes.json()["given"] is True
        kept = await ana.post(call.path("/labels"), json=body(call))
        assert (kept.status_code, kept.json()["leading"], kept.json()["label"]) == (201, "engaged", "none")
        assert len((await ana.get(call.path("/labels"))).json()["items"]) == 1
        back = await ana.post(question, json={"given": False, "text_sha256": asked["text_sha256"]})
        assert back.json()["given"] is False
        assert (await ana.get(call.path("/labels"))).json()["items"] == []


async def test_a_reviewer_labels_those_they_may_see_and_answers_for_nobody(call: CoachedCall) -> None:
    scene, question = call.scene, call.path(f"/participants/{call.ana}/label-consent")
    async with scene.client(scene.token(call.live, call.ana)) as ana:
        sha = (await ana.get(question)).json()["text_sha256"]
        await ana.post(question, json={"given": True, "text_sha256": sha})
        assert (await ana.post(question, json={"given": True, "text_sha256": "0" * 64})).status_code == 422
        other = await ana.post(call.path("/labels"), json=body(call, participant_id=call.ben))
        assert other.status_code == 403
        assert (await ana.post(call.path("/labels"), json=body(call, source="reviewer"))).status_code == 403
    async with scene.client(scene.reviewer()) as coach:
        kept = await coach.post(call.path("/labels"), json=body(call, "engaged", "reviewer"))
        assert kept.status_code == 201
        assert (await coach.post(call.path("/labels"), json=body(call, "engagd", "reviewer"))).status_code == 422
        assert (await coach.post(call.path("/labels"), json=body(call, source="reviewer", end_us=1))).status_code == 201
        late = body(call, source="reviewer", start_us=3, end_us=3)
        assert (await coach.post(call.path("/labels"), json=late)).status_code == 422
        odd = body(call, source="reviewer", taxonomy="own.v9")
        assert (await coach.post(call.path("/labels"), json=odd)).status_code == 422
        assert (await coach.post(question, json={"given": False, "text_sha256": sha})).status_code == 403
        assert len((await coach.get(call.path("/labels"))).json()["items"]) == 2
    for headers in (scene.key(), scene.key(Position.SUPERVISOR)):
        async with scene.client(headers) as nobody:
            assert (await nobody.get(call.path("/labels"))).status_code == 403
            assert (await nobody.post(call.path("/labels"), json=body(call, source="reviewer"))).status_code == 403


async def test_figures_are_numbers_of_nobody_and_say_so_of_too_few(call: CoachedCall) -> None:
    scene, suggestions = call.scene, call.scene.one.control.suggestions
    day = suggestions.day()
    for n in range(25):
        outcome = "accepted" if n % 5 else "dismissed"
        fact = PromptFact(day, "sales.v1", "engagement_fell", "shown", outcome, 1, n % 2, None, 2_000_000, 90_000)
        suggestions.note(call.live.running, Suggestion(f"pr_{n}", "settled", fact=fact))
    suggestions.ended("sales.v1", 3_600_000_000)
    async with scene.client(scene.key(Position.SUPERVISOR)) as client:
        told = (await client.get("/v1/coaching/kpis?days=7")).json()
        other = (await client.get("/v1/coaching/kpis?playbook=support.v1")).json()
    assert (told["since"], told["hours"], told["prompts"]["shown"]) == ("2026-11-17", 1.0, 25)
    assert told["acceptance"]["value"] == 0.8
    assert told["by_rule"][0]["override"]["value"] == 0.2
    assert told["time_to_action"]["difference"]["words"] == "not enough data"
    assert told["labels"] == {
        "n": 0,
        "people": 0,
        "macro_f1": {"value": None, "low": None, "high": None, "n": 0, "words": "not enough data"},
        "brier": {"value": None, "low": None, "high": None, "n": 0, "words": "not enough data"},
    }
    assert told["latency_p95_ms"]["value"] == 90.0
    assert told["audit"] == {"model_calls_unaccounted": 0, "complete": True}
    assert other["prompts"]["shown"] == 0
    assert other["acceptance"]["words"] == "not enough data"
