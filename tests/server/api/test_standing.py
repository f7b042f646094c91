"""What stands of a participant: every answer in the call, and after it what holds in the next one."""

from typing import Any

import httpx
from tests.server.api.scene import Scene
from tests.server.api.test_answers import ANA, begun, ids, say_yes


def seat_of(call: dict[str, Any]) -> str:
    return f"/v1/calls/{call['call_id']}/participants/{ids(call)[0]}"


async def history(client: httpx.AsyncClient, seat: str) -> list[str]:
    found = (await client.get(f"{seat}/consent")).json()
    return [one["status"] for one in found["history"]]


async def test_a_stop_stays_in_the_history_whatever_is_answered_later(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        seat = seat_of(call)
        assert await history(client, seat) == []
        await say_yes(client, call, ids(call)[0])
        assert (await client.delete(f"{seat}/consent?modality=face")).status_code == 200
        notice = (await client.get(f"{seat}/notice?own_wish=true")).json()
        again = {"modality": "face", "status": "given", "notice_sha256": notice["text_sha256"], "own_wish": True}
        assert (await client.post(f"{seat}/consent", json=again)).status_code == 201
        assert await history(client, seat) == ["given", "withdrawn", "given"]


async def test_after_the_call_a_yes_still_stands_and_can_be_taken_back_by_the_person_alone(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        seat, (who,) = seat_of(call), ids(call)
        await say_yes(client, call, who)
        live = scene.one.calls.get(call["call_id"])
        assert (await client.post(f"/v1/calls/{call['call_id']}/end")).is_success
        async with scene.client(scene.token(live, who)) as own:
            (face,) = (await own.get(f"{seat}/consent")).json()["modalities"]
            assert (face["modality"], face["answer"]["status"], face["readable"]) == ("face", "given", False)
            assert face["why_not"].startswith("call_over")
            (taken,) = (await own.delete(f"{seat}/consent")).json()
            assert taken["status"] == "withdrawn"
            found = (await own.get(f"{seat}/consent")).json()
            assert found["modalities"][0]["answer"]["status"] == "withdrawn"
            assert (await own.delete(f"{seat}/consent")).json() == []
        again = await begun(client, ANA)
        assert await history(client, seat_of(again)) == [], "nothing holds in the next call"
        # Who was erased has no answers that anybody could ask for.
        assert (await client.delete(f"{seat}/data")).status_code == 200
        assert (await client.get(f"{seat}/consent")).status_code == 404
        assert (await client.delete(f"{seat}/consent")).status_code == 404
