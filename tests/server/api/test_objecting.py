"""Who spoke when needs no consent, and a person may object: then it is not counted of them any more."""

from tests.server.api.scene import Scene

from countenance.contracts.call import TELEMETRY

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}


async def test_an_objection_to_turn_taking_is_taken_and_holds_in_the_next_call(scene: Scene) -> None:
    async with scene.client() as client:
        for n in (1, 2):
            call = (await client.post("/v1/calls", json={"participants": [ANA]})).json()
            (who,) = (one["participant_id"] for one in call["participants"])
            permissions = scene.one.calls.get(call["call_id"]).running.permissions
            assert permissions().counts(who, 0) is (n == 1), "it is said again in the next call"
            seat = f"/v1/calls/{call['call_id']}/participants/{who}"
            if n == 1:
                body = {"modality": TELEMETRY, "status": "refused"}
                answered = await client.post(f"{seat}/consent", json=body)
                assert (answered.status_code, answered.json()["status"]) == (201, "refused")
                assert not permissions().counts(who, 0)
                again = await client.post(f"{seat}/consent", json=body | {"status": "given"})
                assert again.status_code == 422, "nobody is asked for it, so nobody says yes to it"


async def test_of_somebody_who_was_never_ruled_on_nothing_is_counted(scene: Scene) -> None:
    async with scene.client() as client:
        call = (await client.post("/v1/calls", json={"participants": [ANA]})).json()
    assert not scene.one.calls.get(call["call_id"]).running.permissions().counts("nobody", 0)
