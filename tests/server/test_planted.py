"""R25: fifty planted names, addresses, words and secrets; none of them in logs, traces, metrics, errors of others."""

import io
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.server.api.scene import Scene
from tests.server.test_tenants import ask, instance, parts

from countenance.link.logs import extra, set_up
from countenance.server.scopes import Position, Scope
from countenance.server.tracing import OpenTelemetry

PEOPLE = [f"Ana{n} Planted{n}" for n in range(10)]
PERSONS = [f"customer-planted-{n}" for n in range(10)]
ADDRESSES = [f"ana.planted{n}@example.org" for n in range(8)] + [f"+44 20 7946 0{n:03}" for n in range(4)]
WORDS = [f"I said planted sentence {n} about my illness" for n in range(8)]
SECRETS = [f"hunter2-planted-{n}" for n in range(4)] + [f"whsec_planted{n}AAAA" for n in range(2)]
NETWORK = ["192.0.2.77", "2001:db8::77", "planted-host.example"]
PLANTED = [*PEOPLE, *PERSONS, *ADDRESSES, *WORDS, *SECRETS, *NETWORK, "PLANTED-SDP-UFRAG"]
EVERY = frozenset(Scope) - {Scope.PARTICIPANT}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that this process logs, as the service would write it."""
    root, ours, hook = logging.getLogger(), logging.getLogger("countenance"), threading.excepthook
    before = root.handlers[:], root.level, ours.level
    stream = io.StringIO()
    set_up("json", "debug", stream)
    root.setLevel(logging.DEBUG)
    yield stream
    root.handlers[:], root.level, ours.level = before
    logging.captureWarnings(False)
    threading.excepthook = hook


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def scene(tmp_path: Path, spans: InMemorySpanExporter) -> Scene:
    made = Scene(tmp_path)
    made.site.tracing = OpenTelemetry(spans, 1.0, at_once=True)

    @made.app.get("/break/{name}")
    async def breaks(name: str) -> None:
        raise KeyError(name)

    return made


def test_fifty_values_are_planted() -> None:
    assert len(set(PLANTED)) == 50


async def test_none_of_the_planted_values_is_found_anywhere(
    scene: Scene, written: io.StringIO, spans: InMemorySpanExporter, capfd: pytest.CaptureFixture[str]
) -> None:
    keys = [scene.key(Position.COACH, "one", EVERY), scene.key(Position.COACH, "two", EVERY)]
    async with scene.client(keys[0]) as client:
        live = await a_call_of_planted_people(client)
        await plant_everywhere(client, live)
    say_it_in_other_libraries()
    async with scene.client(keys[1]) as client:
        own = f"/v1/calls/{live['call_id']}"
        asked = ("/metrics", "/readyz", "/version", "/v1/calls", own, "/nowhere")
        bodies = [(await client.get(path)).text for path in asked]
    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    out, err = capfd.readouterr()
    everything = "\n".join([written.getvalue(), traced, out, err, *bodies])
    secrets = [key["Authorization"].partition(" ")[2] for key in keys]
    assert [value for value in [*PLANTED, *secrets] if value in everything] == []
    assert len(spans.get_finished_spans()) > 50
    assert len(written.getvalue().splitlines()) > 50


async def a_call_of_planted_people(client: httpx.AsyncClient) -> Mapping[str, Any]:
    people = [
        {"name": name, "role": "customer", "person": person} for name, person in zip(PEOPLE, PERSONS, strict=True)
    ]
    begun = await client.post("/v1/calls", json={"participants": people})
    assert begun.status_code == 201, begun.text
    found: dict[str, Any] = begun.json()
    for words, who in zip(WORDS, found["participants"], strict=False):
        seat = f"/v1/calls/{found['call_id']}/participants/{who['participant_id']}"
        notice = (await client.get(f"{seat}/notice")).json()
        yes = {"modality": "text", "status": "given", "notice_sha256": notice["text_sha256"]}
        assert (await client.post(f"{seat}/consent", json=yes)).status_code == 201
        said = {"captions": [{"start_us": 0, "end_us": 1, "text": words}], "text": words, "start_us": 0, "end_us": 1}
        await client.post(f"{seat}/captions", json=said)
    return found


async def plant_everywhere(client: httpx.AsyncClient, live: Mapping[str, Any]) -> None:
    """In paths, queries, headers, bodies and credentials of every route, and in errors nobody foresaw."""
    whole = (await client.get("/openapi.json")).json()
    ids = {"call_id": live["call_id"], "participant_id": live["participants"][0]["participant_id"]}
    for value in PLANTED:
        await client.get(f"/break/{value}", params={"q": value}, headers={"X-Client-Request-Id": value})
        await client.get("/v1/calls", headers={"Authorization": f"Bearer {value}"})
        await client.post("/v1/calls", json={"participants": [{value: value}], "purpose": value})
        await client.post("/v1/calls", content=f'{{"purpose": "{value}'.encode())
    turn = 0
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            if path.endswith(("/events", "/end")):
                continue
            value = PLANTED[turn % len(PLANTED)]
            turn += 1
            await ask(client, method, path, operation, whole, {**dict.fromkeys(parts(path), value), **ids})
            await ask(client, method, path, operation, whole, dict.fromkeys(parts(path), value))
            await client.request(method.upper(), path.format(**dict.fromkeys(parts(path), value)), json={value: value})


def say_it_in_other_libraries() -> None:
    """As aiortc, uvicorn or a driver might, with values and without."""
    for value in PLANTED:
        other = logging.getLogger("aiortc.fake")
        other.error("bad SDP of %s", value)
        other.error(f"bad SDP of {value}")
        logging.getLogger("countenance.fake").warning("odd: %s", value, extra=extra(reason=f"of {value}"))
        try:
            raise RuntimeError(value)
        except RuntimeError:
            other.exception("it broke")


def test_an_instance_of_a_schema_can_be_made() -> None:
    """The requests above are made of these."""
    assert instance({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {}, {}) == {
        "a": "x"
    }
    assert json.dumps(instance({"type": "array"}, {}, {})) == "[]"
