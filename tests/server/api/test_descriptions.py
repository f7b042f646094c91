"""The descriptions that are served: as they lie in `schema/`, valid, and complete."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import BaseRoute, WebSocketRoute
from tests.server.api.scene import Scene

from countenance.server.api import ROUTERS
from countenance.server.describe import described, to_text
from countenance.server.meeting import Meeting, Member
from countenance.surface.schemas import schemas

DESCRIBED = described()
OPERATIONS = [
    (path, method, operation)
    for path, operations in DESCRIBED["openapi.json"]["paths"].items()
    for method, operation in operations.items()
]


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_a_description_lies_in_the_folder_as_it_is_made(root: Path, name: str) -> None:
    """Renew with `python -m countenance.server.describe schema`."""
    assert (root / "schema" / name).read_text(encoding="utf-8") == to_text(DESCRIBED[name])


def test_it_is_openapi_3_1_and_asyncapi_3_0() -> None:
    assert DESCRIBED["openapi.json"]["openapi"].startswith("3.1.")
    assert DESCRIBED["asyncapi.json"]["asyncapi"] == "3.0.0"


def test_every_operation_has_its_own_id_and_a_sentence() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(operation.get("description", "").strip() for _, _, operation in OPERATIONS)


def test_every_guarded_operation_names_its_problems() -> None:
    for path, method, operation in OPERATIONS:
        if path.startswith("/v1/") and method != "options":
            assert operation["security"] == [{"bearer": []}]
            assert {"401", "403", "404", "429"} <= set(operation["responses"]), path


def test_every_reference_leads_somewhere() -> None:
    for description in DESCRIBED.values():
        for reference in references(description):
            place: Any = description
            for part in reference.removeprefix("#/").split("/"):
                place = place[part]


def test_every_schema_is_one() -> None:
    described_schemas = DESCRIBED["openapi.json"]["components"]["schemas"].values()
    for schema in [*described_schemas, *schemas().values()]:
        jsonschema.Draft202012Validator.check_schema(schema)


def test_nothing_under_v1_is_left_out() -> None:
    known = {(path, method.upper()) for path, method, _ in OPERATIONS}
    for router in ROUTERS:
        for route in router.routes:
            if getattr(route, "methods", None) and getattr(route, "include_in_schema", False):
                path = route.path.replace("{path:path}", "{path}")  # type: ignore[attr-defined]
                assert all((path, method) in known for method in route.methods), path  # type: ignore[attr-defined]


def test_every_event_is_described_with_the_schema_that_it_names() -> None:
    channel = DESCRIBED["asyncapi.json"]["channels"]["callEvents"]["messages"]
    messages = DESCRIBED["asyncapi.json"]["components"]["messages"]
    kinds = {messages[name]["name"] for name in channel}
    events = {name for name in schemas() if ".signal." in name or name.count(".") == 4}
    assert {name for name in events if not name.startswith("io.countenance.consent.receipt")} == kinds


def test_every_websocket_of_the_service_is_described(scene: Scene) -> None:
    offered = {route.path for route in walked(scene.app.routes) if isinstance(route, WebSocketRoute)}
    channels = DESCRIBED["asyncapi.json"]["channels"].values()
    assert {one["address"] for one in channels} == offered
    assert len(offered) == len(channels) >= 4


def test_what_a_meeting_says_is_as_described() -> None:
    meeting, ana, ben = Meeting(), Member("p_1", "Ana"), Member("p_2", "Ben")
    meeting.enter(ana)
    meeting.enter(ben)
    say = {"to": "p_1", "data": {"candidate": 1}}
    jsonschema.validate(say, payload("say"))
    meeting.pass_on(ben, json.dumps(say))
    meeting.leave(ben)
    heard = [json.loads(ana.outbox.get_nowait() or "") for _ in range(4)]
    assert [one["type"] for one in heard] == ["here", "came", "said", "left"]
    for one in heard:
        jsonschema.validate(one, payload(one["type"]))
        assert one.keys() == payload(one["type"])["properties"].keys()


async def test_they_are_served_to_anybody(scene: Scene) -> None:
    async with scene.client({"Accept": "*/*"}) as client:
        openapi = (await client.get("/openapi.json")).json()
        asyncapi = (await client.get("/asyncapi.json")).json()
        names = list(schemas())
        served = [(await client.get(f"/schemas/{name}.json")) for name in names]
        strays = [(await client.get(f"/schemas/{name}")).status_code for name in ("nothing.json", names[0])]
        text = (await client.get("/llms.txt")).text
    assert openapi["paths"].keys() == DESCRIBED["openapi.json"]["paths"].keys()
    assert asyncapi == DESCRIBED["asyncapi.json"]
    assert [json.loads(one.content) for one in served] == [schemas()[name] for name in names]
    assert strays == [404, 404]
    assert all(f"/schemas/{name}.json" in text for name in names)


def walked(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else walked(included.routes)


def payload(name: str) -> dict[str, Any]:
    """The schema of a message."""
    found: dict[str, Any] = DESCRIBED["asyncapi.json"]["components"]["messages"][name]["payload"]
    return found


def references(value: Any) -> list[str]:  # noqa: ANN401
    """Every `$ref` within a description."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for part in value.values() for one in references(part)]
    return [one for part in value for one in references(part)] if isinstance(value, list) else []
