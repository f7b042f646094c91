"""A live call that is coached: few prompts, each durable before it is said, and none over the coach's sentence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server.api.scene import Scene
from tests.server.coached import NO_HOLDOUT, SALES, CoachedCall

from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import TELEMETRY
from countenance.contracts.errors import StorageError, UsageError
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.trust import Effect
from countenance.link.messages import Host
from countenance.server.coaching import Coached
from countenance.server.reported import LAPSE_US
from countenance.storage.coached import PromptFact
from countenance.surface.schemas import schemas

ISSUED, RESOLVED = "io.countenance.prompt.issued.v1", "io.countenance.prompt.resolved.v1"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, coaching=NO_HOLDOUT)


def data(envelope: Any) -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, Any] = envelope["data"]
    return found


async def test_a_fall_is_one_prompt_on_the_stream_with_why_and_until_when(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall()
    (issued,) = await call.events()
    said = data(issued)
    assert issued["type"] == ISSUED
    assert f"{said['reason']}: {said['text']}" == (
        "Buyer's engagement estimate fell for 20 s, confidence medium: consider a discovery question"
    )
    assert [one["feature"] for one in said["why"]] == ["estimate.engaged", "before.engaged", "talk.seconds.other"]
    assert (said["subject"]["role"], said["budget_left"], said["coach_speaking"]) == ("prospect", 5, "unknown")
    assert issued["expirytime"] == said["expires_at"] == "2026-11-23T09:30:43.000000Z"
    assert issued["subject"] == f"participants/{call.ana}"


async def test_prompts_are_what_their_schemas_say(scene: Scene) -> None:
    from jsonschema import Draft202012Validator

    call = await CoachedCall.begin(scene)
    await call.fall(44)
    events = await call.events()
    assert [one["type"] for one in events] == [ISSUED, RESOLVED]
    for one in events:
        plain = json.loads(json.dumps(one))
        known = schemas()
        Draft202012Validator(known["io.countenance.envelope.v1"]).validate(plain)
        Draft202012Validator(known[str(one["type"])]).validate(plain["data"])
    assert data(events[1])["outcome"] == "expired"
    assert events[1]["causationid"] == events[0]["id"]


async def test_a_prompt_is_in_the_log_and_sealed_before_it_is_said(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall()
    (entry,) = scene.entries("SUGGESTION")
    assert (entry["scope"], entry["status"]) == ("card", "issued")
    assert "payload_commit" in entry
    assert "engagement" not in json.dumps(entry)
    policy = Policy.trusting(scene.one.tenant.log.key.verifier)
    findings = verify(StoredLog(scene.one.tenant.log), policy, completeness=True).findings
    assert {one.problem for one in findings} == {"RESULT counts readings, and no MODEL_LOAD stands before it"}


async def test_what_is_not_durable_is_not_said_and_the_call_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall(22)

    def full(*_: object) -> None:
        raise StorageError("the disk is full", "Make room.")

    monkeypatch.setattr(scene.one.control.suggestions, "note", full)
    await call.pass_second(0.3)
    monkeypatch.undo()
    assert await call.events() == []
    assert call.live.coaching is not None
    assert call.live.coaching.shown() == []
    await call.pass_second(0.3)
    assert call.live.media_us == 24 * SECOND_US


async def test_the_same_seconds_give_the_same_prompts_however_they_come(scene: Scene) -> None:
    said = []
    for _ in range(2):
        call = await CoachedCall.begin(scene)
        await call.fall(30)
        assert call.live.coaching is not None
        said.append([(one.rule_id, one.at_us, one.said, one.arm) for one in call.live.coaching.coach.prompts.values()])
    assert said[0] == said[1]
    assert len(said[0]) == 1


async def test_the_page_of_the_coach_keeps_prompts_out_of_a_sentence(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall(21)
    assert call.live.coaching is not None
    call.live.coaching.speaking(call.ben, speaks=True, at_us=21 * SECOND_US)
    for _ in range(3):
        await call.pass_second(0.3)
    assert await call.events() == []
    assert call.live.coaching.coach_speaks() is True
    call.live.coaching.speaking(call.ben, speaks=False, at_us=24 * SECOND_US)
    await call.pass_second(0.3)
    (issued,) = await call.events()
    assert data(issued)["coach_speaking"] == "no"


async def test_the_media_server_keeps_prompts_out_of_the_sentence_of_a_coach_who_is_not_analysed(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall(21)
    for second in range(21, 24):
        spoke = ((second * SECOND_US, (second + 1) * SECOND_US),)
        await call.pass_second(0.3, floor={call.ben: spoke, call.ana: spoke})
    assert await call.events() == []
    assert call.live.coaching is not None
    assert call.live.coaching.coach_speaks() is True
    await call.pass_second(0.3, floor={call.ben: ()})
    (issued,) = await call.events()
    assert data(issued)["coach_speaking"] == "no"


async def test_what_the_media_server_says_of_others_and_of_whom_nobody_may_count_is_passed_over(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    running, telemetry = call.live.running, (call.ben, TELEMETRY)
    refused = replace(running.rulings[telemetry], effect=Effect.DENY)
    running.rulings = {**running.rulings, telemetry: refused}
    for second in range(23):
        spoke = ((second * SECOND_US, (second + 1) * SECOND_US),)
        await call.pass_second(0.7 if second < 3 else 0.3, floor={call.ana: spoke, call.ben: spoke, "p_x": spoke})
    (issued,) = await call.events()
    assert data(issued)["coach_speaking"] == "unknown"


async def test_what_their_own_page_says_counts_before_what_the_media_server_says(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    assert call.live.coaching is not None
    call.live.coaching.speaking(call.ben, speaks=False, at_us=0)
    await call.pass_second(0.7, floor={call.ben: ((0, SECOND_US),)})
    assert call.live.coaching.coach_speaks() is False


async def test_a_page_that_has_gone_says_nothing_any_more(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    assert call.live.coaching is not None
    call.live.coaching.speaking(call.ben, speaks=True, at_us=0)
    await call.fall(LAPSE_US // SECOND_US + 14)
    (issued,) = await call.events()
    assert data(issued)["coach_speaking"] == "unknown"


async def test_words_and_talk_of_the_call_reach_its_coach(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    said = Utterance("", call.ana, 0, SECOND_US, "That is too expensive.", 1.0, "en")
    await call.pass_second(0.7, {call.ana: ((0, 400_000),)}, (said,))
    (issued,) = await call.events()
    assert data(issued)["reason"] == "Buyer said “too expensive”"


async def test_what_became_of_it_is_counted_without_a_name(scene: Scene) -> None:
    call = await CoachedCall.begin(scene)
    await call.fall(44)
    for _ in range(40):
        await call.pass_second(0.3, {call.ana: ()})
    await scene.one.calls.end(call.live.id)
    facts, calls = scene.one.control.suggestions.facts(1)
    assert facts == (
        PromptFact("2026-11-23", "sales.v1", "engagement_fell", "shown", "expired", 0, 0, None, 20_000_000, 90_000),
    )
    assert [one.media_us for one in calls] == [84 * SECOND_US]


async def test_a_prompt_that_is_held_back_is_logged_and_told_of_after_the_fact(tmp_path: Path) -> None:
    scene = Scene(tmp_path, coaching={"limits": {"holdout_percent": 50}})
    for _ in range(20):
        call = await CoachedCall.begin(scene)
        await call.fall(24)
        if not await call.events():
            break
    assert [one["status"] for one in scene.entries("SUGGESTION")][-1] == "held_out"
    for _ in range(60):
        await call.pass_second(0.3, {call.ana: ()})
    (resolved,) = await call.events()
    assert (data(resolved)["outcome"], data(resolved)["arm"]) == ("not_shown", "holdout")
    assert data(resolved)["acted"] is False


async def test_a_call_without_a_playbook_is_not_coached(scene: Scene) -> None:
    for chosen in (None, Coached(None)):
        call = await CoachedCall.begin(scene, chosen)
        assert call.live.coaching is None
        await call.fall(24)
        assert await call.events() == []


async def test_a_worker_tells_words_and_talk_of_coached_calls_alone(scene: Scene) -> None:
    await CoachedCall.begin(scene)
    await CoachedCall.begin(scene, None)
    hosts = [one for one in scene.pool.worker.heard if isinstance(one, Host)]
    assert [one.coached for one in hosts] == [True, False]


async def test_a_call_names_shipped_playbooks_alone(scene: Scene, tmp_path: Path) -> None:
    for name in ("saels", str(tmp_path / "own.toml")):
        with pytest.raises(UsageError, match="there is no playbook"):
            await CoachedCall.begin(scene, Coached(name))


async def test_the_deployment_chooses_where_the_call_does_not(tmp_path: Path) -> None:
    scene = Scene(tmp_path, coaching={"playbook": "sales", "language": "fr"})
    call = await CoachedCall.begin(scene, None)
    assert call.live.coaching is not None
    assert call.live.coaching.coach.manner.language == "fr"
    assert SALES.playbook == "sales"


async def test_every_fate_is_counted_and_nothing_of_who_was_erased_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    call = await CoachedCall.begin(scene)
    assert call.live.coaching is not None
    monkeypatch.setattr(call.live.coaching, "_counted", counted.append)
    await call.fall()
    await scene.one.calls.forget("crm-ana")
    assert call.live.coaching.shown() == []
    again = await CoachedCall.begin(scene)
    assert again.live.coaching is not None
    monkeypatch.setattr(again.live.coaching, "_counted", counted.append)
    await again.fall()
    await scene.one.calls.end(again.live.id)
    await scene.one.calls.end(call.live.id)
    assert counted == ["expired"]
