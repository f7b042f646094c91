"""Pausing over HTTP: at once, without a new consent, and ended by the person alone."""

from tests.server.api.scene import Scene
from tests.server.api.test_answers import ANA, begun, ids, say_yes

from countenance.link.messages import Admitted, Stop


async def test_a_person_pauses_and_goes_on(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        (who,) = ids(call)
        await say_yes(client, call, who)
    live = scene.one.calls.get(call["call_id"])
    seat = f"/v1/calls/{call['call_id']}/participants/{who}"
    async with scene.client(scene.token(live, who)) as ana:
        paused = (await ana.put(f"{seat}/pause")).json()
        told = [one for one in scene.pool.worker.heard if isinstance(one, Stop | Admitted)]
        assert [one.modality for one in told if isinstance(one, Stop)] != []
        assert isinstance(told[-1], Admitted)
        assert told[-1].paused == (who,)
        face = next(one for one in paused["modalities"] if one["modality"] == "face")
        assert (paused["paused"], face["readable"], face["why_not"]) == (True, False, "no_consent: paused")
        assert face["answer"]["status"] == "given"
        resumed = (await ana.delete(f"{seat}/pause")).json()
    assert (resumed["paused"], resumed["modalities"][0]["readable"]) == (False, True)


async def test_nobody_goes_on_for_somebody_else(scene: Scene) -> None:
    async with scene.client() as operator:
        call = await begun(operator, ANA)
        (who,) = ids(call)
        seat = f"/v1/calls/{call['call_id']}/participants/{who}"
        assert (await operator.put(f"{seat}/pause")).status_code == 200
        assert (await operator.delete(f"{seat}/pause")).status_code == 403
