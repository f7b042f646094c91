"""Coaching over HTTP: what a coach reads and does, and what nobody else gets."""

from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene
from tests.server.coached import NO_HOLDOUT, CoachedCall

from countenance.contracts.call import TELEMETRY
from countenance.server.scopes import Position

BOOK = """
name = "own.v1"
coach = ["agent"]
other = ["customer"]
title = { en = "Own", de = "Eigen", es = "Propio", fr = "Propre" }
called = { en = "They", de = "Sie", es = "Ellos", fr = "Ils" }
[[rule]]
id = "one_rule"
text = { en = "a", de = "b", es = "c", fr = "d" }
reason = { en = "{who}", de = "{who}", es = "{who}", fr = "{who}" }
when = { speaks = { who = "other", at_least_s = 5 } }
[[rule.example]]
says = "They are silent"
speaks = false
length_s = 5
[[rule.example]]
says = "They talk"
speaks = true
length_s = 9
talks = [{ who = "other", from_s = 0, to_s = 9 }]
"""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, coaching=NO_HOLDOUT)


@pytest.fixture
async def call(scene: Scene) -> CoachedCall:
    """A call in which the estimate has just fallen, and a prompt waits."""
    made = await CoachedCall.begin(scene)
    await made.fall()
    return made


async def post(scene: Scene, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401
    async with scene.client(headers or scene.reviewer()) as client:
        return await client.post(path, json=body)


async def get(scene: Scene, path: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401
    async with scene.client(headers or scene.reviewer()) as client:
        return await client.get(path)


async def test_a_coach_reads_the_prompt_the_budget_the_rules_and_the_sides(scene: Scene, call: CoachedCall) -> None:
    told = (await get(scene, call.path())).json()
    assert told["playbook"] == "sales.v1"
    assert told["prompt"]["rule_id"] == "engagement_fell"
    assert told["prompt"]["outcome"] is None
    assert told["budget"] == {"left": 5, "per_hour": 6}
    assert {one["side"]: one["analysed"] for one in told["sides"]} == {"coach": [], "other": ["face", "voice", "text"]}
    assert told["rules"][0]["enabled"]
    assert [entry["reason"] for entry in scene.entries("ACCESS")] == ["live"]


async def test_a_prompt_is_answered_once_and_the_log_says_by_whom(scene: Scene, call: CoachedCall) -> None:
    prompt = (await get(scene, call.path())).json()["prompt"]["prompt_id"]
    scene.clock.pass_us(2_000_000)
    seen = await post(scene, call.path(f"/prompts/{prompt}"), {"action": "seen"})
    assert (seen.json()["seen"], seen.json()["outcome"]) == (True, None)
    taken = await post(scene, call.path(f"/prompts/{prompt}"), {"action": "accepted"})
    assert (taken.json()["outcome"], taken.json()["answered_us"]) == ("accepted", 25_000_000)
    again = await post(scene, call.path(f"/prompts/{prompt}"), {"action": "dismissed"})
    assert (again.status_code, again.json()["type"]) == (412, "/problems/precondition-failed")
    steps = [(one["status"], str(one["actor"]).partition(":")[0]) for one in scene.entries("SUGGESTION")]
    assert steps == [("issued", "system"), ("seen", "reviewer"), ("accepted", "reviewer")]
    assert (await get(scene, call.path())).json()["prompt"] is None


async def test_after_its_time_a_prompt_is_over_also_where_no_media_come(scene: Scene, call: CoachedCall) -> None:
    prompt = (await get(scene, call.path())).json()["prompt"]["prompt_id"]
    scene.clock.pass_us(21_000_000)
    told = (await get(scene, call.path())).json()
    assert told["prompt"] is None
    assert [one["outcome"] for one in told["prompts"]] == ["expired"]
    late = await post(scene, call.path(f"/prompts/{prompt}"), {"action": "accepted"})
    assert late.status_code == 412


async def test_a_rule_is_snoozed_and_turned_off_for_this_call(scene: Scene, call: CoachedCall) -> None:
    prompt = (await get(scene, call.path())).json()["prompt"]["prompt_id"]
    await post(scene, call.path(f"/prompts/{prompt}"), {"action": "snoozed"})
    first = (await get(scene, call.path())).json()["rules"][0]
    assert (first["rule_id"], first["snoozed"]) == ("engagement_fell", True)
    path = call.path("/coaching/rules/engagement_fell")
    assert (await post(scene, path, {"snoozed": False})).json()["snoozed"] is False
    assert (await post(scene, path, {"enabled": False})).json()["enabled"] is False
    assert (await post(scene, path, {"enabled": True})).json()["enabled"] is True
    assert (await post(scene, call.path("/coaching/rules/no_such"), {"enabled": True})).status_code == 404


async def test_a_coach_says_that_they_speak(scene: Scene, call: CoachedCall) -> None:
    path = call.path("/coaching/speaking")
    assert (await post(scene, path, {"participant_id": call.ben, "speaking": True})).status_code == 204
    await call.pass_second(0.3)
    assert (await get(scene, call.path())).json()["coach_speaking"] == "yes"
    for who in (call.ana, "nobody"):
        assert (await post(scene, path, {"participant_id": who, "speaking": True})).status_code == 404


async def test_a_coach_who_objects_to_being_counted_is_not_whatever_their_page_says(
    scene: Scene, call: CoachedCall
) -> None:
    path, body = call.path("/coaching/speaking"), {"participant_id": call.ben, "speaking": True}
    assert (await post(scene, path, body)).status_code == 204
    seat = call.path(f"/participants/{call.ben}/consent")
    objection = {"modality": TELEMETRY, "status": "refused"}
    assert (await post(scene, seat, objection, scene.key())).status_code == 201
    refused = await post(scene, path, body)
    assert refused.status_code == 403
    assert "objected" in refused.json()["detail"]
    await call.pass_second(0.3)
    assert (await get(scene, call.path())).json()["coach_speaking"] == "unknown"


async def test_prompts_are_for_reviewers_alone(scene: Scene, call: CoachedCall) -> None:
    prompt = (await get(scene, call.path())).json()["prompt"]["prompt_id"]
    body = {"action": "accepted"}
    for headers in (scene.key(), scene.key(Position.SUPERVISOR), scene.token(call.live, call.ana)):
        assert (await get(scene, call.path(), headers)).status_code == 403
        assert (await post(scene, call.path(f"/prompts/{prompt}"), body, headers)).status_code == 403
    # A reviewer in another position than the one the ruling names sees that the call is coached, and no prompt of hers.
    other_reviewer = scene.reviewer(Position.CLINICIAN)
    told = (await get(scene, call.path(), other_reviewer)).json()
    assert (told["prompt"], told["prompts"]) == (None, [])
    assert (await post(scene, call.path(f"/prompts/{prompt}"), body, other_reviewer)).status_code == 404


async def test_who_it_rests_on_learns_that_there_is_one_and_not_what_it_says(scene: Scene, call: CoachedCall) -> None:
    await scene.one.calls.end(call.live.id)
    own = await get(scene, call.path("/events?after=0&types=prompt.issued"), scene.token(call.live, call.ana))
    lines = [line for line in own.text.splitlines() if "prompt.issued" in line]
    assert len(lines) == 1
    assert "prompt_id" in lines[0]
    assert "discovery" not in lines[0]
    whole = await get(scene, call.path("/events?after=0&types=prompt.issued"))
    assert "discovery" in whole.text
    bens = await get(scene, call.path("/events?after=0"), scene.token(call.live, call.ben))
    assert "prompt.issued" not in bens.text


async def test_a_call_begins_with_the_playbook_it_names(scene: Scene) -> None:
    begun = await post(scene, "/v1/calls", {"coaching": {"playbook": "sales", "language": "de"}}, scene.key())
    told = (await get(scene, f"/v1/calls/{begun.json()['call_id']}/coaching")).json()
    assert (told["playbook"], told["language"], told["prompt"]) == ("sales.v1", "de", None)
    wrong = await post(scene, "/v1/calls", {"coaching": {"playbook": "saels"}}, scene.key())
    assert wrong.status_code == 422
    none = await post(scene, "/v1/calls", {}, scene.key())
    path = f"/v1/calls/{none.json()['call_id']}/coaching"
    assert (await get(scene, path)).json()["playbook"] is None
    assert (await post(scene, f"{path}/rules/long_turn", {"enabled": False})).status_code == 404


async def test_playbooks_are_read_in_every_language(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(BOOK, encoding="utf-8")
    own = {"file": tmp_path / "own.toml", "off": ["one_rule"]}
    scene = Scene(tmp_path, coaching=own)
    items = (await get(scene, "/v1/playbooks?language=fr", scene.key())).json()["items"]
    assert [one["name"] for one in items] == ["education.v1", "own.v1", "sales.v1", "support.v1", "telehealth.v1"]
    assert items[2]["title"] == "Vente"
    sales = (await get(scene, "/v1/playbooks/sales?language=es", scene.key())).json()
    assert sales["rules"][0]["text"] == "considere una pregunta abierta"
    assert (await get(scene, "/v1/playbooks/own.v1", scene.key())).json()["rules"][0]["enabled"] is False
    assert (await get(scene, "/v1/playbooks/nosuch", scene.key())).status_code == 404
    begun = await post(scene, "/v1/calls", {"coaching": {"playbook": "own.v1"}}, scene.key())
    assert begun.status_code == 201
